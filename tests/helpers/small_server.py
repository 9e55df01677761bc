"""A small server in the test's event loop. Clients may leave it at any moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

LEFT = (asyncio.IncompleteReadError, ConnectionError)
"""What a server meets once its client has left. On a busy machine clients leave early."""


@asynccontextmanager
async def serving(handle: Handle) -> AsyncIterator[int]:
    """Serve connections on loopback, each until its handler returns. Yields: the port.

    In the end no connection is left, not even one that comes just then.
    """
    running: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
    is_over = False

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running[task] = writer
        try:
            if not is_over:
                with suppress(*LEFT):
                    await handle(reader, writer)
        finally:
            del running[task]
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        is_over = True
        server.close()
        for task, writer in list(running.items()):
            writer.transport.abort()
            task.cancel()
        # The turns in which a connection that was just accepted comes to its handler, and ends.
        for _ in range(10):
            await asyncio.sleep(0)
        await server.wait_closed()
