"""Programs of the plain client: one that lines drive, and one in the process of the tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from clients.conform.client.program import Program, Told
from tests.clients.conform.planted.client import CAN, Plain
from tests.clients.conform.planted.telling import Line, Tell, event

Make = Callable[[Line, Tell], Plain]


class Seat:
    """Where one client after another sits. It says hello upon its beginning."""

    def __init__(self, tell: Tell, name: str, make: Make | None) -> None:
        self._tell = tell
        self._make = make or Plain
        self._client: Plain | None = None
        self._running: asyncio.Task[None] | None = None
        tell(event("hello", name=name, can=CAN))

    def do(self, line: Line) -> None:
        """Do what a line says."""
        match line["do"]:
            case "connect":
                self.end()
                self._client = self._make(line, self._tell)
                self._running = asyncio.get_running_loop().create_task(self._client.run())
            case "reset":
                self.end()
                self._tell(event("reset"))
            case _ if self._client is not None:
                self._client.do(line)

    def end(self) -> None:
        """Forget the client."""
        if self._running is not None:
            self._running.cancel()
        self._client = self._running = None


class InProcess(Program):
    """A program without a process: what it is told, and tells, passes through no pipe."""

    def __init__(self, make: Make | None = None) -> None:
        self._told: asyncio.Queue[Told] = asyncio.Queue()
        self._seat = Seat(self._told.put_nowait, "in process", make)
        self.name = "in process"
        self.can = frozenset(self._told.get_nowait()["can"])

    async def do(self, what: str, **fields: Any) -> None:
        self._seat.do({"do": what, **fields})

    async def next(self, within: float) -> Told:
        async with asyncio.timeout(within):
            return await self._told.get()

    async def end(self) -> None:
        self._seat.end()
