"""Events on their way from the connection to the program, bounded.

A newer volatile value replaces one of the same sender and key that still waits. All other events
are kept, in order. The events of a fresh stream before LIVE, its past, always fit: the room's
limits bound them (before_live.py). Of the events after LIVE only so many may wait. With more, the
client stops reading from the socket until the program has taken some.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
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
"""Events that may wait, without volatile ones. At 60 KiB each they would be 60 MiB."""

BYTES = 4 * 1024 * 1024
"""Bytes of payloads that may wait. The bound that is reached first counts."""

PAST_MESSAGES, PAST_BYTES = 2 * limits.HISTORY_FRAMES, 2 * limits.HISTORY_BYTES
"""If more of a past than this waits for the program, the client does not reconnect yet: the next
connection may bring another past."""


@dataclass(slots=True)
class Load:
    """How many events wait, and how many bytes of payload they have."""

    messages: int = 0
    bytes: int = 0

    def add(self, event: Event, sign: int = 1) -> None:
        """Count an event that comes; with sign -1, one that goes."""
        self.messages += sign
        self.bytes += sign * size(event)

    def exceeds(self, messages: int, size: int) -> bool:
        """Say whether one of the two counts is above its bound."""
        return self.messages > messages or self.bytes > size


@dataclass(slots=True)
class Waiting:
    """One event. A newer one can take its place, if it is volatile."""

    event: Event
    load: Load | None
    """The load that counts it; None for a volatile event."""


class EventQueue:
    """A queue with one writer and one reader, which may be in different threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._room = RoomState()
        self._head = 0
        self._is_known = False
        self.seq = 0
        """The seq of the room after the last event that was taken; 0 before it is known in full.
        Events that still wait here are ahead of it, and so is the protocol that received them."""
        self.clear()

    def clear(self) -> None:
        """Forget all events, as a stream begins anew before anybody could read."""
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
        """Whether to read again: at half the bound, so that reading does not stop again at once."""
        return not self._present.exceeds(MESSAGES // 2, BYTES // 2)

    @property
    def has_room_for_a_past(self) -> bool:
        """Whether there is room for a fresh stream, although the program has not read the last."""
        return not self._past.exceeds(PAST_MESSAGES, PAST_BYTES)

    def events(self) -> Iterator[Event]:
        """Yield the events that wait."""
        return (place.event for place in self._places)

    def __len__(self) -> int:
        return len(self._places)

    @property
    def room(self) -> RoomState:
        """The room after the newest event here."""
        return self._room

    def put(self, events: Iterable[Event], room: RoomState, seq: int = 0) -> None:
        """Add events, the room after them, and the seq up to which the room is known in full."""
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
        """Remove and return all events, and the room after them, without waiting."""
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
        """Advance `seq` after an event, but not before LIVE: there, facts are ahead of history."""
        if type(event) is Resumed and not event.resumed:
            self.seq, self._is_known = 0, False
        elif type(event) is Live:
            self._is_known = True
        # SnapshotWanted may name a seq ahead of the events so far.
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
            # A room that begins anew may reuse player numbers, so no later value may replace one
            # from before.
            self._volatile.clear()
            self._is_past = self._is_past or not event.resumed
        elif type(event) is Live:
            self._is_past = False
        load = self._past if self._is_past else self._present
        load.add(event)
        self._places.append(Waiting(event, load))


def size(event: Event) -> int:
    """Return the bytes of payload that an event keeps in memory."""
    if isinstance(event, Message | SnapshotReceived | PropertyChanged):
        return len(event.payload or b"")
    return 0
