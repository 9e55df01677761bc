"""Heads of msgpack, and every head that a length or number can have."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from enum import IntEnum, auto
from functools import lru_cache
from random import Random
from typing import Final, TypeVar

Choice = TypeVar("Choice")


class Kind(IntEnum):
    """What a head begins."""

    NIL = auto()
    BOOL = auto()
    INT = auto()
    FLOAT = auto()
    STR = auto()
    BIN = auto()
    ARRAY = auto()
    MAP = auto()


NIL: Final = b"\xc0"
FALSE: Final = b"\xc2"
TRUE: Final = b"\xc3"

FORBIDDEN_HEADS: Final = (0xC1, 0xC7, 0xC8, 0xC9, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8)
"""0xC1, which is nothing, and the heads of extension types."""

SHORT: Final = {Kind.STR: (0xA0, 31), Kind.ARRAY: (0x90, 15), Kind.MAP: (0x80, 15)}
"""Heads of one byte that hold their length: the first of them, and the longest length."""

LONG: Final = {
    Kind.STR: ((0xD9, 1), (0xDA, 2), (0xDB, 4)),
    Kind.BIN: ((0xC4, 1), (0xC5, 2), (0xC6, 4)),
    Kind.ARRAY: ((0xDC, 2), (0xDD, 4)),
    Kind.MAP: ((0xDE, 2), (0xDF, 4)),
}
"""Heads with their length in the bytes that follow: the head, and how many bytes follow."""

UNSIGNED: Final = ((0xCC, 1), (0xCD, 2), (0xCE, 4), (0xCF, 8))
SIGNED: Final = ((0xD0, 1), (0xD1, 2), (0xD2, 4), (0xD3, 8))


def pick(rng: Random, choices: Sequence[Choice]) -> Choice:
    """Choose one, in a third of the time that `rng.choice` takes."""
    return choices[int(rng.random() * len(choices))]


@lru_cache(maxsize=8192)
def heads(kind: Kind, length: int) -> tuple[bytes, ...]:
    """Return every head that can carry this length, the shortest first."""
    first, longest = SHORT.get(kind, (0, -1))
    short = [bytes([first + length])] if length <= longest else []
    long = [
        bytes([head]) + length.to_bytes(width)
        for head, width in LONG[kind]
        if length < 1 << 8 * width
    ]
    return tuple(short + long)


@lru_cache(maxsize=8192)
def ints(number: int) -> tuple[bytes, ...]:
    """Return every way to write a number, the shortest first."""
    short = [bytes([number & 0xFF])] if -32 <= number <= 127 else []
    unsigned = [
        bytes([head]) + number.to_bytes(width)
        for head, width in UNSIGNED
        if 0 <= number < 1 << 8 * width
    ]
    signed = [
        bytes([head]) + number.to_bytes(width, signed=True)
        for head, width in SIGNED
        if -(1 << 8 * width - 1) <= number < 1 << 8 * width - 1
    ]
    return tuple(short + unsigned + signed)


def single(number: float) -> bytes:
    return b"\xca" + struct.pack(">f", number)


def double(number: float) -> bytes:
    return b"\xcb" + struct.pack(">d", number)


def short_text(body: bytes) -> bytes:
    """Write a str with its shortest head."""
    return heads(Kind.STR, len(body))[0] + body


def short_binary(body: bytes) -> bytes:
    return heads(Kind.BIN, len(body))[0] + body


def short_array(*elements: bytes) -> bytes:
    return heads(Kind.ARRAY, len(elements))[0] + b"".join(elements)


def short_map(*entries: tuple[bytes, bytes]) -> bytes:
    """Write a map of keys and values that are written already."""
    return heads(Kind.MAP, len(entries))[0] + b"".join(key + value for key, value in entries)
