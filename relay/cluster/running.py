"""Tasks that run beside others, and whose owner sees them end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

log = logging.getLogger("relay")

AGAIN_SECONDS = 5.0


@contextlib.asynccontextmanager
async def running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run a task during the `with` block, and cancel it at the end."""
    task = asyncio.get_running_loop().create_task(work)
    task.add_done_callback(_say_if_failed)
    try:
        yield
    finally:
        while not task.done():
            task.cancel()  # nats-py sometimes swallows a cancellation
            await asyncio.wait([task], timeout=AGAIN_SECONDS)


class Tasks:
    """Tasks that run until they are done, or until all are stopped."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._done)

    def repeat(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        """Do something again and again, also when it fails."""
        self.begin(_repeated(seconds, work))

    def stop(self) -> None:
        for task in self._running:
            task.cancel()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a part of the broker stopped", exc_info=error)


async def _repeated(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except Exception:
            log.exception("a round of the broker failed")
        await asyncio.sleep(seconds)


def _say_if_failed(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("the cluster is left: %s", error, exc_info=error)
