"""A reverse proxy in the test's event loop, set up well or with mistakes that people make.

tests/integration uses the real nginx. This one is small, and exists on every machine.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.helpers.small_server import serving

END_OF_HEAD = b"\r\n\r\n"


@dataclass
class ReverseProxy:
    """Serves a relay below a prefix, without telling the relay."""

    relay_port: int
    prefix: str = ""
    passes_upgrade: bool = True
    passes_host: bool = True
    port: int = 0

    @property
    def url(self) -> str:
        """The relay's home page as people see it."""
        return f"http://127.0.0.1:{self.port}{self.prefix}"

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one request of a browser, with its answer or its WebSocket."""
        head = self.changed(await reader.readuntil(END_OF_HEAD))
        there = await asyncio.open_connection("127.0.0.1", self.relay_port)
        there[1].write(head)
        try:
            await asyncio.gather(self._pass(reader, there[1]), self._pass(there[0], writer))
        finally:
            there[1].close()

    def changed(self, head: bytes) -> bytes:
        """Return the head of a request in the form that the relay gets."""
        first, *headers = head.removesuffix(END_OF_HEAD).decode("latin-1").split("\r\n")
        method, path, version = first.split(" ")
        upgrades = self.passes_upgrade and any(map(is_upgrade, headers))
        dropped = set() if upgrades else {"connection", "upgrade"}
        own = [] if upgrades else ["Connection: close"]  # so that each connection has one request
        if not self.passes_host:
            dropped.add("host")
            own.append(f"Host: 127.0.0.1:{self.relay_port}")
        kept = [each for each in headers if each.partition(":")[0].lower() not in dropped]
        inside = path.startswith(f"{self.prefix}/")
        path = path.removeprefix(self.prefix) if inside else "/what-else-is-served-here"
        lines = [f"{method} {path} {version}", *kept, *own]
        return "\r\n".join(lines).encode("latin-1") + END_OF_HEAD

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()


def is_upgrade(header: str) -> bool:
    """Return whether a line of a head asks for another protocol."""
    return header.lower().startswith("upgrade:")


@asynccontextmanager
async def reverse_proxy(
    url: str, prefix: str = "", *, passes_upgrade: bool = True, passes_host: bool = True
) -> AsyncIterator[ReverseProxy]:
    """Put a proxy before a relay."""
    proxy = ReverseProxy(urlsplit(url).port or 80, prefix, passes_upgrade, passes_host)
    async with serving(proxy.carry) as proxy.port:
        yield proxy
