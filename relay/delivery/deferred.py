"""Small duties of many connections, done together: one timer for all, not one for each."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

Call = Callable[[], object]


LEAST_COST = 4096  # of a call, in bytes: waking a connection costs as much as copying a few pages


class Queue:
    """Calls that take turns, in the order in which they asked: a turn of the loop has a budget.

    So outboxes that read little wait for nobody, and those that read much cost the others no pause.

    Args:
        soon: has something called in the next turn.
        budget: bytes that the calls of one turn may cost together. The last one may exceed it.
    """

    def __init__(self, soon: Callable[[Call], object], budget: int) -> None:
        self._soon = soon
        self._budget = budget
        self._waiting: deque[Callable[[], int]] = deque()
        self._is_going = False

    def ask(self, call: Callable[[], int]) -> None:
        """Have something called when its turn comes. It returns what it cost, in bytes."""
        self._waiting.append(call)
        if not self._is_going:
            self._is_going = True
            self._soon(self._go)

    def _go(self) -> None:
        left = self._budget
        try:
            while self._waiting and left > 0:
                left -= max(self._waiting.popleft()(), LEAST_COST)
        finally:
            self._is_going = bool(self._waiting)
            if self._is_going:
                self._soon(self._go)


class Deferred:
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
