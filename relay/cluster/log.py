"""What orders the entries of rooms that several nodes share: the seam to an engine of logs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

READ_LIMIT = 500
"""Entries that one `read` returns at most, unless it is asked for another number."""

SAME_SECONDS = 30
"""Seconds within which an id that is published twice is stored once."""


@dataclass(frozen=True, slots=True)
class Logged:
    """An entry in its place."""

    seq: int
    """Its place in the log. It grows, with gaps: other rooms share the log."""
    previous: int
    """The seq of the room's entry before this one; 0 if none was kept when this one was stored.
    The first entry of a `read` may have 0 also because `after` is kept no longer: then nobody
    knows what was between."""
    data: bytes


Deliver = Callable[[Logged], None]
"""Takes an entry of a room, in the event loop."""

Unfollow = Callable[[], None]
"""Ends the deliveries."""

Trouble = Callable[[bool], None]
"""Told True when nothing is acknowledged for a while, and False when the log works again."""


class LogFull(Exception):
    """The log has no place for another room."""


class Log(Protocol):
    """Orders opaque entries, a sequence for each room, and keeps them for a while.

    What `read` shows is true. What it delivers may be lost, doubled or late: the `Replica` mends
    that. A coroutine may raise an `OSError`, `TimeoutError` among them: the log does not answer,
    and may do so later. Room names are canonical (relay/lobby/registry.py).
    """

    on_trouble: Trouble

    @property
    def most_bytes(self) -> int:
        """Bytes that an entry may have, id and all."""

    def publish(self, room: str, id: str, data: bytes) -> None:
        """Ask for an entry to be stored, and wait for nothing.

        The same id is stored once within `SAME_SECONDS`. The publisher knows that the entry is
        stored when they see it come back.
        """

    async def publish_first(self, room: str, id: str, data: bytes) -> None:
        """Store an entry with which a room may begin, and return when it is stored.

        Raises:
            LogFull: there is no place for another room.
        """

    def follow(self, room: str, deliver: Deliver) -> Unfollow:
        """Deliver the entries of a room from now on. Some may be missed."""

    async def read(self, room: str, after: int, limit: int = READ_LIMIT) -> Sequence[Logged]:
        """Return kept entries of a room with a seq above `after`, in order. It may lag behind."""

    async def last(self, rooms: Sequence[str]) -> Mapping[str, int]:
        """Return the newest seq of each room that has one."""

    async def put_snapshot(self, room: str, seq: int, data: bytes) -> None:
        """Keep what a room is after the entry at `seq`. It may be several MiB."""

    async def snapshots(self, room: str) -> Sequence[tuple[int, bytes]]:
        """Return the newest few snapshots of a room with their seqs, the newest first."""

    def is_troubled(self, room: str) -> bool:
        """Say whether entries of this room wait, as nothing was acknowledged for a while."""
