"""What is found in a source: a message, or the end of a connection."""

from __future__ import annotations

from typing import NamedTuple


class NotReadable(Exception):
    """The source cannot be read. The text says why, in one sentence."""


class Said(NamedTuple):
    """One WebSocket message, or a close."""

    data: bytes
    by: str | None = None
    """"client", "relay", or None where the source does not say."""
    kind: str = "binary"
    """"binary", "text" or "close"; "note" for a remark about the source."""
    at: float | None = None
    """Seconds since 1970."""
    connection: str = ""
    """The room's address, or the two ends."""
