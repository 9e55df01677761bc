"""Other forms of the same message, which a reader must take: longer heads than need be."""

from __future__ import annotations

from random import Random

from clients.fuzz.inputs.damages.harm import Edit, Harm, damage
from clients.fuzz.inputs.writing.heads import Kind, heads, ints, pick
from clients.fuzz.inputs.writing.nodes import Node, Written


@damage()
def long_head(rng: Random, written: Written) -> Harm | None:
    """Write one value with another of the heads that fit it."""
    first = 2 if written.frame else 0
    nodes = [node for node in written.nodes[first:] if node.kind not in ONE_FORM]
    if not nodes:
        return None
    node = pick(rng, nodes)
    return Harm((Edit(node.start, node.body, pick(rng, forms(node, written.data))),), None)


def forms(node: Node, data: bytes) -> tuple[bytes, ...]:
    """Return all heads that fit a value."""
    if node.kind is Kind.INT:
        return ints(number_at(node, data))
    return heads(node.kind, length_of(node))


def length_of(node: Node) -> int:
    """Return the length of a string or container, as its head has it."""
    if node.kind is Kind.ARRAY:
        return len(node.children)
    return len(node.children) // 2 if node.kind is Kind.MAP else node.end - node.body


def number_at(node: Node, data: bytes) -> int:
    """Return the int that a node writes."""
    head = data[node.start]
    if node.body == node.start + 1:
        return head - 0x100 if head >= 0xE0 else head
    return int.from_bytes(data[node.start + 1 : node.body], signed=head >= 0xD0)


ONE_FORM = frozenset({Kind.NIL, Kind.BOOL, Kind.FLOAT})
"""Floats have two forms, but those hold different values."""
