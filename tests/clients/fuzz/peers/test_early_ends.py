"""Runs that end early, or can write nothing: what was found until then is not lost."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from clients.fuzz.peers.faults import Fault
from clients.fuzz.peers.program import Program
from tests.clients.fuzz.interrupting import interrupted
from tests.clients.fuzz.peers.copies import fuzz
from tests.helpers import forked

HELLO = """
import os, sys, time
print('{"event": "hello", "can": []}', flush=True)
"""


def client(body: str) -> str:
    """Return the command of a client that says hello and does something else then."""
    return shlex.join([sys.executable, "-c", f"{HELLO}{body}"])


def options(command: str, out: Path) -> tuple[object, ...]:
    return ("client", command, "--patience", 0.5, "--out", out)


def findings(out: Path) -> list[str]:
    return [json.loads(path.read_text())["kind"] for path in out.glob("*/finding.json")]


def test_a_client_that_does_not_start_again_ends_a_run_which_loses_nothing(tmp_path: Path) -> None:
    once = f"os.mkdir({str(tmp_path / 'once')!r}); sys.exit(4)"
    first = f"import os; os.path.exists({str(tmp_path / 'once')!r}) and exit('not again')"
    command = shlex.join([sys.executable, "-c", f"{first}\n{HELLO}\n{once}"])
    done = fuzz(*options(command, tmp_path / "out"), "--count", 5, "--shrink", 1)
    assert done.status == 2, done.text
    assert "it ended early: " in done.report["trouble"]
    assert "not again" in done.report["trouble"]
    assert findings(tmp_path / "out") == ["died"]


def test_ctrl_c_ends_the_shrinking_which_loses_nothing(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    dying = f"open({str(starts)!r}, 'a').write('x')\ntime.sleep(0.3)\nsys.exit(4)"

    def is_shrinking() -> bool:
        return starts.exists() and starts.stat().st_size > 3

    run = options(client(dying), tmp_path / "out")
    status, told = interrupted(is_shrinking, *run, "--count", 1, "--shrink", 600)
    assert status == 1, told
    assert findings(tmp_path / "out") == ["died"]


def test_findings_that_cannot_be_written_are_told_all_the_same(tmp_path: Path) -> None:
    out = tmp_path / "out"
    dying = f"open({str(out)!r}, 'w').close()\nsys.exit(4)"
    done = fuzz(*options(client(dying), out), "--count", 1, "--shrink", 0)
    assert done.status == 2, done.text
    assert "findings cannot be written: " in done.report["trouble"]
    assert done.kinds == {"died"}


@pytest.mark.parametrize(
    ("command", "kind", "told"),
    [
        (client("os.close(1); time.sleep(60)"), "died", "it closed its output and goes on"),
        (client("while True: os.write(1, b'x' * 65536)"), "no_json", "xxx"),
        (client("os.write(2, b'so much ' * 500_000 + b'last'); sys.exit(4)"), "died", "much last"),
    ],
)
def test_a_client_that_says_too_much_or_nothing_is_told_in_a_sentence(
    command: str, kind: str, told: str
) -> None:
    program = Program(command, "ws://127.0.0.1:9/r/R", 5)
    try:
        with pytest.raises(Fault) as caught:
            program.line(60)
    finally:
        program.end()
    assert caught.value.kind == kind
    assert told in caught.value.got


@pytest.mark.parametrize("about", ["", "[]", "{}", '{"seed": 1}', '{"seed": "x", "parts": null}'])
def test_what_is_no_finding_is_told_in_one_line(about: str, tmp_path: Path) -> None:
    (tmp_path / "finding.json").write_text(about)
    done = complaint("http://127.0.0.1:9", "--replay", tmp_path)
    assert done.returncode == 2
    assert f"{tmp_path / 'finding.json'} is no finding of a conversation" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_folder_that_cannot_be_is_told_before_the_run() -> None:
    done = complaint("http://127.0.0.1:9", "--out", "/dev/null/findings")
    assert done.returncode == 2
    assert "/dev/null is no folder" in done.stderr


@pytest.mark.parametrize("url", ["http://localhost:99999", "http://localhost:x", "http://[::1"])
def test_an_address_that_is_none_is_told_in_one_line(url: str) -> None:
    done = forked.run("relay", "fuzz", "server", url)
    assert done.returncode == 2
    assert done.stderr.startswith(f"relay: {url}: ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["", "no-such-program", '"'])
def test_a_command_that_is_none_is_told_in_one_line(command: str) -> None:
    done = forked.run("relay", "fuzz", "client", command)
    assert done.returncode == 2
    assert done.stderr.startswith(f"relay: cannot start {command!r}: ")
    assert len(done.stderr.splitlines()) == 1


def complaint(*options: object) -> subprocess.CompletedProcess[str]:
    return forked.run("relay", "fuzz", "server", *map(str, options))
