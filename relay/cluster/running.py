"""Work that is done beside other work, by an owner who sees its end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine
from typing import Any

log = logging.getLogger("relay")

AGAIN_SECONDS = 5.0


@contextlib.asynccontextmanager
async def running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Have work done meanwhile, which then is cancelled."""
    task = asyncio.get_running_loop().create_task(work)
    task.add_done_callback(_say_if_failed)
    try:
        yield
    finally:
        while not task.done():
            task.cancel()  # nats-py swallows this now and then
            await asyncio.wait([task], timeout=AGAIN_SECONDS)


def _say_if_failed(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("the cluster is left: %s", error, exc_info=error)
