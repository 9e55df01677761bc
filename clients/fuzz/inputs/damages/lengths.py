"""Wrong lengths: containers that claim more or less than they have, strings that end elsewhere."""

from __future__ import annotations

from random import Random

from clients.fuzz.inputs.damages.harm import Edit, Fault, Harm, damage
from clients.fuzz.inputs.writing.heads import LONG, Kind, heads, pick
from clients.fuzz.inputs.writing.nodes import Node, Written
from protocol import limits


@damage(alone=True)
def longer_container(rng: Random, written: Written) -> Harm | None:
    """Let a container at the message's end claim more values than are there."""
    nodes = _at_end(written)
    if not nodes:
        return None
    node = pick(rng, nodes)
    count = _count(node) + 1 + int(rng.random() ** 4 * 20)
    if count > (15 if _is_frame(node, written) else limits.MAX_ELEMENTS):
        return None
    each = 2 if node.kind is Kind.MAP else 1
    rule = "3.3.3.7" if count * each > len(written.data) - node.body else "3.3.3.1"
    at = node.start if rule == "3.3.3.7" else len(written.data)
    edit = Edit(node.start, node.body, _head(rng, node, count, written))
    return Harm((edit,), Fault(rule, "TRUNCATED", at))


@damage(alone=True)
def shorter_container(rng: Random, written: Written) -> Harm | None:
    """Let a container at the message's end claim less than is there: the rest is too much."""
    nodes = [node for node in _at_end(written) if _count(node) > _is_frame(node, written)]
    if not nodes:
        return None
    node = pick(rng, nodes)
    least = int(_is_frame(node, written))
    count = least + int(rng.random() * (_count(node) - least))
    each = 2 if node.kind is Kind.MAP else 1
    edit = Edit(node.start, node.body, _head(rng, node, count, written))
    at = node.children[count * each].start
    return Harm((edit,), Fault("3.3.4", "TRAILING_BYTES", at))


@damage(judged=True)
def shifted_length(rng: Random, written: Written) -> Harm | None:
    """Let any value claim a little more or less than it has, so that all that follows shifts."""
    nodes = [node for node in written.nodes if node.kind in LONG]
    if not nodes:
        return None
    node = pick(rng, nodes)
    length = _length(node) + pick(rng, (-2, -1, -1, 1, 1, 2))
    if length < 0 or (_is_frame(node, written) and length > 15):
        return None
    return Harm((Edit(node.start, node.body, _head(rng, node, length, written)),), None)


@damage(judged=True)
def swallowing_length(rng: Random, written: Written) -> Harm | None:
    """Let a value claim just what is left of the message, or half of it."""
    nodes = [node for node in written.nodes[1:] if node.kind in LONG]
    if not nodes:
        return None
    node = pick(rng, nodes)
    left = len(written.data) - node.body
    length = left // pick(rng, (1, 1, 2, 3))
    return Harm((Edit(node.start, node.body, pick(rng, heads(node.kind, length))),), None)


@damage(judged=True)
def shorter_and_cut(rng: Random, written: Written) -> Harm | None:
    """Cut a message, with a length that is wrong before the cut."""
    harm = shifted_length.harm(rng, written)
    if harm is None:
        return None
    (edit,) = harm.edits
    stop = edit.stop + int(rng.random() * (len(written.data) - edit.stop + 1))
    return Harm((edit, Edit(stop, len(written.data), b"")), None)


def _at_end(written: Written) -> list[Node]:
    """Return the containers after which nothing comes."""
    return [node for node in written.containers if node.end == len(written.data)]


def _head(rng: Random, node: Node, length: int, written: Written) -> bytes:
    forms = heads(node.kind, length)
    return forms[0] if _is_frame(node, written) else pick(rng, forms)


def _is_frame(node: Node, written: Written) -> bool:
    return node.number == 1 and written.frame is not None


def _count(node: Node) -> int:
    return len(node.children) // (2 if node.kind is Kind.MAP else 1)


def _length(node: Node) -> int:
    return _count(node) if node.kind in (Kind.ARRAY, Kind.MAP) else node.end - node.body
