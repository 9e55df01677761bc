"""Texts and bytes of any length that a field allows, the lengths at which heads change first."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Final

from clients.fuzz.inputs.writing.heads import pick

ROOMY: Final = 300
"""Lengths up to which texts and bytes are drawn: beyond 255, where heads change."""

TURNS: Final = (0, 1, 2, 31, 32, 33, 255, 256, 257)
"""Lengths at which a head, or a check that is off by one, changes."""

PIECES: Final = tuple(
    piece.encode()
    for piece in (
        *("a", "b", "key", "hi", "0", "1", "10", "-1", "__proto__ ", "constructor", "toString"),
        *("\0", "\x7f", "\x80", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\ufffe", "\uffff"),
        *("\U00010000", "\U0010ffff", "\ufeff", "\u2028", "é", "e\u0301", "€", "😀", "\u202e"),
        *("\r\n", '"', "\\", "\x1b[31m", "\u200b", "İ", "ß"),
    )
)
"""What texts are made of: characters at the edges of UTF-8, and what programs stumble over."""


@cache
def lengths(low: int, high: int) -> tuple[int, ...]:
    """Return the lengths within these bounds that deserve to be tried often."""
    near = {low, low + 1, high - 1, high, *TURNS}
    return tuple(sorted(length for length in near if low <= length <= min(high, ROOMY + low)))


def length(rng: Random, low: int, high: int) -> int:
    """Choose a length: mostly short, at an edge now and then."""
    roll = rng.random()
    if roll < 0.15:
        return pick(rng, lengths(low, high))
    return low + int(roll * roll * min(high - low + 1, 16))


def text(rng: Random, low: int, high: int) -> bytes:
    """Return well-formed UTF-8 of so many bytes."""
    size = length(rng, low, high)
    made = b""
    while len(made) < size:
        piece = pick(rng, PIECES)
        made += piece if len(made) + len(piece) <= size else b"x"
    return made


def binary(rng: Random, low: int, high: int) -> bytes:
    return rng.randbytes(length(rng, low, high))


def too_short(low: int) -> list[bytes]:
    return [bytes(size) for size in sorted({0, low - 1}) if 0 <= size < low]


def texts_of(size: int) -> list[bytes]:
    """Return texts of so many bytes, made of characters of one, two, three and four bytes."""
    characters = ("a", "é", "€", "😀", "\0")
    return [
        (character.encode() * (size // len(character.encode()))).ljust(size, b"z")
        for character in characters
    ]


def near_to(word: str) -> tuple[str, ...]:
    """Return words that are almost this one."""
    return (word[:-1], word + "s", word.upper(), word.title(), f" {word}", word + "\0", word * 20)
