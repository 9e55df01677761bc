"""One direction of one connection under conditions: frames in, and out again when they are due."""

from __future__ import annotations

from bisect import insort
from collections import deque
from operator import itemgetter
from typing import Final

from relay.conditions.conditions import Conditions
from relay.conditions.dice import Dice

LATE: Final = 0.1
"""Seconds by which a volatile value is late if it is to come behind later ones."""

BACKLOG: Final = 0.2
"""Seconds of frames that wait here for a connection that carries little. More frames wait in the
outbox, where newer volatile values replace older ones."""

Waiting = tuple[float, bytes, bool]
"""When a frame is due, the frame, and whether the connection is cut instead."""

_when = itemgetter(0)


class Line:
    """Frames on their way. A frame's number alone decides whether it is lost, or late.

    Reliable frames all come out, in the order in which they went in. A volatile value may be lost,
    come twice, or come behind later volatile values. It never comes behind a later reliable frame:
    LEFT must not overtake a value of the player who left.

    Attributes:
        is_cut: the connection is to be cut. What was on its way is lost with it.
    """

    def __init__(
        self,
        conditions: Conditions,
        dice: Dice,
        now: float,
        *,
        max_bytes: int = 256 * 1024,
        max_frames: int = 512,
    ) -> None:
        """Args: max_bytes, max_frames: of all that waits; `is_full` says when to wait."""
        self.is_cut = False
        self._conditions = conditions
        self._dice = dice
        self._began = now
        self._max_bytes = max_bytes
        self._max_frames = max_frames
        self._counts = [0, 0]
        """Frames so far: those that are reliable, and volatile values."""
        self._bytes = 0
        self._free = now
        """When the way has carried what was given to it."""
        self._last = now
        """When the last of the frames is due that keep their order."""
        self._queue: deque[Waiting] = deque()
        self._late: list[Waiting] = []
        """Values that come behind later ones, by their time."""

    def is_full(self, now: float) -> bool:
        """Say whether nothing more should be pushed for the moment."""
        many = len(self._queue) + len(self._late)
        is_much = self._bytes >= self._max_bytes or many >= self._max_frames
        return is_much or self._free - now > BACKLOG

    # In.

    def push(self, frame: bytes, now: float, *, is_volatile: bool = False) -> None:
        """Take a frame."""
        if self.is_cut:
            return
        conditions = self._conditions
        fate = self._dice.roll(self._counts[is_volatile], is_volatile=is_volatile)
        self._counts[is_volatile] += 1
        at = self._arrival(len(frame), fate.jitter, now)
        every = conditions.cut_every_frames
        if every and sum(self._counts) % every == 0:
            self._append(frame, at, is_cut=True)
        elif not is_volatile:
            self._keep_late_ones_before(at)
            self._append(frame, at)
        elif fate.loss >= conditions.loss:
            for _ in range(2 if fate.duplication < conditions.duplication else 1):
                self._pass_on(frame, at, is_late=fate.reordering < conditions.reordering)

    def _arrival(self, size: int, jitter: float, now: float) -> float:
        conditions = self._conditions
        self._free = max(self._free, now)
        if conditions.bytes_per_second:
            self._free += size / conditions.bytes_per_second
        return self._free + (conditions.lag_ms + conditions.jitter_ms * jitter) / 1000

    def _pass_on(self, value: bytes, at: float, *, is_late: bool) -> None:
        if is_late:
            self._bytes += len(value)
            insort(self._late, (max(at, self._last) + LATE, value, False), key=_when)
        else:
            self._append(value, at)

    def _append(self, frame: bytes, at: float, *, is_cut: bool = False) -> None:
        # Jitter alone reorders nothing: nobody is due before the one in front of them.
        self._last = max(self._last, at)
        self._bytes += len(frame)
        self._queue.append((self._last, frame, is_cut))

    def _keep_late_ones_before(self, at: float) -> None:
        if self._late:
            at = max(at, self._last)
            late = [(min(when, at), value, False) for when, value, _ in self._late]
            # The sort is stable, and so the queue's own order stays.
            self._queue = deque(sorted([*self._queue, *late], key=_when))
            self._late.clear()

    # Out.

    def pop(self, now: float) -> bytes | None:
        """Return the next frame that is due, if one is."""
        if self._is_cut_by(now):
            self._cut()
        if self.is_cut or self._still_until(now) is not None:
            return None
        waiting = self._next_of()
        if waiting is None or waiting[0][0] > now:
            return None
        _, frame, is_cut = waiting.popleft() if isinstance(waiting, deque) else waiting.pop(0)
        if is_cut:
            self._cut()
            return None
        self._bytes -= len(frame)
        return frame

    def wakes(self, now: float) -> float | None:
        """Return when `pop` may find something, or `is_full` change; None: not by itself."""
        if self.is_cut or self._conditions.freeze:
            return None
        times = [self._began + self._conditions.cut_every_s] if self._conditions.cut_every_s else []
        if (waiting := self._next_of()) is not None:
            times.append(max(waiting[0][0], self._still_until(now) or 0.0))
        if self._free - now > BACKLOG:
            times.append(self._free - BACKLOG)
        return min(times, default=None)

    def flush(self) -> list[bytes]:
        """Return all that waits, in its order: the conditions end here."""
        waiting = sorted([*self._queue, *self._late], key=_when)
        self._queue.clear()
        self._late.clear()
        self._bytes = 0
        return [frame for _, frame, _ in waiting]

    def _next_of(self) -> deque[Waiting] | list[Waiting] | None:
        """Return where the next frame waits."""
        if self._late and (not self._queue or self._late[0][0] < self._queue[0][0]):
            return self._late
        return self._queue or None

    def _still_until(self, now: float) -> float | None:
        """Return when the way goes on; None if it does not stand still."""
        conditions = self._conditions
        if conditions.freeze:
            return float("inf")
        every = conditions.stall_every_s
        if not every or not conditions.stall_s:
            return None
        rounds, passed = divmod(now - self._began, every)
        return self._began + (rounds + 1) * every if passed >= every - conditions.stall_s else None

    def _is_cut_by(self, now: float) -> bool:
        after = self._conditions.cut_every_s
        return bool(after) and not self._conditions.freeze and now - self._began >= after

    def _cut(self) -> None:
        self.is_cut = True
        self.flush()
