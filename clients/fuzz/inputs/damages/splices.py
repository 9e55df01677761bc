"""Damage that knows nothing of the wire: bytes that are spliced, flipped, repeated or lost.

The judge finds what comes of it.
"""

from __future__ import annotations

from random import Random
from typing import Final

from clients.fuzz.inputs.damages.harm import ALL, USUAL, Edit, Harm, damage
from clients.fuzz.inputs.writing.heads import pick
from clients.fuzz.inputs.writing.nodes import Written

TRAPS: Final = tuple(
    bytes.fromhex(trap)
    for trap in (
        *("C1", "9191919191", "DDFFFFFFFF", "DFFFFFFFFF", "C6FFFFFFFF", "DBFFFFFFFF", "D40500"),
        *("CF0020000000000000", "A2C080", "A3EDA080", "A95F5F70726F746F5F5F", "C0", "90", "80"),
        *("CB7FF8000000000000", "A0", "C400", "DC0401", "DE0401", "D3FFE0000000000000", "FF"),
    )
)
"""Pieces that a reader should stumble over."""


TURNS: Final = tuple(
    bytes([head + step])
    for head in (0x80, 0x90, 0xA0, 0xC0, 0xC4, 0xC7, 0xCA, 0xCC, 0xD0, 0xD4, 0xD9, 0xDC, 0xDE, 0xE0)
    for step in (-1, 0)
)
"""Heads on both sides of where they change what they are."""


@damage(ALL, USUAL // 2, judged=True)
def spliced(rng: Random, written: Written) -> Harm | None:
    """End a message with the end of another."""
    one, other = written.data, written.neighbour
    start = int(rng.random() * (len(one) + 1))
    return Harm((Edit(start, len(one), other[int(rng.random() * (len(other) + 1)) :]),), None)


@damage(ALL, USUAL // 2, judged=True)
def grafted(rng: Random, written: Written) -> Harm | None:
    """Put a piece of another message where a value is."""
    node, other = pick(rng, written.nodes), written.neighbour
    start = int(rng.random() * (len(other) + 1))
    new = other[start : start + 1 + int(rng.random() * 20)]
    return Harm((Edit(node.start, node.end, new),), None)


@damage(ALL, USUAL // 2, judged=True)
def value_moved(rng: Random, written: Written) -> Harm | None:
    """Put a copy of one value or key where another is."""
    one, other = pick(rng, written.nodes), pick(rng, written.nodes)
    return Harm((Edit(one.start, one.end, written.data[other.start : other.end]),), None)


@damage(ALL, USUAL // 2, judged=True)
def flipped(rng: Random, written: Written) -> Harm | None:
    """Change one byte: one bit of it, or all."""
    at = int(rng.random() * len(written.data))
    byte = written.data[at] ^ (1 << int(rng.random() * 8))
    new = byte if rng.random() < 0.6 else int(rng.random() * 256)
    return Harm((Edit(at, at + 1, bytes([new])),), None)


@damage(ALL, judged=True)
def other_head(rng: Random, written: Written) -> Harm | None:
    """Begin a value with a head next to where heads change what they are."""
    node = pick(rng, written.nodes)
    return Harm((Edit(node.start, node.start + 1, pick(rng, TURNS)),), None)


@damage(ALL, USUAL // 2, judged=True)
def bytes_lost(rng: Random, written: Written) -> Harm | None:
    start = int(rng.random() * len(written.data))
    return Harm((Edit(start, start + 1 + int(rng.random() * 4), b""),), None)


@damage(ALL, USUAL // 2, judged=True)
def bytes_repeated(rng: Random, written: Written) -> Harm | None:
    start = int(rng.random() * len(written.data))
    again = written.data[start : start + 1 + int(rng.random() * 8)]
    return Harm((Edit(start, start, again * (1 + int(rng.random() * 3))),), None)


@damage(ALL, USUAL // 2, judged=True)
def trap(rng: Random, written: Written) -> Harm | None:
    """Put a trap over some bytes, or between two."""
    start = int(rng.random() * (len(written.data) + 1))
    stop = start + int(rng.random() * 3)
    return Harm((Edit(start, stop, pick(rng, TRAPS)),), None)


@damage(ALL, USUAL // 4, judged=True)
def noise(rng: Random, written: Written) -> Harm | None:
    """Keep the first bytes, and let dice write the rest."""
    start = int(rng.random() * (len(written.data) + 1))
    return Harm((Edit(start, len(written.data), rng.randbytes(int(rng.random() * 24))),), None)
