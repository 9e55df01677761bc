"""Waits for a condition without polling: it is checked only after a change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Pulse:
    """A beat says that something has changed. At every beat, each waiter checks its condition."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def beat(self) -> None:
        """Say that something has changed."""
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until the condition holds."""
        while not condition():
            future = asyncio.get_running_loop().create_future()
            self._waiting.add(future)
            await future
