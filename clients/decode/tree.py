"""Any bytes as a tree of msgpack values, as far as they are legible."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from clients.fuzz.inputs.judge import CONTAINERS, HEADS, STRINGS
from protocol import limits

REST: Final = "rest"
"""The kind of bytes that nothing was read from: what lies behind damage."""


@dataclass(slots=True)
class Node:
    """One value of a message, or a key: `start..body` is its head, `body..end` what follows."""

    kind: str
    start: int
    body: int
    end: int
    value: int | float | str | bytes | None = None
    """Of an int, float, str or bin. A str that is no UTF-8 is kept as bytes."""
    claims: int = 0
    """The length in the head. Damaged bytes may hold less."""
    children: list[Node] = field(default_factory=list)
    """Of a container, in the order of the wire; of a payload that is msgpack, its one value."""
    name: str = ""
    is_key: bool = False
    means: str = ""
    """What a number or a target stands for."""
    note: str = ""
    """What is unusual about it, without being an error."""


class Reading:
    """Bytes that are read value by value, until they make no sense any more."""

    def __init__(self, data: bytes, start: int, end: int) -> None:
        self.data = data
        self.at = start
        self.end = end
        self.left = limits.MAX_NODES
        self.stopped = False

    def value(self, depth: int) -> Node | None:
        """Read a value within so many containers; None where nothing legible follows."""
        start = self.at
        if start >= self.end or not self.left:
            self.stopped = True
            return None
        kind, width, claims, signed = HEADS[self.data[start]]
        body = start + 1 + width
        if kind == "forbidden" or body > self.end:
            self.stopped = True
            return None
        self.left -= 1
        self.at = body
        if width and kind != "float":
            claims = int.from_bytes(self.data[start + 1 : body], signed=signed)
        node = Node(kind, start, body, body, claims=claims)
        if kind in CONTAINERS:
            self._fill(node, depth)
        elif kind in STRINGS:
            self._take(node)
        elif kind == "int":
            node.value = claims
        elif kind == "float":
            node.value = floating(self.data[start + 1 : body])
        return node

    def _take(self, node: Node) -> None:
        node.end = self.at = min(node.body + node.claims, self.end)
        self.stopped = node.end < node.body + node.claims
        held = self.data[node.body : node.end]
        node.value = text(held) if node.kind == "str" else held

    def _fill(self, node: Node, depth: int) -> None:
        if depth >= limits.MAX_DEPTH:
            self.stopped = True
            return
        many = node.claims * (2 if node.kind == "map" else 1)
        while len(node.children) < many and not self.stopped:
            child = self.value(depth + 1)
            if child is not None:
                child.is_key = node.kind == "map" and len(node.children) % 2 == 0
                node.children.append(child)
        node.end = self.at


def read(data: bytes, start: int = 0, end: int | None = None) -> list[Node]:
    """Return the value that begins at `start`, if one does, and what is left after it."""
    end = len(data) if end is None else end
    reading = Reading(data, start, end)
    root = reading.value(0)
    nodes = [] if root is None else [root]
    if reading.at < end:
        rest = data[reading.at : end]
        nodes.append(Node(REST, reading.at, reading.at, end, rest))
    return nodes


def floating(body: bytes) -> float:
    (number,) = struct.unpack(">f" if len(body) == 4 else ">d", body)
    return float(number)


def text(held: bytes) -> str | bytes:
    try:
        return held.decode()
    except UnicodeDecodeError:
        return held


def is_whole(node: Node) -> bool:
    """Say whether a value has all that its head claims."""
    match node.kind:
        case "str" | "bin":
            return node.end - node.body == node.claims
        case "array" | "map":
            return len(node.children) == node.claims * (2 if node.kind == "map" else 1)
        case _:
            return True


def spans(nodes: list[Node]) -> Iterator[tuple[int, int]]:
    """Yield where the bytes of each head and each body lie, in their order."""
    for node in nodes:
        if node.start < node.body:
            yield node.start, node.body
        if node.children:
            yield from spans(node.children)
        elif node.body < node.end:
            yield node.body, node.end
