"""WebSocket frames in bulk: it builds a client's frame, and compares many frames at once.

RFC 6455 asks clients to mask. A key of zeros is allowed, and leaves the bytes as they are. So a
frame is built once, and only the stamp in it changes.
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
"""Three offsets from the start of a message in a buffer: of its frame (a frame that announces it
may come before), of its bytes, and of its end."""

NOT_THERE: Final = (0, 0, 0)


def head(data: bytes, at: int, prelude: bytes) -> Head:
    """Read the server's head at `at`; NOT_THERE if it has not come in full."""
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
    """Say whether the bytes up to `end` are frames of one length that agree in all `columns`.

    The columns must include the bytes of a frame's length. Then each frame begins where the one
    before it ends, so the compared bytes are those of heads and never of payloads.
    """
    if end % length:
        return False
    for column in columns:
        values = data[column:end:length]
        if values.lstrip(values[:1]):
            return False
    return True
