"""Small duties of many connections, done together: one timer for all, not one for each."""

from __future__ import annotations

from collections.abc import Callable

Call = Callable[[], object]


class Rounds:
    """Calls that are due one or two rounds from now, as long as there are any.

    Args:
        start: is called to have `go` called once, a round's time later.
    """

    def __init__(self, start: Callable[[], object]) -> None:
        self._start = start
        self._is_running = False
        self._next: list[Call] = []
        self._ripe: list[Call] = []
        self._after: list[Call] = []

    def next(self, call: Call) -> None:
        """Have something called at the end of this round."""
        self._next.append(call)
        self._run()

    def after_next(self, call: Call) -> None:
        """Have something called at the end of the round after this one."""
        self._after.append(call)
        self._run()

    def go(self) -> None:
        """End a round: call what is due, what was asked for `next` first."""
        due = [*self._next, *self._ripe]
        self._next, self._ripe, self._after = [], self._after, []
        self._is_running = False
        for call in due:
            call()
        if self._next or self._ripe:
            self._run()

    def _run(self) -> None:
        if not self._is_running:
            self._is_running = True
            self._start()
