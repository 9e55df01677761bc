"""Events on their way from the connection to the program, bounded.

A volatile value that was not yet taken gives its place to a newer one of the same sender and key.
The rest is kept in order. What a fresh stream tells before LIVE, the past, always finds its place:
the room's limits bound it (before_live.py). Of what comes after, so much may wait; beyond that,
reading from the socket pauses until some was taken.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock

from clients.python.core.room_state import RoomState
from clients.python.events import (
    Event,
    Live,
    Message,
    PropertyChanged,
    Resumed,
    SnapshotReceived,
    SnapshotWanted,
    Updated,
)
from protocol import limits

MESSAGES = 1024
"""Kept events other than volatile ones; with frames of 60 KiB no more than 60 MiB."""

BYTES = 4 * 1024 * 1024
"""Bytes of their payloads, whichever comes first."""

PAST_MESSAGES, PAST_BYTES = 2 * limits.HISTORY_FRAMES, 2 * limits.HISTORY_BYTES
"""Of a past that waits, beyond which another connection, and with it perhaps another past, waits
for the program."""


@dataclass(slots=True)
class Load:
    """How much waits."""

    messages: int = 0
    bytes: int = 0

    def add(self, event: Event, sign: int = 1) -> None:
        """Count an event that comes, or with sign -1 one that goes."""
        self.messages += sign
        self.bytes += sign * size(event)

    def exceeds(self, messages: int, size: int) -> bool:
        """Say whether either is above its bound."""
        return self.messages > messages or self.bytes > size


@dataclass(slots=True)
class Waiting:
    """One event. A newer one can take its place, if it is volatile."""

    event: Event
    load: Load | None
    """In which it counts."""


class EventQueue:
    """A queue with one writer and one reader, which may be in different threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._room = RoomState()
        self._head = 0
        self._is_known = False
        self.seq = 0
        """Where the room stood after the last event that was taken; 0 before it is known in full.
        The events still here may be far ahead of it, and so is who received them."""
        self.clear()

    def clear(self) -> None:
        """Forget all, as a stream begins anew before anybody could read."""
        self._places: deque[Waiting] = deque()
        self._volatile: dict[tuple[int, int], Waiting] = {}
        self._past, self._present = Load(), Load()
        self._is_past = True

    @property
    def is_full(self) -> bool:
        """Whether to stop reading from the socket; never before LIVE in a fresh stream."""
        return not self._is_past and self._present.exceeds(MESSAGES - 1, BYTES - 1)

    @property
    def is_low(self) -> bool:
        """Whether to read again: well below the bound, so as not to flutter around it."""
        return not self._present.exceeds(MESSAGES // 2, BYTES // 2)

    @property
    def has_room_for_a_past(self) -> bool:
        """Whether a fresh stream may come, though nobody has read the last one."""
        return not self._past.exceeds(PAST_MESSAGES, PAST_BYTES)

    def __len__(self) -> int:
        return len(self._places)

    @property
    def room(self) -> RoomState:
        """The room as it is after the newest event here."""
        return self._room

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
            taken = [place.event for place in self._places]
            self._places.clear()
            self._volatile.clear()
            self._past, self._present = Load(), Load()
            self._reach_head()
            return taken, self._room

    def pop(self) -> Event | None:
        """Remove and return the oldest event, or None, without waiting."""
        with self._lock:
            if not self._places:
                return None
            place = self._places.popleft()
            event = place.event
            if place.load is not None:
                place.load.add(event, -1)
                self._follow(event)
            elif type(event) is Updated:
                self._volatile.pop((event.sender, event.key), None)
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
            place = self._volatile[slot] = Waiting(event, None)
            self._places.append(place)
        else:
            place.event = event

    def _put_kept(self, event: Event) -> None:
        if type(event) is Resumed:
            # What comes after belongs after, though a room begun anew may use the same numbers.
            self._volatile.clear()
            self._is_past = self._is_past or not event.resumed
        elif type(event) is Live:
            self._is_past = False
        load = self._past if self._is_past else self._present
        load.add(event)
        self._places.append(Waiting(event, load))


def size(event: Event) -> int:
    """Return the bytes of payload that an event holds on to."""
    if isinstance(event, Message | SnapshotReceived | PropertyChanged):
        return len(event.payload or b"")
    return 0
