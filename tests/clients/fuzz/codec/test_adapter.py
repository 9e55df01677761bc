"""Programs to compare with, whatever they do."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path

import pytest

from clients.fuzz.codec.sides import adapter as adapters
from clients.fuzz.codec.sides import program
from clients.fuzz.codec.sides.adapter import MOST_DEATHS, MOST_HANGS, Adapter, AdapterError, framed
from clients.fuzz.codec.sides.answer import CRASHED, HUNG, NONSENSE, Answer
from clients.fuzz.inputs.case import Reader
from clients.fuzz.tail import TOLD
from tests.clients.fuzz.codec.programs import python_with, script

REFUSED = 'say(b\'{"verdict": "refused", "code": "ARITY", "offset": %d}\' % len(data))'


def ask(adapter: Adapter, *inputs: bytes) -> list[Answer]:
    return adapter.ask([framed(Reader.PAYLOAD, data) for data in inputs])


def test_each_input_gets_its_answer(tmp_path: Path) -> None:
    with Adapter(script(tmp_path, REFUSED)) as adapter:
        assert adapter.hello.name == "script"
        for _ in range(2):
            answers = ask(adapter, b"", b"a" * 70_000, b"bb")
            assert [answer.offset for answer in answers] == [0, 70_000, 2]


def test_ours_says_what_our_codec_says() -> None:
    with Adapter(python_with(None)) as adapter:
        yes, no = ask(adapter, b"\x93\x01\xca\x3f\xc0\x00\x00\xa1x", b"\x93\x01")
        unknown, leave = adapter.ask(
            [framed(Reader.RELAY_FRAME, b"\x91\x70"), framed(Reader.CLIENT_FRAME, b"\x91\x08")]
        )
    assert yes.value == [{"i": "1"}, {"f": "3ff8000000000000"}, {"s": "x"}]
    assert yes.again == "9301cb3ff8000000000000a178"
    assert (no.verdict, no.code, no.offset) == ("refused", "TRUNCATED", 2)
    assert (unknown.verdict, unknown.opcode) == ("ignored", 0x70)
    assert leave.value == {"frame": "LEAVE", "fields": {}}


def test_the_input_that_kills_a_program_is_known(tmp_path: Path) -> None:
    dying = f"if data == b'bad': sys.exit('I cannot')\n{REFUSED}"
    with Adapter(script(tmp_path, dying)) as adapter:
        answers = ask(adapter, b"a", b"bad", b"cc", b"bad")
    assert [answer.verdict for answer in answers] == ["refused", CRASHED, "refused", CRASHED]
    assert answers[1].text == "it ended with status 1. I cannot"


def test_a_signal_has_a_name(tmp_path: Path) -> None:
    with Adapter(script(tmp_path, "import os; os.abort()")) as adapter:
        (answer,) = ask(adapter, b"a")
    assert answer.text.startswith("it was killed by SIGABRT")


def test_a_program_that_hangs_is_killed(tmp_path: Path) -> None:
    hanging = f"while data == b'bad': time.sleep(1)\n{REFUSED}"
    with Adapter(script(tmp_path, hanging), patience=2.0) as adapter:
        answers = ask(adapter, b"a", b"bad", b"cc")
    assert [answer.verdict for answer in answers] == ["refused", HUNG, "refused"]


def test_a_death_that_no_input_causes_alone_is_told(tmp_path: Path) -> None:
    once = tmp_path / "once"
    dying = (
        f"if data == b'bad' and not __import__('os').path.exists({str(once)!r}):\n"
        f"    open({str(once)!r}, 'w').close(); sys.exit(3)\n{REFUSED}"
    )
    with Adapter(script(tmp_path, dying)) as adapter:
        answers = ask(adapter, b"a", b"bad", b"cc")
    assert [answer.verdict for answer in answers].count(CRASHED) == 1
    assert "only after other inputs" in answers[1].text


def test_a_program_that_dies_of_everything_is_left_alone(tmp_path: Path) -> None:
    with Adapter(script(tmp_path, "sys.exit(1)")) as adapter:
        answers = ask(adapter, *[b"x"] * (2 * MOST_DEATHS))
        assert adapter.is_worn_out
    assert len(answers) < 2 * MOST_DEATHS


@pytest.mark.parametrize(
    "line",
    [
        *("", "nonsense", "[]", "{}", '{"verdict": "perhaps"}', "[" * 150),
        '{"verdict": "refused", "code": "../ARITY", "offset": 3}',
        '{"verdict": "refused", "code": "ARITY", "offset": "3"}',
        '{"verdict": "ignored", "opcode": [77]}',
    ],
)
def test_a_line_that_is_no_answer_is_one_all_the_same(line: str, tmp_path: Path) -> None:
    with Adapter(script(tmp_path, f"say({line.encode()!r})")) as adapter:
        (answer,) = ask(adapter, b"a")
    assert (answer.verdict, answer.text) == (NONSENSE, line)


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        ("/no/such/program", "cannot start"),
        ("", "cannot start"),
        ("'", "cannot start"),
        ("echo hello", "does not begin with a line"),
        ("false", "it ended with status 1"),
    ],
)
def test_what_is_no_adapter_is_refused(command: str, complaint: str) -> None:
    with pytest.raises(AdapterError, match=complaint):
        Adapter(command)


def test_a_hello_that_is_not_flushed_is_suspected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapters, "STARTING", 0.5)
    with pytest.raises(AdapterError, match=r"wrote nothing within 0\.5 s: does it flush\?"):
        Adapter("cat")


def test_more_than_one_line_for_an_input_is_refused(tmp_path: Path) -> None:
    def ask_on(adapter: Adapter) -> None:
        while True:  # the second line may come late
            ask(adapter, *[b"x"] * 100)

    with (
        Adapter(script(tmp_path, f"{REFUSED}\n{REFUSED}")) as adapter,
        pytest.raises(AdapterError, match="more than one line"),
    ):
        ask_on(adapter)


def test_a_line_that_never_ends_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "MOST_SAID", 1 << 20)
    endless = "while True: stdout.write(b'x' * 9999)"
    with (
        Adapter(script(tmp_path, endless)) as adapter,
        pytest.raises(AdapterError, match=r"script wrote .* no line of it ended"),
    ):
        ask(adapter, b"a")


def test_a_program_that_writes_unasked_is_refused_and_little_of_that_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "MOST_CHUNKS", 2)

    def ask_on(adapter: Adapter) -> None:
        while True:
            ask(adapter, b"a")

    with (
        Adapter(script(tmp_path, f"while True: {REFUSED}")) as adapter,
        pytest.raises(AdapterError, match="more than one line"),
    ):
        ask_on(adapter)


def test_a_program_may_say_much_on_stderr(tmp_path: Path) -> None:
    loud = f"sys.stderr.write('so much ' * 500_000 + 'last'); sys.stderr.flush()\n{REFUSED}"
    dying = "if data == b'bad': sys.exit('!')"
    with Adapter(script(tmp_path, f"{loud}\n{dying}")) as adapter:
        good, bad, dead = ask(adapter, b"a", b"bad", b"cc")
    assert (good.verdict, bad.verdict, dead.verdict) == ("refused", "refused", CRASHED)
    assert dead.text.endswith("so much last!")
    assert len(dead.text) < 2 * TOLD


@pytest.mark.parametrize(("number", "name"), [(0, "input"), (1, "output")])
@pytest.mark.parametrize("few", [0, 2])
def test_a_program_that_closes_a_pipe_and_goes_on_is_told_soon(
    number: int, name: str, few: int, tmp_path: Path
) -> None:
    """Soon is far less than its patience, for which each next input would be waited again."""
    closing = f"import os; os.close({number}); time.sleep(600)"
    body = f"if len(data) > {few}: {closing}\n{REFUSED}"
    began = time.monotonic()
    with (
        Adapter(script(tmp_path, body), patience=600) as adapter,
        pytest.raises(AdapterError, match=f"script did not answer: it closed its {name} and goes"),
    ):
        ask(adapter, *(b"x" * (1 + size) for size in range(100)))
    assert time.monotonic() - began < 30


def test_a_program_that_closes_its_output_before_it_says_hello_is_refused() -> None:
    command = shlex.join([sys.executable, "-c", "import os, time; os.close(1); time.sleep(600)"])
    with pytest.raises(AdapterError, match="but: it closed its output and goes on"):
        Adapter(command)


def test_a_program_that_hangs_on_everything_is_soon_left_alone(tmp_path: Path) -> None:
    with Adapter(script(tmp_path, "time.sleep(600)"), patience=0.5) as adapter:
        answers = ask(adapter, *[b"x"] * 100)
        assert adapter.is_worn_out
    assert [answer.verdict for answer in answers] == [HUNG] * (MOST_HANGS - 1)


def test_half_a_line_is_told(tmp_path: Path) -> None:
    half = """stdout.write(b'{"verd'); stdout.flush(); sys.exit("no more")"""
    with Adapter(script(tmp_path, half)) as adapter:
        (answer,) = ask(adapter, b"a")
    assert answer.verdict == CRASHED
    assert answer.text == ('it ended with status 1. Its last line did not end: {"verd no more')
