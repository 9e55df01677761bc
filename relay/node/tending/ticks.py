"""Moves on with the clock what delayed spectators may know."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from relay.delivery.delay_line import DelayLine, nobody_ticks
from relay.room.room import Room

TICK_SECONDS = 0.1

LaterCall = Callable[[float | None, Callable[[], None]], asyncio.TimerHandle | None]


class Ticks:
    """Ticks the delay lines of rooms while there is more for their spectators."""

    def __init__(self, later: LaterCall) -> None:
        """Args: later: calls after so many seconds."""
        self._later = later
        self._alarms: dict[DelayLine, asyncio.TimerHandle] = {}

    def watch(self, room: Room, delay: DelayLine) -> None:
        """Tick this line of a room from now on, whenever something happens there."""
        delay.on_news = lambda: self._tick_in(TICK_SECONDS, room, delay)
        delay.note()

    def forget(self, delay: DelayLine) -> None:
        """Tick this line no more, and hold nothing of its room, which holds the line."""
        self._silence(delay)
        delay.on_news = nobody_ticks

    def _silence(self, delay: DelayLine) -> None:
        alarm = self._alarms.pop(delay, None)
        if alarm is not None:
            alarm.cancel()

    def _tick_in(self, seconds: float, room: Room, delay: DelayLine) -> None:
        self._silence(delay)
        alarm = self._later(seconds, lambda: self._tick(room, delay))
        if alarm is not None:
            self._alarms[delay] = alarm

    def _tick(self, room: Room, delay: DelayLine) -> None:
        del self._alarms[delay]
        wait = delay.tick(time.monotonic(), room.seq)
        if wait is not None:
            self._tick_in(max(wait, TICK_SECONDS), room, delay)
