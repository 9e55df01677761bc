"""Another site: one page, with an origin of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.helpers.small_server import serving


@asynccontextmanager
async def site(html: str) -> AsyncIterator[str]:
    """Serve a page on loopback. Yields: its address."""
    body = html.encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head.encode() + body)

    async with serving(answer) as port:
        yield f"http://localhost:{port}/"
