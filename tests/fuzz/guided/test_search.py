"""What a search tells is read right; atheris itself is no part of `make test`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from protocol.codec import encode
from protocol.frames import CLIENT_FRAMES, RELAY_FRAMES, Ping
from tests.fuzz.guided import generated, lines
from tests.fuzz.guided.search import ROOT, outcome, run
from tests.fuzz.targets import TARGETS

QUIET = """\
processor seconds before the search: 1.5
INFO: Running with entropic power schedule (0xFF, 100).
#2\tINITED cov: 14 ft: 14 corp: 1/1b exec/s: 0 rss: 41Mb
#91815\tREDUCE cov: 334 ft: 900 corp: 65/1024b lim: 607 exec/s: 7964 rss: 43Mb L: 26/199 MS: 1
#92001\tDONE   cov: 337 ft: 901 corp: 65/1024b lim: 607 exec/s: 7964 rss: 43Mb
stat::number_of_executed_units: 92001
stat::average_exec_per_sec:     7729
"""
FOUND = """\
 === Uncaught Python exception: ===
AssertionError
artifact_prefix='{0}/'; Test unit written to {0}/crash-1
stat::number_of_executed_units: 17
"""


def ended(status: int, text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess([], status, text)


def test_a_search_without_findings(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"1")
    told = outcome(ended(0, QUIET), 4.0, tmp_path)
    assert (told.executed, told.edges, told.kept, told.findings) == (92_001, 337, 1, ())
    assert told.rate == 92_001 / 2.5


def test_a_search_that_finds_something(tmp_path: Path) -> None:
    told = outcome(ended(77, FOUND.format(tmp_path)), 4.0, tmp_path)
    assert told.findings == (tmp_path / "crash-1",)
    assert "AssertionError" in told.told


@pytest.mark.parametrize(("status", "text"), [(1, "No module"), (0, ""), (1, QUIET)])
def test_a_search_that_did_not_run_is_an_error(status: int, text: str, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=f"status {status}"):
        outcome(ended(status, text), 4.0, tmp_path)


@pytest.mark.parametrize("name", TARGETS)
def test_every_target_names_files_that_exist(name: str) -> None:
    for pattern in TARGETS[name].covers:
        assert [*ROOT.glob(pattern)], pattern
    assert [*lines.covered(name)]


def test_every_frame_has_a_reader_that_is_in_no_file() -> None:
    """The search instruments these by themselves."""
    assert {each.cls for each in generated.made()} == {*CLIENT_FRAMES, *RELAY_FRAMES}


def test_lines_of_readers_that_are_in_no_file_are_told(tmp_path: Path) -> None:
    before = reached(tmp_path)
    (tmp_path / "ping").write_bytes(b"\0" + encode(Ping(7)))
    after = reached(tmp_path)
    files = [file for file in after if file.startswith("generated/")]
    assert len(files) == len({*CLIENT_FRAMES, *RELAY_FRAMES})
    assert {file for file in files if after[file] > before[file]} == {"generated/Ping.py"}


def reached(folder: Path) -> dict[str, list[int]]:
    ended = run("-m", "tests.fuzz.guided.lines", "codec", str(folder))
    told: dict[str, list[int]] = json.loads(ended.stdout.splitlines()[-1])
    return told
