"""TCP connections that write HTTP by hand, and other apps behind a relay's server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import ASGIApp, Receive

from relay.policy.config import Settings
from relay.server.process import listen, make_server
from tests.helpers.peers import PATIENCE

ASK = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
POST = b"POST /api/rooms HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
UPGRADE = (
    b"GET /r/R HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


class Visitor:
    """One TCP connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def says(self, data: bytes) -> None:
        self._writer.write(data)

    async def is_answered(self) -> int:
        """Return the status of the next answer, once it has come in full."""
        async with asyncio.timeout(PATIENCE):
            head = await self._reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            await self._reader.readexactly(int(length or b"0"))
        return int(head.split(b" ")[1])

    async def ends(self) -> bytes:
        """Return everything until the connection ends, in whatever way."""
        heard = b""
        async with asyncio.timeout(PATIENCE):
            try:
                while data := await self._reader.read(4096):
                    heard += data
            except ConnectionError:
                pass
        return heard

    async def says_until_the_end(self, data: bytes, times: int) -> int:
        """Write it again and again, and keep reading. Returns: how many bytes the server took."""
        taken = 0
        try:
            for _ in range(times):
                self._writer.write(data)
                await self._writer.drain()
                taken += len(data)
        except ConnectionError:
            pass
        return taken

    def leaves(self) -> None:
        self._writer.transport.abort()


@asynccontextmanager
async def visitor(url: str) -> AsyncIterator[Visitor]:
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield Visitor(reader, writer)
    finally:
        writer.transport.abort()


@asynccontextmanager
async def served(app: ASGIApp, **settings: Any) -> AsyncIterator[str]:
    """Serve another app behind the same server. Returns: its URL."""
    server = make_server(app, Settings(**settings))
    server.config.lifespan = "off"
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    listener = listen("127.0.0.1", 0)
    await server.startup([*listener.sockets])
    try:
        yield listener.url
    finally:
        await server.shutdown([*listener.sockets])


async def gone(receive: Receive) -> None:
    """Wait until the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
