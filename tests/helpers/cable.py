"""A network cable that a test can pull: a TCP proxy between a client and a relay."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from tests.helpers.small_server import serving


class Cable:
    """Carries bytes both ways until it is cut."""

    def __init__(self, url: str) -> None:
        self.port = 0
        """Where clients connect."""
        self.connections = 0
        """How many clients have connected so far."""
        self.is_plugged = True
        self.lead_to(url)
        self._ends: set[asyncio.StreamWriter] = set()
        self._carriers: set[asyncio.Task[None]] = set()
        self._flow = asyncio.Event()
        self._flow.set()

    @property
    def url(self) -> str:
        """The address for a client to use instead of the relay's."""
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Break all connections at once, without a close frame, as a network does."""
        for end in self._ends:
            end.transport.abort()

    def unplug(self) -> None:
        """Break all connections, and later ones, until `plug`."""
        self.is_plugged = False
        self.cut()

    def plug(self) -> None:
        """Let connections through again."""
        self.is_plugged = True

    def lead_to(self, url: str) -> None:
        """Lead later connections to another relay."""
        self._relay_port = urlsplit(url).port or 80

    def stall(self) -> None:
        """Hold back all bytes until `flow`."""
        self._flow.clear()

    def flow(self) -> None:
        """Let bytes through again."""
        self._flow.set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client."""
        if not self.is_plugged:
            writer.transport.abort()
            return
        self.connections += 1
        try:
            there = await asyncio.open_connection("127.0.0.1", self._relay_port)
        except ConnectionError:
            writer.transport.abort()
            return
        if not self.is_plugged:  # it was pulled meanwhile
            writer.transport.abort()
            there[1].transport.abort()
            return
        try:
            await asyncio.gather(self._pass(reader, there[1]), self._pass(there[0], writer))
        except asyncio.CancelledError:  # perhaps before either way began, or with bytes left
            there[1].transport.abort()
            raise

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.add(writer)
        try:
            while data := await reader.read(65536):
                await self._flow.wait()
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            writer.transport.abort()
        finally:
            self._ends.discard(writer)
            writer.close()


@asynccontextmanager
async def cable_to(url: str) -> AsyncIterator[Cable]:
    """Lay a cable to a relay."""
    cable = Cable(url)
    async with serving(cable.carry) as cable.port:
        try:
            yield cable
        finally:
            cable.flow()
            cable.unplug()
