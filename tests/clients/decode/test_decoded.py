"""The decoder against the codec lab: every byte has its place, and every fault its own."""

from __future__ import annotations

import json
from collections import Counter
from itertools import islice
from typing import Any

import pytest

from clients.decode.message import Decoded
from clients.decode.tree import spans
from clients.fuzz.inputs.cases import cases
from clients.fuzz.inputs.damages.deck import DAMAGES
from clients.fuzz.inputs.judge import read
from clients.fuzz.inputs.shortest import shortest
from protocol import codec
from protocol.errors import RemoteProtocolError
from protocol.frames import ErrorDetail, Hello, HelloOptions, Left, LeftReason, Send, Set, Tick
from roomwire.decoded import as_json, decode, encode, show
from roomwire.testing import Case, Error, ErrorCode, Reader, Role
from tests.helpers import vectors

OF_EACH = 10
"""Inputs of each kind of damage that are tried."""

MANY = 60_000


@pytest.mark.parametrize("reader", Reader)
def test_it_agrees_with_the_kit_about_any_input(reader: Reader) -> None:
    """Each byte has one place, a fault is the engine's and has its rule, and what is legal comes
    back from its JSON."""
    kinds = {"none", *(name for name, damage in DAMAGES.items() if reader in damage.readers)}
    if reader is Reader.CLIENT_FRAME:  # none of its records has a key that must be there
        kinds -= {"required_key_missing", "required_key_missing_and_worse"}
    tried: Counter[str] = Counter()
    for case in islice(cases(14, reader), MANY):
        tried[case.damage] += 1
        if tried[case.damage] <= OF_EACH:
            message = decode(case.data, reader)
            assert_it_covers(message)
            assert_the_fault_is_right(case, message)
            if message.fault is None:
                assert_it_comes_back(case.data, message)
        if len(tried) == len(kinds) and tried.total() > 1000:
            break
    assert tried.keys() == kinds


def assert_it_covers(message: Decoded) -> None:
    """Every byte belongs to one head or body, in their order."""
    at = 0
    for start, end in spans(message.nodes):
        assert start == at < end
        at = end
    assert at == len(message.data)


def assert_the_fault_is_right(case: Case, message: Decoded) -> None:
    """Code and offset are the codec's, the rule is the kit's, and the mark is under the byte."""
    assert case.verdict is not None
    if message.fault is None:
        assert case.verdict.code is None
        return
    found, engine = message.fault, refusal(case)
    assert (found.code, found.offset, found.rule) == (*case.verdict, case.rule)
    assert (found.code, found.offset) == (engine.code.name, engine.offset)
    assert (found.text, found.expected, found.got) == (engine.text, engine.expected, engine.got)
    assert found.code in show(message).splitlines()[0]
    assert_it_is_marked(message)


def refusal(case: Case) -> RemoteProtocolError:
    try:
        if case.reader is Reader.PAYLOAD:
            codec.unpack(case.data)
        else:
            codec.decode(case.data, Role[case.reader.value.upper()])
    except RemoteProtocolError as error:
        return error
    pytest.fail(f"the codec takes {case.data.hex()}")


def assert_it_is_marked(message: Decoded) -> None:
    """The mark stands below the byte to blame, or after the last one where one is missing."""
    assert message.fault is not None
    lines = show(message).splitlines()
    (number,) = (n for n, line in enumerate(lines) if "^^" in line)
    column = lines[number].index("^^")
    assert lines[number].startswith(f"{message.fault.offset:6}  ")
    if message.fault.offset < len(message.data):
        byte = f"{message.data[message.fault.offset]:02X}"
        assert lines[number - 1][column : column + 2] == byte
    elif message.data:
        assert lines[number - 1][column - 3 : column] == f"{message.data[-1]:02X} "


def assert_it_comes_back(data: bytes, message: Decoded) -> None:
    """A payload stays as it is, also where a shorter form of it exists."""
    again = encode(json.loads(json.dumps(as_json(message))))
    assert again == shortest(read(data), data)
    assert encode(as_json(decode(again, message.by))) == again


@pytest.mark.parametrize("vector", vectors.load("valid"))
def test_the_vectors_go_there_and_back(vector: dict[str, Any]) -> None:
    data = codec.encode(vectors.frame(vector))
    assert encode(as_json(decode(data, vector["by"]))) == data


@pytest.mark.parametrize("vector", vectors.load("valid"))
def test_who_said_it_is_guessed(vector: dict[str, Any]) -> None:
    data = vectors.message(vector["hex"])
    message = decode(data)
    assert message.is_guessed
    assert message.fault is None
    if message.name != "SNAPSHOT":  # it is the same from both
        assert message.by.value == vector["by"]


def test_a_torn_frame_is_guessed_by_its_opcode() -> None:
    assert decode(codec.encode(Send(None, b"x"))[:-1]).by is Reader.CLIENT_FRAME
    assert decode(codec.encode(Left(3, 1, 2))[:-1]).by is Reader.RELAY_FRAME


def test_numbers_and_targets_have_names() -> None:
    error = Error(0, ErrorCode.NOT_HOST, "only the host", ErrorDetail(op=0x24))
    assert "code: 66 (NOT_HOST)" in show(decode(codec.encode(error)))
    assert "op: 36 (KICK)" in show(decode(codec.encode(error)))
    assert "reason: 4 (KICKED)" in show(decode(codec.encode(Left(3, 1, LeftReason.KICKED))))
    assert "target: -7 (group 7)" in show(decode(codec.encode(Send(-7, b""))))
    assert "target: nil (everyone but the sender)" in show(decode(codec.encode(Send(None, b""))))


def test_payloads_are_shown_as_msgpack_where_they_are() -> None:
    packed = codec.pack({"say": "hi"})
    for frame in (Send(None, packed), Set(0, "k", packed)):
        assert 'say: "hi"' in show(decode(codec.encode(frame)))
    assert 'say: "hi"' in show(decode(codec.encode(Tick(1, 2, ((1, packed),)))))
    assert 'bin of 5 "hello"' in show(decode(codec.encode(Send(None, b"hello"))))
    torn = show(decode(codec.encode(Send(None, packed[:-1]))))
    assert "no msgpack of this wire: TRUNCATED at 7 (SPEC 3.3.3.7)" in torn


def test_a_key_that_nobody_knows_is_pointed_at() -> None:
    """A slip in an option is no error on the wire, and so the hardest to find."""
    hello = codec.encode(Hello(1, HelloOptions(password="secret"))).replace(
        b"password", b"passwort"
    )
    message = decode(hello, "client")
    assert message.fault is None
    assert 'key "passwort"  <- unknown key, which is ignored' in show(message)


def test_a_relays_frame_of_a_newer_wire_is_no_fault() -> None:
    message = decode(b"\x92\x50\xc0", "relay")
    assert message.is_ignored
    assert "clients ignore it" in show(message)
    fault = decode(b"\x92\x50\xc0", "client").fault
    assert fault is not None
    assert fault.code == "UNKNOWN_OPCODE"


def test_what_is_long_is_cut_unless_all_is_asked_for() -> None:
    message = decode(codec.encode(Send(None, bytes([0xC1]) * 500)))
    assert "more bytes" in show(message)
    assert show(message, full=True).count("C1") == 500


def test_an_empty_message_is_marked_at_its_end() -> None:
    assert "0  ^^ TRUNCATED" in show(decode(b""))


def test_nobody_else_can_have_said_it() -> None:
    with pytest.raises(ValueError, match="server"):
        decode(b"\x91\x08", "server")
