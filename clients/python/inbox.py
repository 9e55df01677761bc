"""Events on their way from the connection to the program, bounded.

A volatile value that was not yet taken gives its place to a newer one of the same sender and key.
The rest is kept in order; beyond a bound, reading from the socket pauses until some was taken.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from threading import Lock

from clients.python.events import (
    Event,
    Live,
    Message,
    Resumed,
    SnapshotReceived,
    SnapshotWanted,
    Updated,
)
from clients.python.room_state import RoomState

MESSAGES = 1024
"""Kept events other than volatile ones; with frames of 60 KiB no more than 60 MiB."""

BYTES = 4 * 1024 * 1024
"""Bytes of their payloads, whichever comes first."""

Place = list[Event]
"""One event, in a list so that a newer one can take its place."""


class Inbox:
    """A queue with one writer and one reader, which may be in different threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._places: deque[Place] = deque()
        self._volatile: dict[tuple[int, int], Place] = {}
        self._kept = self._bytes = 0
        self._room = RoomState()
        self._head = 0
        self._is_known = False
        self.seq = 0
        """Where the room stood after the last event that was taken; 0 before it is known in full.
        The events still here may be far ahead of it, and so is who received them."""

    @property
    def is_full(self) -> bool:
        """Whether to stop reading from the socket."""
        return self._kept >= MESSAGES or self._bytes >= BYTES

    @property
    def is_low(self) -> bool:
        """Whether to read again: well below the bound, so as not to flutter around it."""
        return self._kept <= MESSAGES // 2 and self._bytes <= BYTES // 2

    def __len__(self) -> int:
        return len(self._places)

    def put(self, events: Iterable[Event], room: RoomState, seq: int = 0) -> None:
        """Add events, the room as it is after them, and the seq up to which it is known in full."""
        with self._lock:
            self._room = room
            self._head = seq
            for event in events:
                if type(event) is Updated:
                    self._put_volatile(event)
                else:
                    self._put_kept(event)
            if not self._places:
                self._reach_head()

    def take(self) -> tuple[list[Event], RoomState]:
        """Remove and return all events, and the room as it is after them, without waiting."""
        with self._lock:
            taken = [place[0] for place in self._places]
            self._places.clear()
            self._volatile.clear()
            self._kept = self._bytes = 0
            self._reach_head()
            return taken, self._room

    def pop(self) -> Event | None:
        """Remove and return the oldest event, or None, without waiting."""
        with self._lock:
            if not self._places:
                return None
            event = self._places.popleft()[0]
            if type(event) is Updated:
                self._volatile.pop((event.sender, event.key), None)
            else:
                self._kept -= 1
                self._bytes -= size(event)
                self._follow(event)
            if not self._places:
                self._reach_head()
        return event

    def _reach_head(self) -> None:
        self.seq = self._head
        self._is_known = self._head > 0

    def _follow(self, event: Event) -> None:
        """Take the room's seq on; the facts of a fresh stream are ahead of its history."""
        if type(event) is Resumed and not event.resumed:
            self.seq, self._is_known = 0, False
        elif type(event) is Live:
            self._is_known = True
        # What a snapshot is wanted of may be ahead of what was told.
        if self._is_known and type(event) is not SnapshotWanted:
            self.seq = max(self.seq, getattr(event, "seq", 0))

    def _put_volatile(self, event: Updated) -> None:
        slot = (event.sender, event.key)
        place = self._volatile.get(slot)
        if place is None:
            place = self._volatile[slot] = [event]
            self._places.append(place)
        else:
            place[0] = event

    def _put_kept(self, event: Event) -> None:
        self._places.append([event])
        self._kept += 1
        self._bytes += size(event)
        if type(event) is Resumed:
            # What comes after belongs after, though a room begun anew may use the same numbers.
            self._volatile.clear()


def size(event: Event) -> int:
    """Return the bytes of payload that an event holds on to."""
    return len(event.payload) if isinstance(event, Message | SnapshotReceived) else 0
