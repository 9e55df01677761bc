"""Small duties of many connections, done together: one timer for all, not one for each."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

Call = Callable[[], object]


class Queue:
    """Calls that take turns: so many in a turn of the loop, in the order in which they asked.

    Args:
        soon: has something called in the next turn.
    """

    def __init__(self, soon: Callable[[Call], object], at_once: int) -> None:
        self._soon = soon
        self._at_once = at_once
        self._waiting: deque[Call] = deque()
        self._is_going = False

    def ask(self, call: Call) -> None:
        """Have something called when its turn comes."""
        self._waiting.append(call)
        if not self._is_going:
            self._is_going = True
            self._soon(self._go)

    def _go(self) -> None:
        for _ in range(min(self._at_once, len(self._waiting))):
            self._soon(self._waiting.popleft())
        self._is_going = bool(self._waiting)
        if self._is_going:
            self._soon(self._go)


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
