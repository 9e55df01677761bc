"""WebSocket frames in bulk: what a client writes, and frames alike at one glance.

RFC 6455 asks clients to mask. A key of zeros is a key, and leaves the bytes as they are: a frame
is built once, and only the stamp in it changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

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


Head = tuple[int, int, int]
"""Of a message in a buffer, all counted from where the message begins: where its own frame does
(after a frame that announces it, if there is one), where its bytes do, and where it ends."""

NOT_THERE: Final = (0, 0, 0)


def head(data: bytes, at: int, prelude: bytes) -> Head:
    """Read the server's head at `at`, or NOT_THERE if that is not all there."""
    first = len(prelude) if prelude and data.startswith(prelude, at) else 0
    at += first
    if len(data) - at < 2:
        return NOT_THERE
    short = data[at + 1]
    if short < 126:
        return first, first + 2, first + 2 + short
    size = 4 if short == 126 else 10
    if len(data) - at < size:
        return NOT_THERE
    length = int.from_bytes(data[at + 2 : at + size])
    return first, first + size, first + size + length


def are_alike(data: bytearray, end: int, length: int, columns: Iterable[int]) -> bool:
    """Say whether all up to `end` are frames of one length, which agree in all `columns` of bytes.

    The columns must hold the lengths, so that what is looked at are frames and no bytes amid them:
    after a frame of that length begins the next, where it is looked for.
    """
    if end % length:
        return False
    for column in columns:
        values = data[column:end:length]
        if values.lstrip(values[:1]):
            return False
    return True
