"""Messages that end too early: at every byte of theirs."""

from __future__ import annotations

from random import Random

from clients.fuzz.inputs.damages.harm import ALL, USUAL, Edit, Fault, Harm, damage
from clients.fuzz.inputs.writing.heads import Kind, pick
from clients.fuzz.inputs.writing.nodes import Node, Written


@damage(ALL, 3 * USUAL, alone=True)
def truncated(rng: Random, written: Written) -> Harm | None:
    """End a message at any byte."""
    return cut_at(int(rng.random() * len(written.data)), written)


@damage(alone=True)
def truncated_at_value(rng: Random, written: Written) -> Harm | None:
    """End a message where a value begins, or where its head ends."""
    node = pick(rng, written.nodes)
    at = pick(rng, (node.start, node.body, node.end - 1))
    return cut_at(at, written) if at < len(written.data) else None


def cut_at(size: int, written: Written) -> Harm:
    """Leave so many bytes of a message."""
    rule, at = noticed(size, written)
    edit = Edit(size, len(written.data), b"")
    return Harm((edit,), Fault(rule, "TRUNCATED", at))


def noticed(size: int, written: Written) -> tuple[str, int]:
    """Return by which rule, and at which value, a reader notices that only so much is there."""
    if written.frame and size < 2:
        return "3.3.2", 0
    for node in written.nodes:
        if node.start >= size:
            break
        if node.body > size:
            return "3.3.3.4", node.start
        if needs(node) > size - node.body:
            return "3.3.3.7", node.start
    return "3.3.3.1", size


def needs(node: Node) -> int:
    """Return how many bytes have to follow a head: a byte at least for each value."""
    return len(node.children) if node.kind in (Kind.ARRAY, Kind.MAP) else node.end - node.body
