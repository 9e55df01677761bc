"""The walk over a message: what it costs, and where it says things are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.codec import Role, decode, encode, pack
from protocol.error_codes import ErrorCode
from protocol.errors import RemoteProtocolError
from protocol.fields.mismatch import Key, Path
from protocol.frames import Send
from protocol.scan import locate, scan, skip
from roomwire.testing import game_values, long_winded, messages, roles
from tests.helpers import vectors
from tests.helpers.memory import peak_of


def refuse(message: bytes, by: Role) -> None:
    """Decode, whatever comes of it."""
    with suppress(RemoteProtocolError):
        decode(message, by)


HOSTILE = [
    *(vectors.message(vector["hex"]) for vector in vectors.load("malformed")),
    b"\x93\x10" + b"\xdd\xff\xff\xff\xff" * 1000,
    b"\x93\x10\xc0\xc6\xff\xff\xff\xff",
    b"\x93\x01\x01\xdf\xff\xff\xff\xff",
    b"\x93\x01\x01\x84" + b"".join(b"\xa1%c\xdc\x03\xfc" % key + b"\x80" * 1020 for key in b"abcd"),
    b"\x93\x01\x01\x84" + b"".join(b"\xa1%c\xdc\x03\xf0" % key + b"\x90" * 1008 for key in b"abcd"),
    b"\x93\x01\x01\xde\x03\xf8"
    + b"".join(b"\xa4" + b"%04d" % number + b"\x81\xa0\xc0" for number in range(1016)),
]


@pytest.mark.parametrize("by", Role)
def test_decoding_allocates_no_more_than_the_message_is_worth(by: Role) -> None:
    for message in HOSTILE:
        peak = peak_of(partial(refuse, message, by))
        assert peak < 64 * 1024 + 100 * len(message), message[:20].hex()


class Counting(bytes):
    """Bytes that count how many of them are looked at."""

    looked_at = 0

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        Counting.looked_at += 1 if isinstance(found, int) else 1 + len(found)
        return found


def work(message: bytes) -> int:
    Counting.looked_at = 0
    refuse(Counting(message), Role.CLIENT)
    return Counting.looked_at


def keyed(count: int, last: bytes) -> bytes:
    entries = b"".join(b"\xa3%03d\xc0" % number for number in range(count))
    return b"\x93\x01\x01\xde" + (count + 1).to_bytes(2) + entries + last


def sized(text: bytes) -> bytes:
    """Write a str with a head of three bytes."""
    return b"\xda" + len(text).to_bytes(2) + text


SHAPES: dict[str, Callable[[int], bytes]] = {
    "players": lambda n: encode(Send(tuple(range(1, n)), b"")),
    "a wrong player at the end": lambda n: (
        b"\x93\x10\xdc" + n.to_bytes(2) + b"\x01" * (n - 1) + b"\x00\xc4\x00"
    ),
    "unknown options": lambda n: keyed(n, b"\xa4name\xa0"),
    "a wrong option behind unknown ones": lambda n: keyed(n, b"\xa4name\x01"),
    "a long payload": lambda n: encode(Send(None, bytes(n * 50))),
    "a long str that is wrong at its end": lambda n: (
        b"\x93\x24\x02" + sized(b"a" * (n * 50) + b"\xff")
    ),
    "a long name": lambda n: b"\x93\x01\x01\x81\xa4name" + sized(b"a" * (n * 50)),
    "nothing but heads": lambda n: b"\x93\x10" + b"\x91" * (n * 50),
    "a long key that is there twice": lambda n: (
        b"\x93\x01\x01\x82" + (sized(b"k" * (n * 20)) + b"\xc0") * 2
    ),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_decoding_is_linear_in_the_message(shape: Callable[[int], bytes]) -> None:
    once, twice = shape(250), shape(500)
    assert work(twice) / work(once) <= 1.05 * len(twice) / len(once) + 0.05
    assert work(twice) <= 10 * len(twice) + 100


# Keys.

KEY_LENGTHS = [0, 1, 8, 16, 31, 32, 33, 40, 41, 64, 65, 100, 255, 256, 1000, 65535, 65536]


def key_of(length: int) -> bytes:
    packed: bytes = msgpack.packb("k" * length)
    return packed


@pytest.mark.parametrize("length", KEY_LENGTHS)
@pytest.mark.parametrize("between", [0, 1, 300])
def test_a_key_that_is_there_twice_is_noticed_however_long_it_is(length: int, between: int) -> None:
    others = b"".join(b"\xa6o%05d\xc0" % number for number in range(between))
    head = b"\xde" + (between + 2).to_bytes(2)
    first = head + key_of(length) + b"\xc0" + others
    with pytest.raises(RemoteProtocolError) as caught:
        scan(first + key_of(length) + b"\xc0")
    assert (caught.value.code, caught.value.offset) == (ErrorCode.DUPLICATE_KEY, len(first))


@pytest.mark.parametrize("length", KEY_LENGTHS[1:])
def test_keys_that_differ_in_their_last_byte_alone_are_two(length: int) -> None:
    scan(b"\x82" + key_of(length) + b"\xc0" + key_of(length)[:-1] + b"l\xc0")


# Where things are.


def paths(value: Any) -> Iterator[tuple[Path, Any]]:
    """Yield the path to everything within a value, keys included, and what is there."""
    yield (), value
    if isinstance(value, list):
        for index, element in enumerate(value):
            for path, inner in paths(element):
                yield (index, *path), inner
    elif isinstance(value, dict):
        for key, element in value.items():
            yield (Key(key),), key
            for path, inner in paths(element):
                yield (key, *path), inner


@given(st.lists(game_values()).map(pack) | roles().flatmap(messages))
def test_locate_finds_whatever_is_there(message: bytes) -> None:
    for path, value in paths(msgpack.unpackb(message)):
        start = locate(message, path)
        found = message[start : skip(message, start)]
        assert repr(msgpack.unpackb(found)) == repr(value)


@given(st.data())
def test_locate_finds_things_behind_long_heads(data: st.DataObject) -> None:
    message = data.draw(roles().flatmap(messages).flatmap(long_winded))
    for path, value in paths(msgpack.unpackb(message)):
        start = locate(message, path)
        assert msgpack.unpackb(message[start : skip(message, start)]) == value


@given(roles().flatmap(messages))
def test_every_frame_that_can_be_built_is_within_the_profile(message: bytes) -> None:
    scan(message)
    assert skip(message, 0) == len(message)
