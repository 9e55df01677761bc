"""Damage to one value's head: its type, its number, its depth, and the length that it claims."""

from __future__ import annotations

from random import Random
from typing import Final

from clients.fuzz.inputs.damages.harm import Edit, Fault, Harm, damage, replaced
from clients.fuzz.inputs.writing.heads import FORBIDDEN_HEADS, LONG, Kind, heads, pick
from clients.fuzz.inputs.writing.misfits import OF_EACH_TYPE, taken
from clients.fuzz.inputs.writing.nodes import Node, Written
from protocol import limits

NO_KEYS: Final = (
    *(written for kind, several in OF_EACH_TYPE.items() if kind != "str" for written in several),
    *4 * OF_EACH_TYPE["bin"],
)
"""Bin more often than others: it is what msgpack's libraries let through."""

BIG_INTS: Final = tuple(
    number.to_bytes(8)
    for number in (2**53, 2**53 + 1, 2**56, 2**63 - 1, 2**63, 2**63 + 1, 2**64 - 1)
)
SMALL_INTS: Final = tuple(
    number.to_bytes(8, signed=True)
    for number in (2**53, 2**63 - 1, -(2**53), -(2**53) - 1, -(2**62), -(2**63))
)
BEYOND: Final = (*(b"\xcf" + each for each in BIG_INTS), *(b"\xd3" + each for each in SMALL_INTS))
"""Ints beyond the interop profile; no shorter head has any."""

FAR: Final = (2**31 - 1, 2**31, 2**32 - 1)
LEVELS: Final = (b"\x91", b"\x91", b"\xdc\x00\x01", b"\xdd\x00\x00\x00\x01", b"\x81\xa1k")
"""One level of a tower: a container of one, up to where its value begins."""


@damage()
def forbidden_head(rng: Random, written: Written) -> Harm | None:
    """Put an extension, or 0xC1, where a value is."""
    return _forbid(rng, written.values)


@damage(needs="keys")
def forbidden_head_of_key(rng: Random, written: Written) -> Harm | None:
    return _forbid(rng, written.keys)


@damage(needs="keys")
def key_not_str(rng: Random, written: Written) -> Harm | None:
    """Put another type where a key is."""
    if not written.keys:
        return None
    new = pick(rng, NO_KEYS if rng.random() < 0.8 else BEYOND)
    return replaced(pick(rng, written.keys), new, "3.3.3.3", "WRONG_TYPE")


@damage()
def int_beyond(rng: Random, written: Written) -> Harm | None:
    """Put an int beyond what JavaScript can hold."""
    if not written.values:
        return None
    return replaced(pick(rng, written.values), pick(rng, BEYOND), "3.3.3.5", "OUT_OF_RANGE")


@damage()
def too_many_elements(rng: Random, written: Written) -> Harm | None:
    """Claim more elements than a container may have, mostly without having them."""
    if not written.values:
        return None
    return replaced(pick(rng, written.values), _crowd(rng), "3.3.3.6", "TOO_MANY")


@damage()
def too_deep(rng: Random, written: Written) -> Harm | None:
    """Pile container upon container until one is too deep."""
    if not written.values:
        return None
    node = pick(rng, written.values)
    tower = _tower(rng, limits.MAX_DEPTH - node.depth)
    top = pick(rng, (b"\x90", b"\x80", b"\x91\xc0", b"\xdc\x04\x00", b"\x8f", b"\x91" * 30))
    return replaced(node, tower + top, "3.3.3.6", "TOO_DEEP", len(tower))


@damage()
def too_deep_and_too_many(rng: Random, written: Written) -> Harm | None:
    """Put a container too deep that is too large, too: its size is looked at first."""
    if not written.values:
        return None
    node = pick(rng, written.values)
    tower = _tower(rng, limits.MAX_DEPTH - node.depth)
    return replaced(node, tower + _crowd(rng), "3.3.3.6", "TOO_MANY", len(tower))


@damage()
def as_deep_as_may_be(rng: Random, written: Written) -> Harm | None:
    """Pile containers as high as the profile allows."""
    if not (node := _indifferent(rng, written)):
        return None
    tower = _tower(rng, limits.MAX_DEPTH - node.depth)
    new = (tower or b"") + pick(rng, (b"\xc0", b"\x07", b"\xa0"))
    if node.wants is None:
        return Harm((Edit(node.start, node.end, new),), None)
    return replaced(node, new, "3.3.7.1", "WRONG_TYPE")


@damage()
def over_long_claim(rng: Random, written: Written) -> Harm | None:
    """Let a str or bin claim far more bytes than there are."""
    nodes = [node for node in written.nodes[1:] if node.kind in (Kind.STR, Kind.BIN)]
    if not nodes:
        return None
    node = pick(rng, nodes)
    head, width = LONG[node.kind][-1]
    return _claim(node, bytes([head]) + pick(rng, FAR).to_bytes(width))


@damage(alone=True)
def over_long_by_few(rng: Random, written: Written) -> Harm | None:
    """Let a value claim one or two bytes more than there are."""
    nodes = [node for node in written.nodes if node.number != 2 and node.kind in LONG]
    if not nodes:
        return None
    node = pick(rng, nodes)
    each = 2 if node.kind is Kind.MAP else 1
    left = len(written.data) - node.body
    length = left // each + 1 + int(rng.random() * 2)
    if node.number == 1 and written.frame:
        return None  # its head may not be longer: `damages.lengths` lets it claim more
    if node.kind in (Kind.ARRAY, Kind.MAP) and length > limits.MAX_ELEMENTS:
        return None
    return _claim(node, pick(rng, heads(node.kind, length)))


def _claim(node: Node, head: bytes) -> Harm:
    fault = Fault("3.3.3.7", "TRUNCATED", node.start)
    return Harm((Edit(node.start, node.body, head),), fault)


@damage(needs="texts")
def over_long_and_ill_formed(rng: Random, written: Written) -> Harm | None:
    """Let a str claim too much that is no UTF-8 either: its length is looked at first."""
    if not written.texts:
        return None
    node = pick(rng, written.texts)
    new = pick(rng, (b"\xdb\x7f\xff\xff\xff", b"\xdb\xff\xff\xff\xff")) + b"\xff\xc0\x80"
    return replaced(node, new, "3.3.3.7", "TRUNCATED")


@damage(alone=True)
def last_head_cut(rng: Random, written: Written) -> Harm | None:
    """End the message within the last value's head. What the head forbids is looked at first."""
    node = written.nodes[-1]
    if (node.number == 2 and written.frame) or node.is_key:
        return None
    if rng.random() < 0.5:
        new = pick(rng, (b"\xc7", b"\xc8\x00", b"\xc9", b"\xd4", b"\xd8\x01", b"\xc1"))
        return replaced(node, new, "3.3.3.3", "FORBIDDEN_TYPE")
    new = pick(rng, UNFINISHED)
    return replaced(node, new, "3.3.3.4", "TRUNCATED")


UNFINISHED: Final = (
    *(b"\xcc", b"\xcd\x01", b"\xce\xff\xff\xff", b"\xcf" + b"\xff" * 7, b"\xcf\xff", b"\xd3\x80"),
    *(b"\xd0", b"\xd1", b"\xd2\x80\x00", b"\xca", b"\xca\x7f\xc0\x00", b"\xcb" + b"\x7f" * 7),
    *(b"\xd9", b"\xda\xff", b"\xdb\xff\xff\xff", b"\xc4", b"\xc5\x00", b"\xc6\xff"),
    *(b"\xdc", b"\xdc\xff", b"\xdd\xff\xff\xff", b"\xde\x05", b"\xdf"),
)
"""Heads whose length or number is not all there; for some it would be too large as well."""


def _forbid(rng: Random, nodes: list[Node]) -> Harm | None:
    if not nodes:
        return None
    new = bytes([pick(rng, FORBIDDEN_HEADS)]) + rng.randbytes(int(rng.random() * 6))
    return replaced(pick(rng, nodes), new, "3.3.3.3", "FORBIDDEN_TYPE")


def _crowd(rng: Random) -> bytes:
    """Return the head of a container of too many, and now and then a few of its values."""
    kind = pick(rng, (Kind.ARRAY, Kind.MAP))
    count = pick(rng, (limits.MAX_ELEMENTS + 1, 1026, 2048, 0xFFFF, 0x10000, 2**31, 2**32 - 1))
    return pick(rng, heads(kind, count)) + b"\xa0\xc0" * int(rng.random() * 4)


def _tower(rng: Random, levels: int) -> bytes:
    level = pick(rng, LEVELS)
    if rng.random() < 0.7:
        return level * levels
    return b"".join(pick(rng, LEVELS) for _ in range(levels))


def _indifferent(rng: Random, written: Written) -> Node | None:
    """Choose a value that either may be anything, or may be no container at all."""
    if not written.values:
        return None
    node = pick(rng, written.values)
    if node.wants is not None and {"array", "map"} & taken(node.wants):
        return None
    return node
