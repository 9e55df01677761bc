"""WebSocket frames in bulk: what a client writes, and frames alike at one glance.

RFC 6455 asks clients to mask. A key of zeros is a key, and leaves the bytes as they are: a frame
is built once, and only the stamp in it changes.
"""

from __future__ import annotations

from typing import NamedTuple

BINARY, TEXT, CLOSE, PING, PONG = 0x82, 0x81, 0x88, 0x89, 0x8A
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
    """Of a frame in a buffer."""

    size: int
    """Bytes of the head itself."""
    length: int
    """Bytes of the frame, head included."""


def head(data: bytes | bytearray, at: int) -> Head | None:
    """Read the head of the server's frame at `at`, or None if it is not all there."""
    if len(data) - at < 2:
        return None
    short = data[at + 1]
    if short < 126:
        return Head(2, 2 + short)
    size = 4 if short == 126 else 10
    if len(data) - at < size:
        return None
    return Head(size, size + int.from_bytes(data[at + 2 : at + size]))


def alike(data: bytes | bytearray, at: int, end: int, length: int, columns: tuple[int, ...]) -> int:
    """Count the frames of one length from `at` on, which agree in all `columns` of bytes.

    One of the columns must be the length's, so that what is counted are frames and no bytes amid
    them: the frame after a frame of that length begins where the next is looked for.
    """
    count = (end - at) // length
    for column in columns:
        values = data[at + column : at + count * length : length]
        count -= len(values.lstrip(values[:1]))
    return count
