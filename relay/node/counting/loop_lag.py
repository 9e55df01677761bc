"""How late the event loop is: a call that is due waits until the one before it has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from relay.delivery.spread import Spread

EVERY: Final = 0.25
"""Seconds between two measurements."""
BOUNDS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class LoopLag:
    """Asks for a call, and measures how late it comes, while anybody could be waiting."""

    def __init__(
        self,
        later: Callable[[float | None, Callable[[], None]], asyncio.TimerHandle | None],
        clock: Callable[[], float],
        is_needed: Callable[[], bool],
    ) -> None:
        """
        Args:
            later: calls after so many seconds.
            clock: in seconds, from any moment on.
            is_needed: says whether to measure again.
        """
        self.spread = Spread(BOUNDS)
        self._later = later
        self._clock = clock
        self._is_needed = is_needed
        self._timer: asyncio.TimerHandle | None = None
        self.is_watching = False

    def watch(self) -> None:
        """Measure from now on."""
        if not self.is_watching:
            self.is_watching = True
            self._ask()

    def end(self) -> None:
        """Measure no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _ask(self) -> None:
        due = self._clock() + EVERY
        self._timer = self._later(EVERY, lambda: self._look(due))

    def _look(self, due: float) -> None:
        self.spread.add(max(self._clock() - due, 0.0))
        self.is_watching = self._is_needed()
        if self.is_watching:
            self._ask()
