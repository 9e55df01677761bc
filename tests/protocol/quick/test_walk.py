"""The walk knows which bytes of a small message are heads, and takes nothing of which it is not
sure."""

from __future__ import annotations

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.codec import pack, unpack, unpack_slowly
from protocol.errors import RemoteProtocolError
from protocol.limits import MAX_DEPTH
from protocol.quick import values
from protocol.quick.walk import is_flat, is_nested


def is_walked(data: bytes) -> bool:
    return bool(is_flat(data) or is_nested(data))


LIKE_HEADS = bytes([0xC4, 0x84, 0xCF, 0xDC, 0xC7, 0x9F, 0xD3, 0x5F])
"""Heads of a bin, a map, an int of 64 bits, arrays and an ext, and a part of a forbidden key."""
FLOAT = msgpack.unpackb(b"\xcb" + LIKE_HEADS)

TAKEN: dict[str, object] = {
    "a map of floats": {"x": FLOAT, "y": FLOAT},
    "a text and a place": {"type": "move", "pos": [FLOAT, FLOAT]},
    "players": [{"id": n, "pos": [FLOAT, FLOAT]} for n in range(8)],
    "ints of all sizes": [FLOAT, *(sign << bits for bits in range(32) for sign in (1, -1))][:15],
    "15 elements": [FLOAT] * 15,
    "texts of all sizes": {"t" * size: FLOAT for size in (1, 8, 9, 31)},
    "text that is not ASCII": ["\u02cb\u0300\u00c4", FLOAT, "\U0001f3ae"],
    "nothing, and empty ones": [FLOAT, None, True, False, "", [], {}],
    "many pairs, as deep as may be": {"deep": [[[FLOAT, FLOAT]] * 9]},
}

NOT_TAKEN: dict[str, object] = {
    "a bin": [FLOAT, b"x"],
    "an int of 64 bits": [FLOAT, 1 << 32],
    "a text of 32": [FLOAT, "t" * 32],
    "16 elements": [FLOAT] * 16,
    "an ext": [FLOAT, msgpack.ExtType(1, b"x")],
    "a forbidden key": {"__proto__": FLOAT},
    "a forbidden key within": [{"__proto__": FLOAT}],
}


@pytest.mark.parametrize("value", TAKEN.values(), ids=TAKEN)
def test_it_goes_through_what_needs_no_further_look(value: object) -> None:
    data = pack(value)
    assert is_walked(data)
    assert repr(unpack(data)) == repr(unpack_slowly(data)) == repr(msgpack.unpackb(data))


@pytest.mark.parametrize("value", NOT_TAKEN.values(), ids=NOT_TAKEN)
def test_it_leaves_the_rest_to_others(value: object) -> None:
    assert not is_walked(msgpack.packb(value))


def nested(depth: int) -> list[object]:
    innermost: list[object] = [FLOAT]
    for _ in range(depth - 1):
        innermost = [innermost]
    return innermost


def test_it_goes_no_deeper_than_may_be() -> None:
    assert is_walked(pack(nested(MAX_DEPTH - 1)))
    deepest = nested(MAX_DEPTH - 2)
    deepest.append([FLOAT, FLOAT])
    assert is_walked(pack(deepest))
    assert not is_walked(msgpack.packb(nested(MAX_DEPTH)))
    assert unpack(pack(nested(MAX_DEPTH))) == nested(MAX_DEPTH)  # by another way


def test_it_says_whether_there_are_others_within() -> None:
    for value in ({"x": FLOAT}, [FLOAT, [FLOAT, FLOAT]]):
        assert is_flat(pack(value))
        assert not is_nested(pack(value))
    for value in ([FLOAT, []], [FLOAT, {}], {"x": [FLOAT]}, {"x": [FLOAT, 1]}):
        assert is_nested(pack(value))
        assert not is_flat(pack(value))


@pytest.mark.parametrize(
    "data",
    [
        b"\x82\xa1x\xcb" + LIKE_HEADS + b"\xa1x\xcb" + LIKE_HEADS,
        b"\x91\x82\xa1x\xcb" + LIKE_HEADS + b"\xa1x\xcb" + LIKE_HEADS,
        b"\x82\xa1x\xcb" + LIKE_HEADS,
        b"\x81\xa1x\xcb" + LIKE_HEADS + b"\x00",
        b"\x81\xa1\xff\xcb" + LIKE_HEADS,
        b"\x81\x01\xcb" + LIKE_HEADS,
    ],
    ids=[
        "a key twice",
        "a key twice within",
        "one entry is missing",
        "a byte is left",
        "no UTF-8",
        "a key that is an int",
    ],
)
def test_what_it_does_not_prove_is_found_by_others(data: bytes) -> None:
    assert is_walked(data)
    with pytest.raises(values.DOUBTS):
        values.unpack(data)
    with pytest.raises(RemoteProtocolError):
        unpack(data)


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=8), st.binary(max_size=4))
def test_bytes_of_floats_mislead_nobody(floats: list[float], tail: bytes) -> None:
    """Whatever is appended to a message that is right makes it wrong, or is a value within."""
    data = pack({"f": floats})
    longer = bytes([data[0] + 1]) + data[1:] + b"\xa1t" + tail
    for message in (data, longer):
        try:
            expected: object = repr(unpack_slowly(message))
        except RemoteProtocolError as error:
            expected = (error.code, error.offset)
        try:
            found: object = repr(unpack(message))
        except RemoteProtocolError as error:
            found = (error.code, error.offset)
        assert found == expected
