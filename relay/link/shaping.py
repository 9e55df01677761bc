"""What drives the lines of a connection whose network is shaped (relay/conditions).

A connection that is not shaped has nothing of this: its link looks for a `Current` only where it
does not take the short way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from relay.conditions.conditions import Conditions
from relay.conditions.dice import Dice, Direction
from relay.conditions.line import Line
from relay.conditions.shape import Shape
from relay.policy.config import Settings


class Current:
    """One direction of a connection: hands frames on when they are due."""

    def __init__(
        self,
        line: Line,
        clock: Callable[[], float],
        out: Callable[[bytes, float], float],
        drained: Callable[[], object],
        cut: Callable[[], object],
    ) -> None:
        """
        Args:
            clock: in the seconds that the line was begun in.
            out: takes a frame. It returns the seconds for which it takes no other.
            drained: called when there is place in the line.
            cut: cuts the connection.
        """
        self._line = line
        self._clock = clock
        self._out = out
        self._drained = drained
        self._cut = cut
        self._pause = 0.0
        """Until when nothing more is taken."""
        self._timer: asyncio.TimerHandle | None = None
        self._is_over = False
        self._arm(clock())

    @property
    def is_full(self) -> bool:
        """Whether nothing more should be pushed until `drained` is called."""
        return self._line.is_full(self._clock())

    def push(self, frame: bytes, *, is_volatile: bool) -> None:
        """Take a frame, on its way from now on."""
        now = self._clock()
        self._line.push(frame, now, is_volatile=is_volatile)
        self._arm(now)

    def flush(self) -> list[bytes]:
        """End: return what waits."""
        self._is_over = True
        if self._timer is not None:
            self._timer.cancel()
        return self._line.flush()

    def _arm(self, now: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        at = self._line.wakes(now)
        self._timer = None
        if at is not None:
            wait = max(at, self._pause) - now
            self._timer = asyncio.get_running_loop().call_later(max(wait, 0.0), self._go)

    def _go(self) -> None:
        now = self._clock()
        while now >= self._pause and (frame := self._line.pop(now)) is not None:
            if pause := self._out(frame, now):
                self._pause = now + pause
        if self._is_over:  # a frame may be what ends the connection
            return
        if self._line.is_cut:
            self._cut()
            return
        self._arm(now)
        if not self._line.is_full(now):
            self._drained()


class Shaper:
    """Begins the currents of one link."""

    def __init__(self, settings: Settings, clock: Callable[[], float], cut: Callable[[], object]):
        self._settings = settings
        self._clock = clock
        self._cut = cut

    def begin(
        self,
        shape: Shape,
        player: int,
        direction: Direction,
        out: Callable[[bytes, float], float],
        drained: Callable[[], object],
    ) -> Current | None:
        """Begin a direction, if it has conditions."""
        conditions: Conditions | None = getattr(shape, direction)
        if conditions is None or conditions.is_off:
            return None
        line = Line(
            conditions,
            Dice(shape.seed, player, direction),
            self._clock(),
            max_bytes=self._settings.outbox_bytes,
            max_frames=self._settings.outbox_frames,
        )
        return Current(line, self._clock, out, drained, self._cut)
