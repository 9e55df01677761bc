"""Runs that end early, or can write nothing: what was found until then is not lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clients.fuzz.codec.programs import run, script
from tests.clients.fuzz.interrupting import interrupted

WRONG = 'say(b\'{"verdict": "accepted", "value": null, "again": "c1"}\')'
"""To the payload nil: its re-encoding is not that."""

COUNTING = "count = globals().get('count', 0) + 1"
"""How many inputs came."""


@pytest.fixture
def nil(tmp_path: Path) -> Path:
    """Return a corpus of one payload."""
    corpus = tmp_path / "payload"
    corpus.mkdir()
    (corpus / "nil").write_bytes(b"\xc0")
    return corpus


def options(nil: Path, command: str, out: Path) -> tuple[object, ...]:
    corpus = ("--corpus", nil, "--reader", "payload", "--quiet")
    return ("codec", *corpus, "--against", command, "--out", out)


def found(out: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(out.glob("*/finding.json"))]


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_adapter_that_goes_wrong_ends_a_run_which_loses_nothing(
    jobs: int, nil: Path, tmp_path: Path
) -> None:
    command = script(tmp_path, f"{COUNTING}\n{WRONG}\nif count > 50: {WRONG}")
    out = tmp_path / "out"
    done = run(*options(nil, command, out), "--count", 5000, "--jobs", jobs)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "it ended early: script wrote more than one line for an input" in done.stdout
    assert [each["said"]["script"]["again"] for each in found(out)] == ["c1"]


def test_findings_that_cannot_be_written_are_told_all_the_same(nil: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = script(tmp_path, f"open({str(out)!r}, 'w').close()\n{WRONG}")
    done = run(*options(nil, command, out))
    assert done.returncode == 2, done.stdout + done.stderr
    assert "findings cannot be written: " in done.stdout
    assert "ours re-encodes to C0, script to C1" in done.stdout


@pytest.mark.parametrize("value", [{"f": "00"}, {"f": "zz"}, {"m": [["a"]]}, {"m": [1]}, {}])
def test_a_value_that_is_no_tagged_json_is_another_value(
    value: object, nil: Path, tmp_path: Path
) -> None:
    said = json.dumps({"verdict": "accepted", "value": value, "again": "c0"})
    done = run(*options(nil, script(tmp_path, f"say({said.encode()!r})"), tmp_path / "out"))
    assert done.returncode == 1, done.stdout + done.stderr
    assert [each["kind"]["what"] for each in found(tmp_path / "out")] == ["value"]


def test_ctrl_c_ends_a_run_which_loses_nothing(nil: Path, tmp_path: Path) -> None:
    mark, out = tmp_path / "mark", tmp_path / "out"
    second = f"if count > 1: open({str(mark)!r}, 'w').close()"
    command = script(tmp_path, f"{COUNTING}\n{second}\n{WRONG}")
    status, told = interrupted(mark.exists, *options(nil, command, out), "--seconds", 600)
    assert status == 1, told
    assert len(found(out)) == 1


def test_ctrl_c_ends_the_shrinking_which_loses_nothing(tmp_path: Path) -> None:
    """The payload can be shrunk, each try of which takes a while."""
    mark, out = tmp_path / "mark", tmp_path / "out"
    corpus = tmp_path / "payload"
    corpus.mkdir()
    (corpus / "long").write_bytes(b"\x9f" + bytes(15))
    slow = f"if len(data) < 16: open({str(mark)!r}, 'w').close(); time.sleep(0.5)"
    refused = 'say(b\'{"verdict": "refused", "code": "ARITY", "offset": 0}\')'
    command = script(tmp_path, f"{slow}\n{refused}")
    status, told = interrupted(mark.exists, *options(corpus, command, out))
    assert status == 1, told
    (finding,) = found(out)
    assert finding["input"] == "9f" + "00" * 15


def test_a_program_that_hangs_while_inputs_are_shrunk_is_soon_left_alone(tmp_path: Path) -> None:
    out, corpus = tmp_path / "out", tmp_path / "payload"
    corpus.mkdir()
    (corpus / "long").write_bytes(b"\x9f" + bytes(15))
    refused = 'say(b\'{"verdict": "refused", "code": "ARITY", "offset": 0}\')'
    command = script(tmp_path, f"if len(data) < 16: time.sleep(600)\n{refused}")
    done = run(*options(corpus, command, out), "--patience", 0.3)
    assert done.returncode == 1, done.stdout + done.stderr
    (finding,) = found(out)
    assert finding["input"] == "9f" + "00" * 15
