"""Messages of very many values, or of very many bytes: at each bound, and one beyond it."""

from __future__ import annotations

from functools import lru_cache
from random import Random
from typing import Final

from clients.fuzz.inputs.damages.harm import (
    ALL,
    FRAMES,
    SELDOM,
    THOUSANDS,
    Edit,
    Harm,
    damage,
    replaced,
)
from clients.fuzz.inputs.writing.heads import Kind, heads, pick
from clients.fuzz.inputs.writing.misfits import LONGEST, taken
from clients.fuzz.inputs.writing.nodes import Node, Written
from protocol import limits
from protocol.fields.field_types import Binary, FieldType, OrFalse

ROW: Final = 1 + limits.MAX_ELEMENTS
"""Values of a full array: its elements, and itself."""

ROW_BYTES: Final = 3 + limits.MAX_ELEMENTS
"""Bytes of it, as nils."""

LONG_ONES: Final = 0.1
"""Likewise, of one or more KiB."""

MIB: Final = 0.05
"""How often a message of a MiB is written where it is drawn."""


@damage(ALL, SELDOM, alone=True)
def too_many_values(rng: Random, written: Written) -> Harm | None:
    """Let a message have 4,097 values or more."""
    if not (node := _value(rng, written)):
        return None
    last = limits.MAX_NODES + 2 - node.number
    return replaced(
        node,
        pile(last + int(rng.random() * 3)),
        "3.3.3.2",
        "TOO_MANY",
        offset_in_pile(last),
    )


@damage(ALL, SELDOM, alone=True)
def too_many_values_and_worse(rng: Random, written: Written) -> Harm | None:
    """Let value 4,097 be one that is forbidden: its number is looked at first."""
    if not (node := _value(rng, written)):
        return None
    last = limits.MAX_NODES + 2 - node.number
    at = offset_in_pile(last)
    new = pile(last)[:at] + pick(rng, (b"\xc1", b"\xd4", b"\xd9", b"\xdd\xff\xff\xff\xff"))
    return replaced(node, new, "3.3.3.2", "TOO_MANY", at)


@damage(ALL, SELDOM, alone=True)
def end_before_too_many(rng: Random, written: Written) -> Harm | None:
    """End the message where value 4,097 would be: its end is looked at first."""
    node = _value(rng, written)
    if node is None or node.end != len(written.data):
        return None
    held = pile(limits.MAX_NODES + 1 - node.number)
    claim = bytes([held[0] + 1])
    return replaced(node, claim + held[1:], "3.3.3.1", "TRUNCATED")


@damage(ALL, SELDOM, alone=True)
def as_many_values_as_may_be(rng: Random, written: Written) -> Harm | None:
    """Let a message have 4,096 values."""
    node = _value(rng, written)
    if node is None or (node.wants and "array" in taken(node.wants)):
        return None
    others = sum(not node.start <= other.start < node.end for other in written.nodes)
    return _whole(node, pile(limits.MAX_NODES - others))


@damage(ALL, SELDOM, alone=True)
def as_many_elements_as_may_be(rng: Random, written: Written) -> Harm | None:
    """Let a container have 1,024 elements."""
    node = _value(rng, written)
    if node is None or (node.wants and {"array", "map"} & taken(node.wants)):
        return None
    kind = pick(rng, (Kind.ARRAY, Kind.MAP))
    return _whole(node, pick(rng, heads(kind, limits.MAX_ELEMENTS)) + _elements(kind))


@damage(ALL, SELDOM, alone=True)
def crowd(rng: Random, written: Written) -> Harm | None:
    """Let a container have 1,025 elements, all of them there."""
    if not (node := _value(rng, written)):
        return None
    kind = pick(rng, (Kind.ARRAY, Kind.MAP))
    new = pick(rng, heads(kind, limits.MAX_ELEMENTS + 1)) + _elements(kind) + b"\xa4last\xc0"
    return replaced(node, new, "3.3.3.6", "TOO_MANY")


@damage(FRAMES, alone=True)
def longest_bin(rng: Random, written: Written) -> Harm | None:
    """Fill a field with as many bytes as it may have, or with one more."""
    nodes = [node for node in written.asked if _longest(node.wants) > LONGEST]
    if not nodes or rng.random() > MIB:
        return None
    node = pick(rng, nodes)
    if rng.random() < 0.5:
        return _fits(node, _bin(_longest(node.wants)))
    return replaced(node, _bin(_longest(node.wants) + 1), "3.3.7.1", "OUT_OF_RANGE")


@damage(ALL, judged=True)
def long_value(rng: Random, written: Written) -> Harm | None:
    """Put a str or bin of a size at which programs take more room, or a head grows."""
    if not written.values or rng.random() > LONG_ONES:
        return None
    node = pick(rng, written.values)
    size = (1 << 10 + int(rng.random() * 7)) + int(rng.random() * 3) - 1
    kind = pick(rng, (Kind.STR, Kind.BIN))
    new = pick(rng, heads(kind, size)) + b"x" * size
    return _fits(node, new)


@lru_cache(maxsize=64)
def pile(total: int) -> bytes:
    """Return an array with so many values in it, itself counted: full arrays of nils, then a rest.

    Its head is one byte.
    """
    rows, rest = divmod(total - 1, ROW)
    row = b"\xdc" + limits.MAX_ELEMENTS.to_bytes(2) + b"\xc0" * limits.MAX_ELEMENTS
    made = bytes([0x90 + rows + bool(rest)]) + row * rows
    if rest:
        made += b"\xdc" + (rest - 1).to_bytes(2) + b"\xc0" * (rest - 1)
    return made


def offset_in_pile(number: int) -> int:
    """Return where in a pile its value of this number begins."""
    if number == 1:
        return 0
    row, element = divmod(number - 2, ROW)
    start = 1 + row * ROW_BYTES
    return start + 2 + element if element else start


@lru_cache(maxsize=2)
def _elements(kind: Kind) -> bytes:
    """Return 1,024 elements or entries, each key another."""
    if kind is Kind.ARRAY:
        return b"\xc2" * limits.MAX_ELEMENTS
    return b"".join(b"\xa3%03x\xc3" % index for index in range(limits.MAX_ELEMENTS))


@lru_cache(maxsize=2)
def _bin(size: int) -> bytes:
    return heads(Kind.BIN, size)[0] + bytes(size)


def _longest(wants: FieldType | None) -> int:
    if isinstance(wants, OrFalse):
        wants = wants.field_type
    return wants.high if isinstance(wants, Binary) else 0


def _value(rng: Random, written: Written) -> Node | None:
    return pick(rng, written.values) if written.values and rng.random() < THOUSANDS else None


def _whole(node: Node, new: bytes) -> Harm:
    """Put a container where it is as good as anything, or where no container may be."""
    if node.wants is None:
        return _fits(node, new)
    return replaced(node, new, "3.3.7.1", "WRONG_TYPE")


def _fits(node: Node, new: bytes) -> Harm:
    return Harm((Edit(node.start, node.end, new),), None)
