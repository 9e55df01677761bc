"""`relay bench`, as people type it."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.helpers import forked
from tests.helpers.relay import relay_process

SMALL = ["--rooms", "2", "--players", "3", "--seconds", "0.5"]


def run(*options: str) -> subprocess.CompletedProcess[str]:
    return forked.run("relay", "bench", *options)


def test_a_load_ends_in_a_table_and_shows_progress_beside_it() -> None:
    with relay_process("--profile", "bench") as relay:
        done = run(relay.url, *SMALL)
    assert done.returncode == 0, done.stderr
    assert "2 x 3 x 10 Hz x 64 B send" in done.stdout
    assert "100.00%" in done.stdout
    assert "deliveries/s" in done.stderr


def test_the_full_report_is_for_programs_too() -> None:
    with relay_process("--profile", "bench") as relay:
        done = run(relay.url, *SMALL, "--full", "--json", "--quiet")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    report = json.loads(done.stdout)
    assert [row["delivered"] == row["expected"] > 0 for row in report["rows"]] == [True] * 3
    assert report["idle_seats"] == 1024
    assert report["joins_per_second"] > 0
    assert report["kib_per_idle_seat"] > 0
    assert report["late_join_ms"]
    assert len(report["return_ms"]) == 5


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["ws://127.0.0.1:1"], "nothing listens"),
        (["wss://127.0.0.1:1"], "ws:// only"),
        (["--players", "1"], "2 players"),
        (["--pid", "4194305"], "no process"),
        (["--kind", "loud"], "kind"),
    ],
)
def test_what_can_be_mended_is_said_in_one_line(options: list[str], complaint: str) -> None:
    done = run(*options)
    assert done.returncode == 2
    assert complaint in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_help_has_examples() -> None:
    assert "relay bench ws://127.0.0.1:8000 --rooms 50" in run("--help").stdout
