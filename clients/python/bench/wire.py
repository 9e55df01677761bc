"""WebSocket frames in bulk: what a client writes, and frames alike at one glance.

RFC 6455 asks clients to mask. A key of zeros is a key, and leaves the bytes as they are: a frame
is built once, and only the stamp in it changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

BINARY: Final = 0x82
TEXT: Final = 0x81
CLOSE: Final = 0x88
PING: Final = 0x89
PONG: Final = 0x8A
"""First bytes of whole frames."""

NO_MASK = bytes(4)


def frame(first: int, message: bytes) -> bytes:
    """Return a client's frame."""
    length = len(message)
    if length < 126:
        head = bytes((first, 0x80 | length))
    elif length < 0x1_0000:
        head = bytes((first, 0xFE)) + length.to_bytes(2)
    else:
        head = bytes((first, 0xFF)) + length.to_bytes(8)
    return head + NO_MASK + message


class Head(NamedTuple):
    """Of a message in a buffer; all counts begin where the message does."""

    first: int
    """Where its own frame begins: after a frame that announces it, if there is one."""
    body: int
    """Where the message's own bytes begin."""
    length: int
    """Where it ends."""


def head(data: bytes | bytearray, at: int, prelude: bytes = b"") -> Head | None:
    """Read the server's head at `at`, or None if it is not all there."""
    first = len(prelude) if prelude and data.startswith(prelude, at) else 0
    at += first
    if len(data) - at < 2:
        return None
    short = data[at + 1]
    if short < 126:
        return Head(first, first + 2, first + 2 + short)
    size = 4 if short == 126 else 10
    if len(data) - at < size:
        return None
    length = int.from_bytes(data[at + 2 : at + size])
    return Head(first, first + size, first + size + length)


def alike(data: bytes | bytearray, at: int, end: int, length: int, columns: Iterable[int]) -> int:
    """Count the frames of one length from `at` on, which agree in all `columns` of bytes.

    The columns must hold the lengths, so that what is counted are frames and no bytes amid them:
    after a frame of that length begins the next, where it is looked for.
    """
    count = (end - at) // length
    for column in columns:
        values = data[at + column : at + count * length : length]
        count -= len(values.lstrip(values[:1]))
    return count
