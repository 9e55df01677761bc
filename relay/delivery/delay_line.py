"""What spectators of a room with a delay may know by now."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from relay.delivery.outbox import Outbox
from relay.delivery.retained_values import RetainedValues
from relay.delivery.stream import Slot
from relay.history.memory_budget import DELAYED, OBJECT_BYTES, Account

MAX_BYTES = 16 * 1024 * 1024
"""Bytes of volatile values that wait in one line: values beyond are not told to spectators."""

SLOT_BYTES = OBJECT_BYTES + 160
"""Bytes of memory that a value takes beside its message."""

MARK_BYTES = 280
"""Bytes of memory that a mark takes beside its values."""


class Mark(NamedTuple):
    """Where the room was at a time."""

    at: float
    seq: int
    values: dict[Slot, bytes]
    """What came since the mark before."""
    size: int
    """Bytes of memory that it takes."""


def nobody_ticks() -> None:
    """Take no notice of news: nobody tells the time to the line."""


class DelayLine:
    """The room's order and its volatile values, as they were so many seconds ago.

    A room has no clock: its node ticks the line. What came between two ticks comes out together,
    and of values of one slot only the newest.

    Attributes:
        seq: spectators are told everything up to this seq.
        began: the line's seq when each spectator's stream began, by player number. All that it lets
            out after that is for them, even if it is older than their seats.
        outboxes: of the spectators who are connected to this node.
        newest: value of each slot that spectators were told.
        on_news: called when something happens after a tick; it asks for the next tick.
    """

    def __init__(self, seconds: float, account: Account | None = None) -> None:
        """Args: account: of the room, is charged for what waits here."""
        self.seq = 0
        self.began: dict[int, int] = {}
        self.outboxes: dict[int, Outbox] = {}
        self.on_news: Callable[[], None] = nobody_ticks
        self._seconds = seconds
        self._account = account or Account()
        self._has_news = False
        self._marked = 0
        self._marks: deque[Mark] = deque()
        self._left: deque[tuple[int, int]] = deque()
        self._kept: dict[Slot, bytes] = {}
        self._kept_size = 0
        self._waiting = 0
        """What all values take that wait, in bytes of memory."""
        self.newest = RetainedValues(self._account, DELAYED)

    def note(self) -> None:
        """Take note that something happened in the room."""
        if not self._has_news:
            self._has_news = True
            self.on_news()

    def keep(self, slot: Slot, update: bytes) -> None:
        """Take a volatile value, wrapped, that was passed on to all."""
        older = self._kept.pop(slot, None)
        grown = len(update) + SLOT_BYTES
        if older is not None:
            self._charge(-len(older) - SLOT_BYTES)
        if self._waiting + grown <= MAX_BYTES and self._account.may_grow(grown):
            self._kept[slot] = update
            self._charge(grown)
        self.note()

    def leaves(self, player: int, seq: int) -> None:
        """Take note of a player's LEFT: behind it spectators hear no value of the player."""
        self._left.append((seq, player))
        self.began.pop(player, None)

    def tick(self, now: float, seq: int) -> float | None:
        """Mark where the room is now, and tell spectators what is old enough.

        Returns: seconds after which there is more to tell them; None: not before `on_news`.
        """
        if self._has_news or seq != self._marked:
            self._marked = seq
            self._account.charge(DELAYED, MARK_BYTES)
            self._marks.append(Mark(now, seq, self._kept, self._kept_size + MARK_BYTES))
            self._kept, self._kept_size, self._has_news = {}, 0, False
        due: dict[Slot, bytes] = {}
        while self._marks and now - self._marks[0].at >= self._seconds:
            mark = self._marks.popleft()
            self.seq = mark.seq
            due.update(mark.values)
            self._waiting -= mark.size - MARK_BYTES
            self._account.charge(DELAYED, -mark.size)
        for slot, update in due.items():
            self.newest.keep(*slot, update)
        while self._left and self._left[0][0] <= self.seq:
            self._forget(self._left.popleft()[1], due)
        for outbox in self.outboxes.values():
            for update in due.values():
                outbox.queue(update)
            outbox.outlet.ready()
        return self._marks[0].at + self._seconds - now if self._marks else None

    def _charge(self, size: int) -> None:
        self._kept_size += size
        self._waiting += size
        self._account.charge(DELAYED, size)

    def _forget(self, player: int, due: dict[Slot, bytes]) -> None:
        self.newest.drop(player)
        for slot in [slot for slot in due if slot[0] == player]:
            del due[slot]
        for outbox in self.outboxes.values():
            outbox.forget(player)
