"""Payloads that hold their player's label and their number, and show any changed byte."""

from __future__ import annotations

from collections.abc import Iterable

from protocol.codec import unpack
from protocol.errors import RemoteProtocolError
from protocol.frames import Frame, Send, Set

FORGED = ("forged", 0)
"""The reading of a payload that is not ours."""


def make(label: str, number: int, size: int = 0) -> bytes:
    """Return the payload of a player's frame, with about `size` bytes of filler."""
    return f"{label} {number} {size} ".encode() + _filler(number, size)


def read(payload: bytes) -> tuple[str, int]:
    """Return a payload's label and number, or FORGED."""
    try:
        label, number, size, filler = payload.split(b" ", 3)
        if filler == _filler(int(number), int(size)):
            return label.decode(), int(number)
    except (ValueError, RemoteProtocolError):
        pass
    return FORGED


def numbers(sent: Iterable[Frame]) -> tuple[int, ...]:
    """Return the numbers of our frames. Frames without a number are left out."""
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
