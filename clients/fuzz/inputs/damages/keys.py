"""Damage to maps: keys that are there twice, or that no map may have."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Final

from clients.fuzz.inputs.case import Reader
from clients.fuzz.inputs.damages.harm import USUAL, Edit, Fault, Harm, damage
from clients.fuzz.inputs.writing.fields import named, record_of
from clients.fuzz.inputs.writing.heads import Kind, heads, pick, short_text
from clients.fuzz.inputs.writing.misfits import ANY_VALUE
from clients.fuzz.inputs.writing.nodes import Node, Written
from clients.fuzz.inputs.writing.values import FORBIDDEN_KEY

NEAR_FORBIDDEN: Final = (
    *(b"__proto_", b"_proto__", b"__proto__\0", b"__PROTO__", b"__proto__x", b" __proto__"),
    *(b"constructor", b"prototype", b"toString", b"__defineGetter__", b"hasOwnProperty", b"then"),
)
"""Keys that a map may have, though a careless check, or JavaScript, may think otherwise."""

CROWDS: Final = (2, 3, 15, 16, 17, 31, 32, 33, 94, 127, 128, 255, 256, 257)
"""Entries of a map: few, and as many as change a head, or are a bound to some reader."""

LIKE_HEADS: Final = (95, 96, 97)
"""Entries of a map that is shorter than it claims, by one key or two, and then has as many as a
longer head less that of an empty map: 0xDE - 0x80 = 94, and 0xDF - 0x80 = 95."""


@damage(needs="keys")
def forbidden_key(rng: Random, written: Written) -> Harm | None:
    """Call a key `__proto__`, under any head."""
    if not written.keys:
        return None
    node = pick(rng, written.keys)
    new = key_of(rng, FORBIDDEN_KEY)
    fault = Fault("3.3.3.9", "FORBIDDEN_TYPE", node.start)
    return Harm((Edit(node.start, node.end, new),), fault)


@damage(needs="maps")
def forbidden_key_added(rng: Random, written: Written) -> Harm | None:
    if not (node := _map(rng, written)):
        return None
    new = key_of(rng, FORBIDDEN_KEY) + pick(rng, ANY_VALUE)
    return Harm(added(rng, node, new), Fault("3.3.3.9", "FORBIDDEN_TYPE", node.end))


@damage(needs="keys")
def duplicate_key(rng: Random, written: Written) -> Harm | None:
    """Call a key as one before it, under any head."""
    several = [node for node in written.maps if len(node.children) > 2]
    if not several:
        return None
    keys = pick(rng, several).children[::2]
    at = 1 + int(rng.random() * (len(keys) - 1))
    one, other = keys[int(rng.random() * at)], keys[at]
    new = key_of(rng, written.data[one.body : one.end])
    edits = (_kept(one, written), Edit(other.start, other.end, new))
    return Harm(edits, Fault("3.3.3.9", "DUPLICATE_KEY", other.start))


@damage(needs="keys")
def duplicate_key_added(rng: Random, written: Written) -> Harm | None:
    """Add an entry whose key is there already."""
    node = _map(rng, written)
    if node is None or not node.children:
        return None
    one = pick(rng, node.children[::2])
    new = key_of(rng, written.data[one.body : one.end]) + pick(rng, ANY_VALUE)
    head, entry = added(rng, node, new)
    edits = (head, _kept(one, written), entry)
    return Harm(edits, Fault("3.3.3.9", "DUPLICATE_KEY", node.end))


@damage()
def long_duplicate_key(rng: Random, written: Written) -> Harm | None:
    """Replace a value by a map with a key of many bytes twice, far apart."""
    if not written.values:
        return None
    node = pick(rng, written.values)
    key = pick(rng, ("k", "é", "😀")).encode() * _far(rng, 200, 4000)
    between = _far(rng, 40, 300) - 1
    others = b"".join(b"\xa3%03d\xc0" % index for index in range(between))
    before = heads(Kind.MAP, between + 2)[0] + key_of(rng, key) + b"\x07" + others
    fault = Fault("3.3.3.9", "DUPLICATE_KEY", node.start, len(before))
    return Harm((Edit(node.start, node.end, before + key_of(rng, key) + b"\x07"),), fault)


@damage(share=USUAL // 2)
def duplicate_key_in_a_crowd(rng: Random, written: Written) -> Harm | None:
    """Replace a value by a map of few entries or many, under any head, with a key or two twice."""
    if not written.values:
        return None
    node = _crowded(rng, written)
    size = pick(rng, CROWDS if rng.random() < 0.5 else LIKE_HEADS)
    entries, again = list(_crowd(size)), 1 + int(rng.random() * (size - 1))
    one = int(rng.random() * again)
    key = _crowd(size)[one][1:-1]
    entries[one] = key_of(rng, key) + b"\x07"
    entries[again] = key_of(rng, key) + b"\x07"
    if rng.random() < 0.3:
        entries[size - 1] = entries[again]  # once more, unless this is it
    before = pick(rng, heads(Kind.MAP, size)) + b"".join(entries[:again])
    fault = Fault("3.3.3.9", "DUPLICATE_KEY", node.start, len(before))
    return Harm((Edit(node.start, node.end, before + b"".join(entries[again:])),), fault)


@damage(needs="keys")
def duplicate_key_behind_a_decoy(rng: Random, written: Written) -> Harm | None:
    """Add an entry whose key is there already. A bin before holds the map's own key, and the head
    that the map would have without that entry."""
    found = [
        (held, key, node)
        for outer in written.maps
        for key, node in zip(outer.children[::2], outer.children[1::2], strict=True)
        if node.kind is Kind.MAP and 0 < len(node.children) < 2 * 15
        for held in written.nodes
        if held.kind is Kind.BIN
        and held.end <= key.start
        and held.end - held.body > key.end - key.body
    ]
    if not found:
        return None
    held, key, node = pick(rng, found)
    decoy = written.data[key.body : key.end] + heads(Kind.MAP, len(node.children) // 2)[0]
    one = node.children[0]
    again = short_text(written.data[one.body : one.end]) + pick(rng, ANY_VALUE)
    head, entry = added(rng, node, again)
    edits = (Edit(held.body, held.body + len(decoy), decoy), _kept(key, written), head)
    fault = Fault("3.3.3.9", "DUPLICATE_KEY", node.end)
    return Harm((*edits, _kept(one, written), entry), fault)


def _crowded(rng: Random, written: Written) -> Node:
    """Choose a payload as a whole, or a record, more often than what is within."""
    if rng.random() < 0.5:
        return pick(rng, written.values)
    if written.reader is Reader.PAYLOAD:
        return written.nodes[0]
    return pick(rng, written.records or written.values)


@cache
def _crowd(size: int) -> tuple[bytes, ...]:
    """Return entries of different keys. No byte of them may be taken for the head of a map."""
    return tuple(b"\xa3%03d\x07" % index for index in range(size))


def _far(rng: Random, usual: int, most: int) -> int:
    """Choose how long a key is, or how far from its like: far beyond the usual, now and then."""
    roll = rng.random()
    return 1 + int(roll**3 * usual if roll < 0.98 else rng.random() * most)


@damage(needs="maps")
def unknown_key(rng: Random, written: Written) -> Harm | None:
    """Add a key that readers must ignore: one of a newer version, or like one that is known."""
    node = _map(rng, written)
    if node is None or not (node.wants is None or record_of(node.wants)):
        return None
    held = {written.data[key.body : key.end] for key in node.children[::2]}
    key = _unknown(rng, node)
    if key in held or key == FORBIDDEN_KEY:
        return None
    return Harm(added(rng, node, key_of(rng, key) + pick(rng, ANY_VALUE)), None)


def _unknown(rng: Random, node: Node) -> bytes:
    record = record_of(node.wants)
    known = [name for _, name, _ in named(record)] if record else []
    if known and rng.random() < 0.5:
        name = pick(rng, known)
        key = pick(rng, (name.upper(), name + b"\0", name[:-1], b" " + name, name * 40))
    else:
        key = pick(rng, NEAR_FORBIDDEN)
    return FORBIDDEN_KEY if key in known else key


def key_of(rng: Random, body: bytes) -> bytes:
    """Write a key under any head."""
    return pick(rng, heads(Kind.STR, len(body))) + body


def added(rng: Random, node: Node, entry: bytes) -> tuple[Edit, Edit]:
    """Add an entry to the end of a map."""
    forms = heads(Kind.MAP, len(node.children) // 2 + 1)
    head = forms[0] if rng.random() < 0.8 else pick(rng, forms)
    return Edit(node.start, node.body, head), Edit(node.end, node.end, entry)


def _map(rng: Random, written: Written) -> Node | None:
    return pick(rng, written.maps) if written.maps else None


def _kept(node: Node, written: Written) -> Edit:
    """Keep other damage from a key that a fault needs as it is."""
    return Edit(node.start, node.end, written.data[node.start : node.end])
