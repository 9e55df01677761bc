"""Payloads that say whose they are and which, and show it if a byte of them was changed."""

from __future__ import annotations

from collections.abc import Iterable

from protocol.codec import unpack
from protocol.errors import RemoteProtocolError
from protocol.frames import Frame, Send, Set

FORGED = ("forged", 0)
"""What a payload reads as that none of ours is."""


def make(label: str, number: int, size: int = 0) -> bytes:
    """Return the payload of a player's frame, with some `size` bytes to carry around."""
    return f"{label} {number} {size} ".encode() + _filler(number, size)


def read(payload: bytes) -> tuple[str, int]:
    """Return label and number, or FORGED."""
    try:
        label, number, size, filler = payload.split(b" ", 3)
        if filler == _filler(int(number), int(size)):
            return label.decode(), int(number)
    except (ValueError, RemoteProtocolError):
        pass
    return FORGED


def numbers(sent: Iterable[Frame]) -> tuple[int, ...]:
    """Return the numbers of those frames of ours that have one."""
    payloads = (_payload(frame) for frame in sent)
    return tuple(read(payload)[1] for payload in payloads if payload is not None)


def _payload(frame: Frame) -> bytes | None:
    match frame:
        case Send(payload=payload):
            return payload
        case Set(value=bytes(value)):
            return bytes(unpack(value))
    return None


def _filler(number: int, size: int) -> bytes:
    return (b"%d." % number * size)[:size]
