"""The quick way to read a message returns what the scan lets through, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.fuzz.inputs.cases import Reader, cases
from protocol.codec import (
    CLIENT_READERS,
    RELAY_READERS,
    Role,
    decode,
    decode_slowly,
    pack,
    unpack,
    unpack_slowly,
)
from protocol.errors import RemoteProtocolError
from protocol.limits import MAX_INT
from protocol.quick import values as quick
from roomwire.testing import game_values, messages, mutants, piles
from tests.helpers.strategies import share

Outcome = tuple[object, ...]


def outcome(read: Callable[[], Any]) -> Outcome:
    """Return all that a reader says: a value, or an error with its words."""
    try:
        return ("value", repr(read()))
    except RemoteProtocolError as error:
        return (error.code, error.offset, error.limit, str(error))


def check_frame(data: bytes, by: Role) -> None:
    assert outcome(lambda: decode(data, by)) == outcome(lambda: decode_slowly(data, by)), data.hex()


def check_payload(data: bytes) -> None:
    assert outcome(lambda: unpack(data)) == outcome(lambda: unpack_slowly(data)), data.hex()


COUNT = 2 * max(settings().max_examples, 5_000)
"""Damaged messages of each kind: 10,000, and 200,000 in `make fuzz`."""


@pytest.mark.fuzz
@pytest.mark.parametrize("by", Role)
def test_both_ways_agree_about_thousands_of_damaged_frames(by: Role) -> None:
    reader = Reader.CLIENT_FRAME if by is Role.CLIENT else Reader.RELAY_FRAME
    for case in islice(cases(1, reader), COUNT):
        check_frame(case.data, by)


@pytest.mark.fuzz
def test_both_ways_agree_about_thousands_of_damaged_payloads() -> None:
    for case in islice(cases(2, Reader.PAYLOAD), COUNT):
        check_payload(case.data)


@pytest.mark.fuzz
@share(0.1)
@given(st.one_of(*(st.tuples(mutants(messages(by)) | piles(), st.just(by)) for by in Role)))
def test_both_ways_agree_about_a_frame_of_any_shape(case: tuple[bytes, Role]) -> None:
    check_frame(*case)


@pytest.mark.fuzz
@share(0.1)
@given(mutants(game_values().map(pack)) | piles())
def test_both_ways_agree_about_a_payload_of_any_shape(data: bytes) -> None:
    check_payload(data)


# At the bounds.


def nested(depth: int, innermost: object = 0) -> object:
    value = innermost
    for level in range(depth):
        value = {"k": value} if level % 3 else [value]
    return value


def nodes(count: int) -> list[list[int]]:
    """Return arrays of that many values in all, themselves included."""
    rest = count - 1
    value = []
    while rest:
        size = min(rest, 1001)
        value.append([0] * (size - 1))
        rest -= size
    return value


RIGHT: dict[str, object] = {
    "depth 16": nested(16),
    "depth 16, bytes within": nested(16, b"bytes"),
    "depth 16, empty, and many containers beside": [nested(14, []), *[[]] * 30],
    "depth 16, and many containers beside": [nested(15), [[]] * 30],
    "1024 elements": [0] * 1024,
    "1024 entries": {str(n): n for n in range(1024)},
    "1024 entries, and a container": {**{str(n): n for n in range(1023)}, "": [1]},
    "4096 values": nodes(4096),
    "4096 values, keys among them": [{str(n): n for n in range(1000)}, *nodes(2095)],
    "the largest ints": [MAX_INT, -MAX_INT],
    "the largest ints in an array in a map": {"a": [MAX_INT, -MAX_INT], "b": b"bytes"},
    "a map in an array in a map": {"a": [0.1, 0.3], "b": [{"c": 0.1}]},
    "the largest ints in a map": {"a": MAX_INT, "b": -MAX_INT, "c": "x"},
    "the largest ints deep within": [{"a": MAX_INT}, [[-MAX_INT]]],
    "the largest int alone": MAX_INT,
    "the largest ints, many": [MAX_INT, -MAX_INT] * 500,
    "the largest int amid floats": [0.5, MAX_INT, float("nan"), 2.0**60],
    "floats beyond it": [{"a": 2.0**53, "b": -(2.0**60)}, [float("inf")]],
    "bytes within": {"a": [b"bytes"], "b": b"more"},
    "bytes that look like bin in a text of 40 bytes, within": [{"a": {"b": "č" * 20}}],
    "an array that begins with a float, and has others": [0.5, "x", [1]],
    "a text alone": "hello",
    "bytes that begin nothing": bytes(range(256)) * 3,
    "a long text": "ä" * 9000,
    "nothing": None,
    "no elements": [],
    "no entries": {},
}


@pytest.mark.parametrize("value", RIGHT.values(), ids=RIGHT)
def test_what_is_right_at_a_bound_is_read_quickly(value: object) -> None:
    data = msgpack.packb(value)
    assert repr(quick.unpack(data)) == repr(value) == repr(unpack_slowly(data))


WRONG: dict[str, object] = {
    "depth 17": nested(17),
    "depth 17, empty": nested(16, []),
    "depth 17, bytes within": nested(17, b"bytes"),
    "depth 17, empty, and many containers beside": [nested(15, []), *[[]] * 30],
    "depth 17, and many containers beside": [nested(16), [[]] * 30],
    "1025 elements": [0] * 1025,
    "1025 elements within": [[0] * 1025],
    "1025 entries": {str(n): n for n in range(1025)},
    "4097 values": nodes(4097),
    "4097 values, keys among them": [{str(n): n for n in range(1000)}, *nodes(2096)],
    "an int too large alone": MAX_INT + 1,
    "an int too small alone": -MAX_INT - 1,
    "an int too large in an array": [0, MAX_INT + 1],
    "an int too large beside a text": ["x", MAX_INT + 1],
    "an int too large in an array in a map": {"a": [0, MAX_INT + 1], "b": "x"},
    "an int too large in an array in an array": [[0, MAX_INT + 1], "x"],
    "an int too large beside nan": [float("nan"), MAX_INT + 1],
    "an int too large in a map": {"a": 0, "b": MAX_INT + 1},
    "an int too large amid small ones": [0] * 500 + [MAX_INT + 1] + [0] * 500,
    "an int too large amid floats": [0.5, MAX_INT + 1, 0.5],
    "an int too small amid floats, within": [[0.5, -MAX_INT - 1, 0.5]],
    "an int too large amid texts": ["x", MAX_INT + 1, "x"],
    "depth 17 amid ints": [0, nested(16), 0],
    "depth 17 amid texts": ["x", nested(16), "x"],
    "an int too small deep within": [{"a": [0, -MAX_INT - 1]}],
    "an int too large beside a larger float": [2.0**60, MAX_INT + 1],
    "a bin for a key": {b"k": 0},
    "a bin for a key within": [{"a": {b"k": 0}}],
    "a key that JavaScript cannot hold": {"__proto__": 0},
    "a key that JavaScript cannot hold, within": [{"__proto__": 0}],
    "a bin for a key deep within, beside bytes": [{"a": {"b": {b"k": b"bytes"}}}],
    "an ext behind a float": [0.5, msgpack.ExtType(5, b"x")],
    "a timestamp behind a float": [0.5, msgpack.Timestamp(1, 0)],
    "an ext": msgpack.ExtType(5, b"x"),
    "an ext without bytes": [msgpack.ExtType(5, b"")],
    "a timestamp": [msgpack.Timestamp(1, 0)],
    "an ext that looks like an input": [0x41, 1, 1, [msgpack.ExtType(5, b"x")]],
}


@pytest.mark.parametrize("value", WRONG.values(), ids=WRONG)
def test_what_is_wrong_beyond_a_bound_is_never_read_quickly(value: object) -> None:
    data = msgpack.packb(value)
    with pytest.raises(quick.DOUBTS):
        quick.unpack(data)
    check_payload(data)
    check_frame(data, Role.RELAY)


def others(count: int) -> str:
    """Return the entries of a map, in hex."""
    return b"".join(msgpack.packb(f"{number}") + b"\0" for number in range(count)).hex()


TWICE = {
    "alone": "82A16B00A16B01",
    "in two ways to write it": "82A16B00D9016B01",
    "with a long head": "DE0002A16B00A16B01",
    "with the longest head": "DF00000002A16B00A16B01",
    "beside 93 others, after a head that may be that of 94": "DE005F" + others(93) + 2 * "A16B00",
    "beside 94 others, after a head that may be that of 95": "DF00000060"
    + others(94)
    + 2 * "A16B00",
    "within": "9182A16B00A16B01",
    "within, beside others": "92A082A16B9082A16B00A16B01",
    "beside an array": "82A16B92CB3FD333333333333300A16B01",
    "within another, beside an array": "81A1619192CB3FD333333333333382A16B00A16B01",
}


@pytest.mark.parametrize("in_hex", TWICE.values(), ids=TWICE)
def test_a_key_that_is_there_twice_is_never_read_quickly(in_hex: str) -> None:
    data = bytes.fromhex(in_hex)
    with pytest.raises(quick.DOUBTS):
        quick.unpack(data)
    check_payload(data)


@given(game_values())
def test_whatever_is_packed_is_read_quickly(value: object) -> None:
    data = pack(value)
    if len(data) <= quick.LARGE and b"__proto__" not in data:
        assert repr(quick.unpack(data)) == repr(value)


@given(st.one_of(*(st.tuples(messages(by), st.just(by)) for by in Role)))
def test_whatever_is_encoded_is_read_quickly(case: tuple[bytes, Role]) -> None:
    data, by = case
    if b"__proto__" not in data:
        readers = CLIENT_READERS if by is Role.CLIENT else RELAY_READERS
        assert readers[data[1]][data[0]](data) == decode_slowly(data, by)
