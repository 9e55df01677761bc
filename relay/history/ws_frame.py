"""A message as it goes over TCP: behind the head of the WebSocket frame that carries it.

A message is wrapped once for all who are to get it, so that no receiver costs an encoding: the head
of a server's frame (whole, binary, unmasked) is the same for everyone. Where another server frames
messages itself, its link unwraps them.
"""

from __future__ import annotations

from typing import Final

from protocol.opcodes import Opcode

BINARY: Final = b"\x82"
HEADS: Final = [BINARY + bytes((size,)) for size in range(126)]

SHORT: Final = 127
"""Bytes of a wrapped message at most whose head is the shortest."""
OPCODE_AT: Final = 3
"""Where the opcode is in such a message."""

LOGGED: Final = frozenset(
    {
        Opcode.DELIVER,
        Opcode.JOINED,
        Opcode.LEFT,
        Opcode.PRESENCE,
        Opcode.HOST,
        Opcode.PROPERTY,
    }
)
"""Opcodes of what is always in a room's history. An ERROR is where it has a seq."""


def wrap(message: bytes) -> bytes:
    """Put the head of a WebSocket frame before a message."""
    size = len(message)
    if size < 126:
        return HEADS[size] + message
    if size < 0x1_0000:
        return b"\x82\x7e" + size.to_bytes(2) + message
    return b"\x82\x7f" + size.to_bytes(8) + message


def unwrap(wrapped: bytes) -> bytes:
    """Return the message alone."""
    return wrapped[start_of(wrapped) :]


def split(run: bytes) -> list[bytes]:
    """Return the messages, wrapped, of a run of them."""
    messages = []
    at = 0
    while at < len(run):
        size = run[at + 1]
        if size < 126:
            end = at + 2 + size
        elif size == 126:
            end = at + 4 + int.from_bytes(run[at + 2 : at + 4])
        else:
            end = at + 10 + int.from_bytes(run[at + 2 : at + 10])
        messages.append(run[at:end])
        at = end
    return messages


def opcode(wrapped: bytes) -> int:
    """Read the opcode of a wrapped message."""
    return wrapped[start_of(wrapped) + 1]


def is_logged(wrapped: bytes) -> bool:
    """Say whether a wrapped message is in the room's history, from which it can be read again."""
    start = start_of(wrapped)
    op = wrapped[start + 1]
    return op in LOGGED or (op == Opcode.ERROR and wrapped[start + 2] != 0)


def start_of(wrapped: bytes) -> int:
    """Return where the message begins in a wrapped one."""
    size = wrapped[1]
    return 2 if size < 126 else 4 if size == 126 else 10
