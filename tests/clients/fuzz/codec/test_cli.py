"""`relay fuzz codec`, as people type it, with real programs to compare with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clients.fuzz.adapters.ours import line
from clients.fuzz.inputs.case import Reader
from tests.clients.fuzz.codec.programs import (
    ADAPTERS,
    NODE,
    Patch,
    compiled,
    patched,
    python_with,
    run,
    script,
)

FEW = ("codec", "--count", "1000", "--quiet")

WRONG_DEPTH: Patch = ("scan.py", "depth >= limits.MAX_DEPTH", "depth > limits.MAX_DEPTH")
LONG_TAIL: Patch = ("fast_path.py", "size == 5 + message[4]", "size >= 5 + message[4]")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return our codec in C, compiled."""
    return compiled(ADAPTERS / "plain.c", tmp_path_factory.mktemp("plain") / "plain")


def found(out: Path) -> list[dict[str, Any]]:
    """Return what was written down."""
    return [json.loads(path.read_text()) for path in sorted(out.glob("*/finding.json"))]


def test_codecs_that_agree_are_told_so(plain: Path, tmp_path: Path) -> None:
    out = tmp_path / "findings"
    done = run(*FEW, "--against", plain, "--against", NODE, "--out", out)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "1000 inputs in" in done.stdout
    assert "no differences" in done.stdout
    assert not out.exists()


def test_the_summary_is_for_programs_too() -> None:
    done = run(*FEW, "--json", "--seed", 7, "--reader", "payload")
    report = json.loads(done.stdout)
    assert done.returncode == 0
    assert report["executions"] == sum(report["damages"].values()) == 1000
    assert report["readers"] == {"payload": 1000}
    assert report["seed"] == 7
    assert report["per_second"] > 0
    assert set(report["rules"]) >= {"3.3.3.1", "3.3.3.7", "3.3.4"}
    assert report["findings"] == []


def test_the_same_seed_gives_the_same_inputs() -> None:
    few = ("codec", "--count", 200, "--quiet", "--json")
    runs = [run(*few, "--seed", seed, is_forked=False) for seed in (1, 1, 2)]
    reports = [json.loads(done.stdout) for done in runs]
    first, second, other = [report["damages"] for report in reports]
    assert first == second != other


def test_processes_share_the_work(tmp_path: Path) -> None:
    done = run("codec", "--count", 1001, "--jobs", 2, "--json", "--out", tmp_path, "--quiet")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["executions"] == 1001


def test_progress_is_shown_beside_the_summary() -> None:
    done = run("codec", "--seconds", 2.5, "--reader", "payload")
    assert done.returncode == 0, done.stdout
    assert "/s, " in done.stderr
    assert "truncated" in done.stderr


def test_a_bug_in_another_codec_is_found_named_shrunk_and_replayed(tmp_path: Path) -> None:
    broken = python_with(patched(tmp_path / "broken", [WRONG_DEPTH]))
    out = tmp_path / "out"
    options = ("--count", 500, "--reader", "payload", "--quiet")
    done = run("codec", *options, "--against", broken, "--out", out)
    assert done.returncode == 1, done.stderr
    assert "breaks 3.3.3.6" in done.stdout
    (too_deep,) = (each for each in found(out) if each["kind"]["right"] == "python accepted")
    assert too_deep["kind"]["rule"] == "3.3.3.6"
    assert too_deep["said"]["ours"]["code"] == "TOO_DEEP"
    assert too_deep["input"] in ("91" * 16 + "90", "91" * 16 + "80")
    again = run(*too_deep["replay"].split()[2:])
    assert again.returncode == 1
    assert "TOO_DEEP" in again.stdout
    mended = run("codec", "--replay", out, "--against", python_with(None))
    assert mended.returncode == 0, mended.stdout


@pytest.mark.parametrize(
    ("patch", "reader", "count", "what"),
    [(WRONG_DEPTH, "payload", 500, "verdict"), (LONG_TAIL, "client", 8000, "target_of_send")],
)
def test_a_bug_in_our_codec_is_found_without_another(
    patch: Patch, reader: str, count: int, what: str, tmp_path: Path
) -> None:
    broken, out = patched(tmp_path / "broken", [patch]), tmp_path / "out"
    done = run("codec", "--count", count, "--reader", reader, "--out", out, path=broken)
    assert done.returncode == 1, done.stdout
    assert what in {finding["kind"]["what"] for finding in found(out)}
    assert run("codec", "--replay", out, path=broken).returncode == 1
    assert run("codec", "--replay", out).returncode == 0


NIL = 'say(b\'{"verdict": "accepted", "value": null, "again": "c0"}\')'
"""The answer of a script to the payload nil."""


@pytest.mark.parametrize(
    ("deed", "what", "text", "shrunk"),
    [
        ("sys.exit('it was 0xC1')", "crashed", "it ended with status 1. it was 0xC1", "c1"),
        ("time.sleep(60)", "hung", "no answer within 2 s.", "93c0c1c0"),
    ],
)
def test_the_input_that_ends_a_program_is_found(
    deed: str, what: str, text: str, shrunk: str, tmp_path: Path
) -> None:
    corpus, out = tmp_path / "payload", tmp_path / "out"
    corpus.mkdir()
    (corpus / "bad").write_bytes(b"\x93\xc0\xc1\xc0")
    for number in range(10):
        (corpus / f"good{number}").write_bytes(b"\xc0")
    command = script(tmp_path, f"if 0xC1 in data: {deed}\n{NIL}")
    options = ("--corpus", corpus, "--reader", "payload", "--patience", 2, "--out", out)
    done = run("codec", "--against", command, *options)
    assert done.returncode == 1, done.stdout + done.stderr
    (finding,) = found(out)
    assert finding["kind"]["what"] == what
    assert finding["said"]["script"] == {"verdict": what, "text": text}
    assert finding["input"] == shrunk


def test_a_reader_of_a_few_frames_may_skip_the_others(tmp_path: Path) -> None:
    corpus, out = tmp_path / "payload", tmp_path / "out"
    corpus.mkdir()
    for number, data in enumerate((b"\xc0", b"\xc1", b"\xc3")):
        (corpus / str(number)).write_bytes(data)
    skips = 'say(b\'{"verdict": "skipped"}\')'
    command = script(tmp_path, f"if data != b'\\xc0': {skips}\nelse: {NIL}")
    options = ("--corpus", corpus, "--reader", "payload", "--count", 30, "--out", out, "--quiet")
    for jobs in (1, 2):
        done = run("codec", "--against", command, *options, "--jobs", jobs)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "skipped 20 of 30 inputs" in done.stdout
    report = json.loads(run("codec", "--against", command, *options, "--json").stdout)
    assert report["skipped"] == {command: 20}


def test_two_re_encodings_are_shown(tmp_path: Path) -> None:
    corpus, out = tmp_path / "payload", tmp_path / "out"
    corpus.mkdir()
    (corpus / "nil").write_bytes(b"\xc0")
    command = script(tmp_path, NIL.replace('"c0"', '"c1"'))
    options = ("--corpus", corpus, "--reader", "payload", "--out", out, "--quiet")
    done = run("codec", "--against", command, *options)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "ours re-encodes to C0, script to C1" in done.stdout
    assert "finding.json has all that was said" in done.stdout


def test_what_the_inputs_break_reads_as_no_failure() -> None:
    done = run(*FEW, "--reader", "payload")
    assert "inputs that break" in done.stdout.splitlines()[0]
    assert "no differences" in done.stdout


def test_a_corpus_of_ones_own_is_replayed(plain: Path, tmp_path: Path) -> None:
    (tmp_path / "client").mkdir()
    (tmp_path / "client" / "leave").write_bytes(b"\x91\x08")
    (tmp_path / "other").write_bytes(b"\xc1")
    done = run("codec", "--corpus", tmp_path, "--reader", "payload", "--against", plain, "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0, done.stdout
    assert report["readers"] == {"client": 1, "payload": 1}
    assert report["rules"] == {"3.3.3.3": 1}


def test_a_corpus_is_given_again_while_there_is_time(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"\x91\x08")
    options = ("--corpus", tmp_path, "--reader", "client", "--count", 50, "--json", "--quiet")
    assert json.loads(run("codec", *options).stdout)["executions"] == 50


def test_answers_that_were_written_down_can_be_repeated(tmp_path: Path) -> None:
    corpus, answers = tmp_path / "payload", tmp_path / "answers"
    corpus.mkdir()
    for data in (b"\xc0", b"\x93\x01\xa1x\xc0", b"\xc1", b"\x91"):
        (corpus / data.hex()).write_bytes(data)
    lines = [line(Reader.PAYLOAD, path.read_bytes()) for path in sorted(corpus.iterdir())]
    stub = compiled(ADAPTERS / "stub.c", tmp_path / "stub")
    options = ("--corpus", corpus, "--reader", "payload", "--count", 40, "--out", tmp_path / "out")
    for said, status in ((lines, 0), (lines[1:], 1)):
        answers.write_bytes(b'{"adapter": "stub"}\n' + b"".join(said))
        done = run("codec", *options, "--against", f"{stub} {answers}")
        assert done.returncode == status, done.stdout
        assert "40 inputs in" in done.stdout


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--against", "/no/such/program"], "cannot start"),
        (["--against", "echo hello"], "does not begin with"),
        (["--corpus", "/no/such/folder"], "holds no inputs"),
        (["--replay", "/no/such/folder"], "holds no findings"),
        (["--compiled", "/no/such/folder"], "no compiled build"),
        (["--count", "0"], "count"),
        (["--jobs", "2", "--against", "echo hello"], "does not begin with"),
        (["--out", "/dev/null/findings"], "/dev/null is no folder"),
    ],
)
def test_what_can_be_mended_is_said_in_one_line(options: list[str], complaint: str) -> None:
    done = run("codec", "--seconds", 5, *options)
    assert done.returncode == 2
    assert complaint in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_help_has_examples_and_the_protocol() -> None:
    shown = run("codec", "--help").stdout
    assert 'relay fuzz codec --against "node my_codec.mjs"' in shown
    assert '{"verdict": "refused", "code": "TRUNCATED", "offset": 3}' in shown
    assert '{"verdict": "skipped"}' in shown
    assert "four bytes of length, the high byte first" in " ".join(shown.split())
    assert "Flush after each line" in shown


def test_the_vectors_are_copied_with_their_version(tmp_path: Path) -> None:
    assert run("vectors", tmp_path / "vectors").returncode == 0
    version = json.loads((tmp_path / "vectors" / "version.json").read_text())
    assert version["wire"] == 1
    assert "malformed.json" in version["files"]
    for name in version["files"]:
        assert json.loads((tmp_path / "vectors" / name).read_text())
