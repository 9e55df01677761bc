"""Hypothesis strategies for the wire, made from the declarations of frames.py and records.py.

Each type of field has a strategy, so a new frame is searched as soon as it is declared.
"""

from __future__ import annotations

import struct
from functools import cache, singledispatch
from typing import Any

import msgpack
from hypothesis import settings
from hypothesis import strategies as st

from protocol import limits
from protocol.codec import FRAMES, Role, cut, encode
from protocol.fields.field_types import (
    Binary,
    Either,
    FieldType,
    Fixed,
    Flag,
    Integer,
    Mapped,
    OrFalse,
    Several,
    TargetField,
    Text,
    Word,
)
from protocol.fields.schema import Record, record_fields
from protocol.frames import Frame

ROOMY = 300
"""Most bytes of a drawn string: a little more than 255, where heads change."""


def share(part: float) -> settings:
    """Return settings with this share of the profile's examples, but at least 20."""
    return settings(max_examples=max(20, round(settings().max_examples * part)))


EDGES = (0, -1, -32, -33, 127, 128, 255, 256, 65535, 65536, 2**32 - 1, 2**32)
"""Numbers around which the heads of ints change."""

STR_HEADS = ((0xD9, "B"), (0xDA, "H"), (0xDB, "I"))
BIN_HEADS = ((0xC4, "B"), (0xC5, "H"), (0xC6, "I"))
ARRAY_HEADS = ((0xDC, "H"), (0xDD, "I"))
MAP_HEADS = ((0xDE, "H"), (0xDF, "I"))
INT_HEADS = (
    *((0xCC, "B"), (0xCD, "H"), (0xCE, "I"), (0xCF, "Q")),
    *((0xD0, "b"), (0xD1, "h"), (0xD2, "i"), (0xD3, "q")),
)


# One strategy for each type.


@singledispatch
def values(kind: FieldType) -> st.SearchStrategy[Any]:
    """Return the values that a field of this type may have in a frame."""
    raise NotImplementedError(type(kind).__name__)


@values.register
def _(kind: Integer) -> st.SearchStrategy[Any]:
    edges = [
        kind.low,
        kind.high,
        0,
        -1,
        -32,
        -33,
        127,
        128,
        255,
        256,
        65535,
        65536,
        2**32,
        2**53 - 1,
    ]
    near = [edge for edge in edges if kind.low <= edge <= kind.high]
    return st.sampled_from(near) | st.integers(kind.low, kind.high)


@values.register
def _(kind: Flag) -> st.SearchStrategy[Any]:
    return st.booleans()


@values.register
def _(kind: Text) -> st.SearchStrategy[Any]:
    characters = st.characters(codec="utf-8")
    texts = st.text(characters, min_size=kind.low, max_size=min(kind.high, ROOMY))
    return texts.map(lambda text: cut(text, kind.high))


@values.register
def _(kind: Word) -> st.SearchStrategy[Any]:
    return st.sampled_from(kind.words)


@values.register
def _(kind: Binary) -> st.SearchStrategy[Any]:
    high = min(kind.high, ROOMY)
    return st.binary(min_size=kind.low, max_size=max(kind.low, min(high, 8))) | st.binary(
        min_size=kind.low, max_size=high
    )


@values.register
def _(kind: OrFalse) -> st.SearchStrategy[Any]:
    return st.just(False) | values(kind.field_type)


@values.register
def _(kind: Several) -> st.SearchStrategy[Any]:
    return st.lists(values(kind.field_type), max_size=min(kind.high, 20)).map(tuple)


@values.register
def _(kind: Fixed) -> st.SearchStrategy[Any]:
    return st.tuples(*(values(each) for each in kind.field_types))


@values.register
def _(kind: Mapped) -> st.SearchStrategy[Any]:
    words = values(kind.word).filter(lambda word: word != "__proto__")
    return st.dictionaries(words, values(kind.field_type), max_size=kind.high)


@values.register
def _(kind: Either) -> st.SearchStrategy[Any]:
    return st.one_of(*(values(each) for each in kind.field_types))


@values.register
def _(kind: TargetField) -> st.SearchStrategy[Any]:
    return st.none() | st.booleans() | values(kind.one) | values(kind.several)


@values.register
def _(kind: Record) -> st.SearchStrategy[Any]:
    return built(kind.cls)


def built(cls: type[Any]) -> st.SearchStrategy[Any]:
    """Return instances of a frame or record. Optional keys sometimes have their default."""
    fields = {}
    for name, kind, default in record_fields(cls):
        fields[name] = values(kind) if default is not None else st.none() | values(kind)
    return st.builds(cls, **fields)


@cache
def frames(by: Role) -> st.SearchStrategy[Frame]:
    """Return every frame that `by` may send."""
    return st.one_of(*(built(cls) for cls in FRAMES[by].values()))


roles = st.sampled_from(Role)

spoken: st.SearchStrategy[tuple[Frame, Role]] = st.one_of(
    *(st.tuples(frames(by), st.just(by)) for by in Role)
)
"""A frame, and the role that may send it."""


# Values of a game, within the interop profile.

keys = st.text(st.characters(codec="utf-8"), max_size=8).filter(lambda key: key != "__proto__")

leaves: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers(-limits.MAX_INT, limits.MAX_INT)
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8"), max_size=40)
    | st.binary(max_size=40)
)

game_values: st.SearchStrategy[Any] = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(keys, inner, max_size=6),
    max_leaves=20,
)


# Damage.

TRAPS = [
    bytes([0xC1]),
    bytes([0x91]) * 20,
    bytes.fromhex("DDFFFFFFFF"),
    bytes.fromhex("DFFFFFFFFF"),
    bytes.fromhex("C6FFFFFFFF"),
    bytes.fromhex("DBFFFFFFFF"),
    bytes.fromhex("D40500"),
    bytes.fromhex("CF0020000000000000"),
    bytes.fromhex("A2C080"),
    bytes.fromhex("A3EDA080"),
    bytes.fromhex("A95F5F70726F746F5F5F"),
]


@st.composite
def mutants(draw: st.DrawFn, originals: st.SearchStrategy[bytes]) -> bytes:
    """A valid message with a part of it cut, overwritten, repeated or added."""
    data = draw(originals)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        stop = draw(st.integers(start, min(len(data), start + 12)))
        patch = draw(
            st.binary(max_size=4)
            | st.sampled_from(TRAPS)
            | st.just(data[start:stop] * 2)
            | st.integers(0, 255).map(lambda byte: bytes([byte]))
        )
        data = data[:start] + patch + data[stop:]
    return data


@st.composite
def piles(draw: st.DrawFn) -> bytes:
    """A frame's head, then a few chunks repeated many times: deep, wide, or with false lengths."""
    chunk = st.sampled_from(TRAPS) | st.binary(min_size=1, max_size=4)
    parts = draw(st.lists(st.tuples(chunk, st.integers(1, 1500)), max_size=4))
    head = draw(st.sampled_from([b"\x93\x10", b"\x93\x01\x01", b"\x94\x12", b"\x92\x14\x9f", b""]))
    return head + b"".join(part * times for part, times in parts)


@cache
def messages(by: Role) -> st.SearchStrategy[bytes]:
    """Return encoded frames of `by`."""
    return frames(by).map(encode)


# The same value with longer heads than necessary.


@st.composite
def long_winded(draw: st.DrawFn, message: bytes) -> bytes:
    """The same frame, each value with any head that fits it. The frame's own two heads stay."""
    opcode, *fields = msgpack.unpackb(message)
    return message[:1] + bytes([opcode]) + b"".join(wordy(draw, field) for field in fields)


def wordy(draw: st.DrawFn, value: Any) -> bytes:
    short = packed(value)
    match value:
        case bool() | None:
            return short
        case int():
            return draw(st.sampled_from([short, *longer_ints(value)]))
        case str():
            return heading(draw, short, value.encode(), STR_HEADS, len(value.encode()))
        case bytes():
            return heading(draw, short, value, BIN_HEADS, len(value))
        case list():
            inner = b"".join(wordy(draw, element) for element in value)
            return heading(draw, head_of(value) + inner, inner, ARRAY_HEADS, len(value))
        case _:
            inner = b"".join(wordy(draw, part) for entry in value.items() for part in entry)
            return heading(draw, head_of(value) + inner, inner, MAP_HEADS, len(value))


def packed(value: Any) -> bytes:
    data: bytes = msgpack.packb(value)
    return data


def head_of(container: Any) -> bytes:
    """Return the shortest head of a container."""
    return packed(container)[: 1 if len(container) < 16 else 3]


def longer_ints(number: int) -> list[bytes]:
    fitting = []
    for head, form in INT_HEADS:
        try:
            fitting.append(struct.pack(f">B{form}", head, number))
        except struct.error:
            continue
    return fitting


def heading(
    draw: st.DrawFn, short: bytes, body: bytes, heads: tuple[tuple[int, str], ...], length: int
) -> bytes:
    """Choose the short form, or any head whose length can hold this one."""
    fitting = [
        struct.pack(f">B{form}", head, length) + body
        for head, form in heads
        if length < 1 << (8 * struct.calcsize(form))
    ]
    return draw(st.sampled_from([short, *fitting]))
