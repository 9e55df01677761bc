"""What a message claims takes no more memory than it is worth."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import msgpack
import pytest

from protocol.codec import Role, decode, unpack
from protocol.errors import RemoteProtocolError
from protocol.quick.claims import HARMLESS, are_doubles, has_long_within
from tests.helpers.memory import peak_of


def refusal(read: Callable[[], object]) -> object:
    """Return the code of the error that is raised, if one is."""
    try:
        read()
    except RemoteProtocolError as error:
        return error.code
    return None


BOMBS = {
    "arrays of 15 within one another": b"\x9f" * 1100,
    "arrays of 15, few": b"\x9f" * 500,
    "arrays of 1024 within one another": b"\xdc\x04\x00" * 1000,
    "arrays of 1024, few": b"\xdc\x04\x00" * 100,
    "arrays as large as the message": b"\xdc\x00\x90" * 50,
    "arrays as large as a message of 160 bytes": b"\xdc\x00\x9f" * 53,
    "arrays of 15 within one of 1024": b"\xdc\x04\x00" + b"\x9f" * (HARMLESS - 8),
    "arrays of 15 within one of 1024, more": b"\xdc\x04\x00" + b"\x9f" * 1390,
    "arrays of 246 behind ints": b"\xdc\x00\xf6" + b"\xe0" * 114 + b"\xdc\x00\xf6" * 43,
    "arrays of 1024 behind ints": b"\xdc\x04\x00" + b"\xe0" * 1023 + b"\xdc\x04\x00" * 22,
    "arrays of 1024 behind maps": b"\xdc\x04\x00"
    + (b"\x81\xa0" * 200 + b"\x80") * 39
    + b"\xdc\x04\x00" * 180,
    "arrays of 15 behind maps": b"\xdc\x04\x00" + b"\x81\xa0" * 184 + b"\x80" + b"\x9f" * 1021,
    "maps of 1024 within one another": b"\xde\x04\x00\xa0" * 1000,
    "maps within one another": b"\x81\xa0" * 1000,
    "an array that claims 4 G": b"\xdd\xff\xff\xff\xff" * 20,
    "a str that claims 4 G": b"\xdb\xff\xff\xff\xff",
    "a bin that claims 4 G": b"\xc6\xff\xff\xff\xff",
    "empty maps, too many": (b"\xdc\x03\xff" + b"\x80" * 1023) * 64,
}


@pytest.mark.parametrize("by", [None, *Role])
@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_claims_take_no_more_than_the_message_is_worth(bomb: bytes, by: Role | None) -> None:
    heads = (
        [b""] if by is None else [b"\x93\x10", b"\x93\x01\x01", b"\x94\x11\x01\x02", b"\x94\x41"]
    )
    for data in [head + bomb for head in heads]:
        read = partial(unpack, data) if by is None else partial(decode, data, by)
        peak = peak_of(partial(refusal, read))
        assert peak < 64 * 1024 + 100 * len(data), data[:8].hex()


@pytest.mark.parametrize(
    "data",
    [
        b"\x91\xdc\x00\x10",
        b"\x91\xdd\x00\x00\x01\x00",
        b"\x91\xcb\xdc\x01" + bytes(6),  # bytes of a float
        msgpack.packb([[0] * 16]),
    ],
)
def test_a_head_that_may_be_long_is_seen(data: bytes) -> None:
    assert has_long_within(data)


@pytest.mark.parametrize("data", [msgpack.packb([0] * 16), b"\x91\xdc\x05\x00", b"\x91\x01"])
def test_the_outermost_and_what_is_refused_for_its_length_count_as_none(data: bytes) -> None:
    assert not has_long_within(data)


@pytest.mark.parametrize("count", [1, 15, 16, 70_000])
def test_floats_alone_are_told_by_each_ninth_byte(count: int) -> None:
    data = msgpack.packb([-1.5] * count)
    assert are_doubles(data)
    assert not are_doubles(data + b"\xcb")
    assert not are_doubles(data[:-9] + b"\x91" + data[-8:])


def test_no_floats_are_none() -> None:
    assert not are_doubles(b"\x90")
