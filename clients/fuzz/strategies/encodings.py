"""The same value with longer heads than it needs: a reader must take them all (SPEC 3.1.3)."""

from __future__ import annotations

from typing import Any

import msgpack
from hypothesis import strategies as st

from clients.fuzz.inputs.writing.heads import Kind, heads, ints


@st.composite
def long_winded(draw: st.DrawFn, message: bytes) -> bytes:
    """Return the same frame in any legal form: each value has one of the heads that fit it.

    The frame's own two bytes have one form only.

    >>> from hypothesis import find
    >>> find(long_winded(b"\\x92\\x07\\x05"), lambda message: len(message) > 4).hex(" ")
    '92 07 cd 00 05'
    """
    opcode, *fields = msgpack.unpackb(message)
    return message[:1] + bytes([opcode]) + b"".join(_encoding(draw, field) for field in fields)


@st.composite
def encodings(draw: st.DrawFn, value: Any) -> bytes:
    """Return a value as a payload in any legal form: each part has one of the heads that fit it.

    >>> from hypothesis import find
    >>> find(encodings("hi"), lambda payload: payload[0] == 0xDA)
    b'\\xda\\x00\\x02hi'
    """
    return _encoding(draw, value)


def _encoding(draw: st.DrawFn, value: Any) -> bytes:
    match value:
        case None | bool() | float():
            packed: bytes = msgpack.packb(value)
            return packed
        case int():
            return draw(st.sampled_from(ints(value)))
        case str():
            return _head(draw, Kind.STR, len(value.encode())) + value.encode()
        case bytes():
            return _head(draw, Kind.BIN, len(value)) + value
        case list() | tuple():
            elements = b"".join(_encoding(draw, element) for element in value)
            return _head(draw, Kind.ARRAY, len(value)) + elements
        case dict():
            parts = b"".join(_encoding(draw, part) for entry in value.items() for part in entry)
            return _head(draw, Kind.MAP, len(value)) + parts
    raise TypeError(f"no payload holds a {type(value).__name__}")


def _head(draw: st.DrawFn, kind: Kind, length: int) -> bytes:
    return draw(st.sampled_from(heads(kind, length)))
