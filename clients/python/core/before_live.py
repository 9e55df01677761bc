"""How much a relay may tell of a room before LIVE: as much as its limits say, and no more.

The client does not make the relay wait before LIVE, as the program has no room to read from yet.
So the queue must be bounded by what a room can hold.
"""

from __future__ import annotations

from protocol import limits
from protocol.error_codes import ErrorCode
from protocol.errors import RemoteProtocolError
from protocol.frames import Limits

SEATS = 2 * limits.MAX_CAPACITY
"""Players and spectators."""
PROPERTIES = 256
"""Properties of one scope, which is the room or a player."""
SCOPE_BYTES = 64 * 1024
"""Bytes of the keys and values of one scope."""
HEAD_BYTES = 256
"""Bytes of a fact besides a property's key and value. A player's name fits into them."""

HELD_FRAMES = 2 * SEATS + (SEATS + 1) * PROPERTIES + limits.SNAPSHOT_PARTS
"""JOINED and PRESENCE of each seat, all properties, and a snapshot."""
HELD_BYTES = (SEATS + 1) * SCOPE_BYTES + limits.SNAPSHOT_BYTES + HELD_FRAMES * HEAD_BYTES
MEANWHILE_FRAMES, MEANWHILE_BYTES = limits.HISTORY_FRAMES, limits.HISTORY_BYTES
"""Frames and bytes that enter the room's order during the entry: they come before LIVE, too."""


class BeforeLive:
    """Counts what a fresh stream tells before LIVE."""

    def __init__(self, announced: Limits) -> None:
        """Args: announced: the limits in the WELCOME of this stream."""
        self._frames = announced.history_frames + HELD_FRAMES + MEANWHILE_FRAMES
        self._bytes = announced.history_bytes + HELD_BYTES + MEANWHILE_BYTES

    def count(self, size: int) -> None:
        """Count a message of so many bytes.

        Raises:
            RemoteProtocolError: that is more than a room can hold.
        """
        self._frames -= 1
        self._bytes -= size
        if self._frames < 0 or self._bytes < 0:
            raise RemoteProtocolError(
                ErrorCode.TOO_MANY,
                "it told more before LIVE than a room can hold",
                expected="LIVE",
            )
