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
    """Serve connections on loopback, each until its handler returns. Yields: the port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(*LEFT):
                await handle(reader, writer)
        finally:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
