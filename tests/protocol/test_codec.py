"""Bytes to frames and back: what holds for every frame, and for every message there can be."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import limits
from protocol.codec import FRAMES, Role, decode, encode, pack, unknown_options, unpack
from protocol.error_codes import ErrorCode
from protocol.errors import LocalProtocolError, RemoteProtocolError
from protocol.fields.records import ErrorDetail, HelloOptions, RoomOptions, Session
from protocol.frames import (
    Ack,
    Error,
    Frame,
    Hello,
    Kick,
    Leave,
    Ping,
    Send,
    Set,
    Unknown,
    Volatile,
    Welcome,
)
from protocol.scan import scan
from roomwire.testing import (
    game_values,
    long_winded,
    messages,
    mutants,
    piles,
    roles,
    spoken,
)
from tests.helpers import vectors
from tests.helpers.strategies import share

Damaged = tuple[bytes, Role]


def refusal_of(data: bytes, by: Role) -> RemoteProtocolError | None:
    """Decode; return the refusal if there was one. Whatever else is raised is a bug."""
    try:
        decode(data, by)
    except RemoteProtocolError as error:
        return error
    return None


def check(data: bytes, by: Role) -> None:
    """Assert what holds of every message: a frame that encodes anew, or an error that teaches."""
    error = refusal_of(data, by)
    if error is None:
        frame = decode(data, by)
        if not isinstance(frame, Unknown):
            shortest = encode(frame)
            assert len(shortest) <= len(data)
            assert decode(shortest, by) == frame
            assert encode(decode(shortest, by)) == shortest
        return
    assert error.code < ErrorCode.TOO_BIG
    assert error.offset is not None
    assert 0 <= error.offset <= len(data)
    detail = ErrorDetail(
        offset=error.offset, expected=error.expected, got=error.got, limit=error.limit
    )
    answer = Error(0, error.code, error.text, detail)
    assert decode(encode(answer), Role.RELAY) == answer


# What holds for every frame.


@pytest.mark.fuzz
@share(0.2)
@given(spoken())
def test_decode_inverts_encode(case: tuple[Frame, Role]) -> None:
    frame, by = case
    message = encode(frame)
    assert decode(message, by) == frame
    assert encode(decode(message, by)) == message


@pytest.mark.fuzz
@share(0.05)
@given(st.data(), roles())
def test_whatever_heads_a_frame_came_with_it_is_encoded_in_its_shortest(
    data: st.DataObject, by: Role
) -> None:
    message = data.draw(messages(by))
    wordy = data.draw(long_winded(message))
    assert encode(decode(wordy, by)) == message


@given(messages(Role.RELAY), st.lists(st.none() | st.integers(0, 9) | st.text(), max_size=3))
def test_a_client_ignores_fields_after_those_it_knows(message: bytes, more: list[Any]) -> None:
    longer = bytes([message[0] + len(more)]) + message[1:] + b"".join(map(msgpack.packb, more))
    assert decode(longer, Role.RELAY) == decode(message, Role.RELAY)


@pytest.mark.parametrize("opcode", sorted({*range(128)} - {*FRAMES[Role.RELAY]}), ids=hex)
def test_a_client_ignores_opcodes_that_it_does_not_know(opcode: int) -> None:
    assert decode(bytes([0x92, opcode, 0xC0]), Role.RELAY) == Unknown(opcode)


@pytest.mark.parametrize("vector", vectors.load("valid"), ids=lambda vector: vector["note"])
def test_a_message_that_breaks_off_anywhere_is_truncated(vector: dict[str, Any]) -> None:
    message = vectors.message(vector["hex"])
    for end in {*range(min(len(message), 400)), len(message) - 1}:
        error = refusal_of(message[:end], vectors.role(vector))
        assert error is not None
        assert (error.code, error.offset) == (ErrorCode.TRUNCATED, end)


# What holds for every message.


@pytest.mark.fuzz
@share(0.35)
@given(st.one_of(*(st.tuples(mutants(messages(by)), st.just(by)) for by in Role)))
def test_a_damaged_frame_is_a_frame_or_refused(case: Damaged) -> None:
    check(*case)


@pytest.mark.fuzz
@share(0.1)
@given(st.binary(max_size=64), roles())
def test_bytes_at_random_are_a_frame_or_refused(data: bytes, by: Role) -> None:
    check(data, by)


@pytest.mark.fuzz
@share(0.1)
@given(piles(), roles())
def test_piles_of_anything_are_a_frame_or_refused(data: bytes, by: Role) -> None:
    check(data, by)


@pytest.mark.parametrize("long", ["k" * 9000, "ä" * 9000])
def test_an_error_about_something_long_fits_into_error(long: str) -> None:
    for options in ({"create": {"tags": {long: ""}}}, {"role": long}, {"min": long}, {long: 2**60}):
        message = b"\x93\x01\x01" + msgpack.packb(options)
        assert refusal_of(message, Role.CLIENT) is not None
        check(message, Role.CLIENT)


@pytest.mark.fuzz
@share(0.1)
@given(mutants(game_values().map(pack)))
def test_a_damaged_payload_is_a_value_or_refused(payload: bytes) -> None:
    try:
        value = unpack(payload)
    except RemoteProtocolError:
        return
    assert repr(unpack(pack(value))) == repr(value)


# What cannot be sent.


def hello(**options: Any) -> Hello:
    return Hello(1, HelloOptions(**options))


UNSENDABLE: list[tuple[Any, ErrorCode, str]] = [
    (Unknown(0x7F), ErrorCode.UNKNOWN_OPCODE, "Unknown"),
    (Frame(), ErrorCode.UNKNOWN_OPCODE, "Frame"),
    ("no frame", ErrorCode.UNKNOWN_OPCODE, "str"),
    (Ping(-1), ErrorCode.OUT_OF_RANGE, "got=-1"),
    (Ping(2**53), ErrorCode.OUT_OF_RANGE, "limit=9007199254740991"),
    (Ping(10**5000), ErrorCode.OUT_OF_RANGE, "int of more than 64 bits"),
    (Ping(cast(Any, 1.0)), ErrorCode.WRONG_TYPE, "got=float"),
    (Ping(True), ErrorCode.WRONG_TYPE, "got=true"),
    (Ack(cast(Any, None)), ErrorCode.WRONG_TYPE, "got=nil"),
    (Send(cast(Any, "all"), b""), ErrorCode.WRONG_TYPE, "got=str of 3 bytes"),
    (Send(cast(Any, (1, "Ada")), b""), ErrorCode.WRONG_TYPE, "SEND.target[1]"),
    (Send(cast(Any, {1, 2}), b""), ErrorCode.WRONG_TYPE, "got=set"),
    (Send(None, cast(Any, bytearray(b"x"))), ErrorCode.WRONG_TYPE, "got=bytearray"),
    (Send(None, cast(Any, "x")), ErrorCode.WRONG_TYPE, "bin of 0..1048576 bytes"),
    (Volatile(256, None, b""), ErrorCode.OUT_OF_RANGE, "limit=255"),
    (Kick(1, "\ud800"), ErrorCode.BAD_UTF8, "KICK.reason"),
    (Kick(1, "ä" * 62), ErrorCode.OUT_OF_RANGE, "got=str of 124 bytes"),
    (Set(0, "key", True), ErrorCode.WRONG_TYPE, "or false"),
    (Hello(1, cast(Any, {})), ErrorCode.WRONG_TYPE, "got=map of 0"),
    (hello(role="king"), ErrorCode.OUT_OF_RANGE, "HELLO.options.role"),
    (hello(create=1), ErrorCode.WRONG_TYPE, "HELLO.options.create"),
    (hello(name=None), ErrorCode.WRONG_TYPE, "HELLO.options.name"),
    (hello(create=RoomOptions(tags=cast(Any, {1: "x"}))), ErrorCode.WRONG_TYPE, "create.tags.1"),
    (Welcome(1, 1, 0, Session(cast(Any, None), "R")), ErrorCode.WRONG_TYPE, ".epoch"),
]


@pytest.mark.parametrize(
    ("frame", "code", "text"), UNSENDABLE, ids=[repr(case[2]) for case in UNSENDABLE]
)
def test_a_frame_that_the_wire_cannot_carry_is_our_own_mistake(
    frame: Any, code: ErrorCode, text: str
) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        encode(frame)
    assert caught.value.code is code
    assert text in str(caught.value)


def test_what_is_at_its_default_is_not_written() -> None:
    assert encode(Hello(1)) == bytes.fromhex("93010180")
    assert encode(Hello(1, HelloOptions(create=RoomOptions(tags={})))).endswith(b"create\x80")
    session = Session(bytes(8), "R", ignored=[])  # type: ignore[arg-type]
    assert encode(Welcome(1, 1, 0, session)) == encode(
        Welcome(1, 1, 0, replace(session, ignored=()))
    )


def test_an_enum_is_sent_as_its_number() -> None:
    assert encode(Error(0, ErrorCode.LOCKED, "")) == bytes.fromhex("95030033A080")


def test_the_shortest_frame_has_no_fields() -> None:
    assert encode(Leave()) == b"\x91\x08"


# HELLO's unknown options.


def test_options_that_nobody_knows_are_named() -> None:
    options = {"nam": 1, "name": "Ada", "create": {"title": "T", "tgs": {}}, "x" * 65: 0}
    hello = b"\x93\x01\x01" + msgpack.packb(options)
    assert isinstance(decode(hello, Role.CLIENT), Hello)
    assert unknown_options(hello) == ("nam", "x" * 64, "create.tgs")


def test_names_of_unknown_options_always_fit_welcome() -> None:
    hello = b"\x93\x01\x01" + msgpack.packb({f"{number}{'ä' * 99}": 0 for number in range(99)})
    session = Session(bytes(8), "R", ignored=unknown_options(hello))
    welcome = Welcome(1, 1, 0, session)
    assert decode(encode(welcome), Role.RELAY) == welcome


def test_a_hello_that_is_all_known_has_nothing_ignored() -> None:
    assert unknown_options(encode(Hello(1, HelloOptions(create=False)))) == ()


# Payloads.


@given(game_values())
def test_unpack_inverts_pack(value: Any) -> None:
    packed = pack(value)
    assert packed == msgpack.packb(value)
    assert repr(unpack(packed)) == repr(value)


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


def endless() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


REFUSED: dict[str, tuple[Any, ErrorCode]] = {
    "an int for a key": ({1: 2}, ErrorCode.WRONG_TYPE),
    "None for a key": ({None: 2}, ErrorCode.WRONG_TYPE),
    "bytes for a key": ({b"key": 2}, ErrorCode.WRONG_TYPE),
    "a tuple for a key": ({(1, 2): 2}, ErrorCode.WRONG_TYPE),
    "nan for a key": ({math.nan: 2}, ErrorCode.WRONG_TYPE),
    "a key that JavaScript cannot hold": ({"__proto__": 2}, ErrorCode.FORBIDDEN_TYPE),
    "2^53": (2**53, ErrorCode.OUT_OF_RANGE),
    "-2^53": (-(2**53), ErrorCode.OUT_OF_RANGE),
    "2^64": (2**64, ErrorCode.OUT_OF_RANGE),
    "an int below all of msgpack's": (-(2**63) - 1, ErrorCode.OUT_OF_RANGE),
    "an int of 5000 digits": ([10**5000], ErrorCode.OUT_OF_RANGE),
    "datetime": (datetime.now(UTC), ErrorCode.WRONG_TYPE),
    "ext": (msgpack.ExtType(5, b"x"), ErrorCode.FORBIDDEN_TYPE),
    "timestamp": (msgpack.Timestamp(1, 2), ErrorCode.FORBIDDEN_TYPE),
    "set": ({1, 2}, ErrorCode.WRONG_TYPE),
    "object": (object(), ErrorCode.WRONG_TYPE),
    "complex": (1j, ErrorCode.WRONG_TYPE),
    "a surrogate": ("\ud800", ErrorCode.BAD_UTF8),
    "depth 17": (nested(17), ErrorCode.TOO_DEEP),
    "depth 600": (nested(600), ErrorCode.TOO_DEEP),
    "a list that contains itself": (endless(), ErrorCode.TOO_DEEP),
    "1025 elements": ([0] * 1025, ErrorCode.TOO_MANY),
    "5006 values": ([[0] * 1000] * 5, ErrorCode.TOO_MANY),
    "memory with gaps": (memoryview(b"abcd")[::2], ErrorCode.WRONG_TYPE),
}


@pytest.mark.parametrize(("value", "code"), REFUSED.values(), ids=REFUSED)
def test_a_value_that_not_every_client_could_read_is_not_packed(
    value: Any, code: ErrorCode
) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        pack(value)
    assert caught.value.code is code


BECOMES: dict[str, tuple[Any, Any]] = {
    "a tuple": ((1, (2,)), [1, [2]]),
    "bytearray": (bytearray(b"ab"), b"ab"),
    "memoryview": (memoryview(b"ab"), b"ab"),
    "an enum": (ErrorCode.LOCKED, 51),
    "depth 16": (nested(16), nested(16)),
    "1024 elements": ([0] * 1024, [0] * 1024),
    "2^53 - 1": (2**53 - 1, 2**53 - 1),
    "infinity": (math.inf, math.inf),
}


@pytest.mark.parametrize(("value", "becomes"), BECOMES.values(), ids=BECOMES)
def test_a_value_becomes_what_every_client_reads(value: Any, becomes: Any) -> None:
    assert unpack(pack(value)) == becomes


def test_a_payload_may_be_as_long_as_a_frame_allows() -> None:
    payload = pack(bytes(limits.FRAME_IN))
    assert decode(encode(Send(None, payload)), Role.CLIENT) == Send(None, payload)


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_what_holds_bytes_is_read_as_bytes(kind: Callable[[bytes], Any]) -> None:
    frame = Hello(1, HelloOptions(name="Ann"))
    assert decode(kind(encode(frame)), Role.CLIENT) == frame
    assert unpack(kind(pack({"k": [1]}))) == {"k": [1]}


NO_BYTES = {"int": 5, "large": 10**13, "text": "a", "list": [1], "nil": None, "dict": {"a": 1}}


@pytest.mark.parametrize(
    "read", [partial(decode, by=Role.CLIENT), unpack, scan], ids=["decode", "unpack", "scan"]
)
@pytest.mark.parametrize("value", NO_BYTES.values(), ids=NO_BYTES)
def test_what_is_no_bytes_is_a_mistake_of_the_caller(
    read: Callable[[Any], object], value: object
) -> None:
    with pytest.raises(TypeError, match=f"bytes.* got {type(value).__name__}"):
        read(value)


def test_only_a_role_can_have_sent_a_frame() -> None:
    with pytest.raises(TypeError, match=r"Role\.CLIENT or Role\.RELAY, got str"):
        decode(encode(Leave()), cast(Any, "client"))


# What an error says.

SPECIAL = "\x1b[31m\n\x00\x9b\u202e\ufeff\u2028"


def options(value: object) -> bytes:
    return b"\x93\x01\x01" + msgpack.packb(value)


STRANGE_WORDS = {
    "a tag's key": options({"create": {"tags": {SPECIAL + "x" * 99: ""}}}),
    "a tag's value": options({"create": {"tags": {SPECIAL: 1}}}),
    "a key that is there twice": b"\x93\x01\x01\x82" + (msgpack.packb(SPECIAL) + b"\xc0") * 2,
    "a name": options({"name": SPECIAL * 64}),
    "a word": options({"role": SPECIAL}),
}


@pytest.mark.parametrize("message", STRANGE_WORDS.values(), ids=STRANGE_WORDS)
def test_no_error_shows_what_a_terminal_would_obey(message: bytes) -> None:
    error = refusal_of(message, Role.CLIENT)
    assert error is not None
    assert str(error).isprintable()
    check(message, Role.CLIENT)


def test_an_error_names_a_field_as_the_wire_does_whoever_is_at_fault() -> None:
    wrong = (1, 2, 3, cast(Any, None))
    with pytest.raises(LocalProtocolError, match=r"SEND\.target\[3\]"):
        encode(Send(wrong, b""))
    with pytest.raises(RemoteProtocolError, match=r"SEND\.target\[3\]"):
        decode(b"\x93\x10" + msgpack.packb(wrong) + b"\xc4\x00", Role.CLIENT)
    with pytest.raises(LocalProtocolError, match=r"HELLO\.options\.create\.tags\.a\.b "):
        encode(hello(create=RoomOptions(tags={"a.b": cast(Any, 1)})))
    with pytest.raises(RemoteProtocolError, match=r"HELLO\.options\.create\.tags\.a\.b "):
        decode(options({"create": {"tags": {"a.b": 1}}}), Role.CLIENT)
