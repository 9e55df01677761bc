"""What spectators of a room with a delay may know by now."""

from __future__ import annotations

from collections import deque

from relay.outbox import Outbox, Slot
from relay.wrapping import wrap


class DelayLine:
    """The room's order and its volatile values, as they were so many seconds ago.

    A room has no clock: its node ticks the line, and what came between two ticks comes out
    together. Values of the same slot that came between two ticks are one.

    Attributes:
        seq: spectators are told what has happened up to here.
        began: where it was when each spectator's stream began, by player number: from there on
            all that it lets out is for them, be it older than their seats.
        outboxes: of the spectators who are connected to this node.
    """

    def __init__(self, seconds: float) -> None:
        self.seq = 0
        self.began: dict[int, int] = {}
        self.outboxes: dict[int, Outbox] = {}
        self._seconds = seconds
        self._marks: deque[tuple[float, int, dict[Slot, bytes]]] = deque()
        self._left: deque[tuple[int, int]] = deque()
        self._kept: dict[Slot, bytes] = {}
        self._newest: dict[Slot, bytes] = {}

    def keep(self, slot: Slot, update: bytes) -> None:
        """Take a volatile value that was passed on to all."""
        self._kept[slot] = update

    def leaves(self, player: int, seq: int) -> None:
        """Take note of a player's LEFT: behind it spectators hear no value of the player."""
        self._left.append((seq, player))
        self.began.pop(player, None)

    def tick(self, now: float, seq: int) -> None:
        """Mark where the room is now, and tell spectators what is old enough."""
        self._marks.append((now, seq, self._kept))
        self._kept = {}
        due: dict[Slot, bytes] = {}
        while self._marks and now - self._marks[0][0] >= self._seconds:
            _, self.seq, values = self._marks.popleft()
            due.update(values)
        self._newest.update(due)
        while self._left and self._left[0][0] <= self.seq:
            self._forget(self._left.popleft()[1], due)
        for outbox in self.outboxes.values():
            for update in due.values():
                outbox.queue(wrap(update))
            outbox.on_ready()

    def newest(self) -> list[bytes]:
        """Return the newest value of each slot that spectators were told."""
        return list(self._newest.values())

    def _forget(self, player: int, due: dict[Slot, bytes]) -> None:
        for values in (self._newest, due):
            for slot in [slot for slot in values if slot[0] == player]:
                del values[slot]
        for outbox in self.outboxes.values():
            outbox.forget(player)
