"""Smaller forms of an input by its structure: an element less, a shorter text.

The input may be damaged: what follows the first thing that cannot be read stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from clients.fuzz.inputs.judge import HEADS

PARTS = {"array": 1, "map": 2}
"""Values that make one element of a container."""


class Element(NamedTuple):
    """An element of an array, or an entry of a map."""

    container: int
    """Where the head of its container is."""
    start: int
    end: int


@dataclass(slots=True)
class Open:
    """A container whose elements are being read."""

    at: int
    parts: int
    left: int
    """Values to come."""
    start: int
    """Where the element begins that is being read."""


def elements(data: bytes) -> list[Element]:
    """Return all elements that can be read, inner ones before the one that holds them."""
    found: list[Element] = []
    containers: list[Open] = []
    at = 0
    while at < len(data):
        kind, width, length, _ = HEADS[data[at]]
        body = at + 1 + width
        length = int.from_bytes(data[at + 1 : body]) if width else length
        end = body + length if kind in ("str", "bin") else body
        if end > len(data) or kind == "forbidden":
            break
        if kind in PARTS and length:
            containers.append(Open(at, PARTS[kind], PARTS[kind] * length, body))
        else:
            found += closed(containers, end)
            if not containers:
                break
        at = end
    return found


def closed(containers: list[Open], end: int) -> Iterator[Element]:
    """Yield the elements that a value ends, and take out the containers that it fills."""
    while containers:
        inner = containers[-1]
        inner.left -= 1
        if inner.left % inner.parts == 0:
            yield Element(inner.at, inner.start, end)
            inner.start = end
        if inner.left:
            break
        containers.pop()


def pruned(data: bytes) -> Iterator[bytes]:
    """Yield inputs with an element less, without the longest first."""
    for container, start, end in sorted(elements(data), key=lambda each: each.start - each.end):
        width = HEADS[data[container]].width
        head = data[container : container + 1 + width]
        lower = (int.from_bytes(head) - 1).to_bytes(1 + width)
        yield data[:container] + lower + data[container + 1 + width : start] + data[end:]


def cut(data: bytes) -> Iterator[bytes]:
    """Yield inputs in which what may be a str or bin is empty, or half as long."""
    for at, byte in enumerate(data):
        kind, width, length, _ = HEADS[byte]
        if kind in ("str", "bin"):
            body = at + 1 + width
            length = int.from_bytes(data[at + 1 : body]) if width else length
            if 0 < length <= len(data) - body:
                yield from (shorter(data, at, body, length, keep) for keep in (0, length // 2))


def shorter(data: bytes, at: int, body: int, length: int, keep: int) -> bytes:
    """Return an input whose str or bin at `at` has only `keep` of its bytes."""
    width = body - at - 1
    head = data[at : at + 1] + keep.to_bytes(width) if width else bytes([data[at] - length + keep])
    return data[:at] + head + data[body : body + keep] + data[body + length :]
