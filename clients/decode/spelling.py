"""The decoded tree as JSON, and from JSON back to bytes.

Two forms can be encoded: the tree that `relay decode --json` prints, and a short form that names
a frame and its fields: {"frame": "SEND", "target": true, "payload": {"say": "hi"}}.
"""

from __future__ import annotations

import math
from typing import Any

from clients.decode.message import Decoded
from clients.decode.short import NotEncodable as NotEncodable
from clients.decode.short import encode_short
from clients.decode.tree import REST, Node, is_whole
from clients.fuzz.inputs.writing.heads import FALSE, NIL, TRUE, Kind, double, heads, ints

Json = Any
"""JSON, as the module json has it."""

FIXED = {"nil": NIL, "false": FALSE, "true": TRUE}
KINDS = {"str": Kind.STR, "bin": Kind.BIN, "array": Kind.ARRAY, "map": Kind.MAP}


def as_json(message: Decoded) -> dict[str, Json]:
    """Return a message as JSON: its bytes in hex, its tree, and what is wrong with it."""
    fault = message.fault
    told: dict[str, Json] = {
        "from": message.by.value,
        "guessed": message.is_guessed,
        "frame": message.name,
        "hex": message.data.hex().upper(),
        "tree": [tree_of(node) for node in message.nodes],
    }
    if message.is_ignored:
        told["ignored"] = True
    if fault:
        told["error"] = fault._asdict()
    return told


def tree_of(node: Node) -> dict[str, Json]:
    """Return a value and those within it. `at` says where its bytes begin and end."""
    names = {"name": node.name, "means": node.means, "note": node.note}
    told: dict[str, Json] = {key: word for key, word in names.items() if word}
    told = {"at": [node.start, node.end], **told, "type": node.kind, **held(node)}
    if not is_whole(node):
        told["claims"] = node.claims
    return told


def held(node: Node) -> dict[str, Json]:
    match node.kind:
        case "array" | "map":
            return {"of": [tree_of(child) for child in node.children]}
        case "bin" if node.children:
            return payload(node)
        case "float" if isinstance(node.value, float):
            return {"value": node.value if math.isfinite(node.value) else str(node.value)}
        case _ if isinstance(node.value, bytes):
            return {"hex": node.value.hex().upper()}
        case "int" | "str":
            return {"value": node.value}
        case _:
            return {}


def payload(node: Node) -> dict[str, Json]:
    """Return a payload's value; its bytes too, where they are not its shortest form."""
    packed = tree_of(node.children[0])
    if isinstance(node.value, bytes) and written(packed) != node.value:
        return {"hex": node.value.hex().upper(), "packed": packed}
    return {"packed": packed}


def encode(told: Json) -> bytes:
    """Return the bytes of a message: of its tree as JSON, or of its short form.

    >>> encode({"frame": "SEND", "target": True, "payload": {"say": "hi"}}).hex()
    '9310c3c40881a3736179a26869'

    All heads are the shortest, and floats have 64 bits.

    Raises:
        NotEncodable: this is neither, or the wire cannot carry it.
    """
    if not isinstance(told, dict):
        raise NotEncodable("a message is an object with a tree, or with the name of a frame")
    if "tree" not in told:
        return encode_short(told)
    nodes = told["tree"]
    if not isinstance(nodes, list) or len(nodes) != 1:
        raise NotEncodable("the tree is not one whole value; the message's bytes are in `hex`")
    return written(nodes[0])


def written(node: Json) -> bytes:
    """Write one value of a tree."""
    try:
        return _written(node, node["type"])
    except NotEncodable:
        raise
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError, IndexError) as error:
        raise NotEncodable(f"this is no value of a tree: {str(node)[:100]}") from error


def _written(node: Json, kind: str) -> bytes:
    if "claims" in node or kind == REST:
        raise NotEncodable("the tree is not whole; the message's bytes are in `hex`")
    if kind in FIXED:
        return FIXED[kind]
    if kind == "int":
        return ints(node["value"])[0]
    if kind == "float":
        return double(float(node["value"]))
    if kind in ("array", "map"):
        parts = [written(child) for child in node["of"]]
        if kind == "map" and len(parts) % 2:
            raise NotEncodable("a map has a key without a value")
        many = len(parts) // (2 if kind == "map" else 1)
        return heads(KINDS[kind], many)[0] + b"".join(parts)
    body = body_of(node)
    return heads(KINDS[kind], len(body))[0] + body


def body_of(node: Json) -> bytes:
    """Return what a str or bin holds."""
    if "hex" in node:
        return bytes.fromhex(node["hex"])
    if "packed" in node:
        return written(node["packed"])
    body: bytes = node["value"].encode()
    return body
