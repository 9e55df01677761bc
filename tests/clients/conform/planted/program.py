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

    def __init__(self, tasks: asyncio.TaskGroup, tell: Tell, name: str, make: Make | None) -> None:
        self._tasks = tasks
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
                self._running = self._tasks.create_task(self._client.run())
            case "reset":
                self.end()
                self._tell(event("reset"))
            case _ if self._client is not None:
                self._client.do(line)

    def end(self) -> asyncio.Task[None] | None:
        """Forget the client. Returns: what is left of it."""
        ending, self._client, self._running = self._running, None, None
        if ending is not None:
            ending.cancel()
        return ending


class InProcess(Program):
    """A program without a process: what it is told, and tells, passes through no pipe."""

    def __init__(self, tasks: asyncio.TaskGroup, make: Make | None = None) -> None:
        self._told: asyncio.Queue[Told] = asyncio.Queue()
        self._seat = Seat(tasks, self._told.put_nowait, "in process", make)
        self.name = "in process"
        self.can = frozenset(self._told.get_nowait()["can"])

    async def ended(self) -> None:
        await asyncio.Event().wait()  # it has no process that could

    async def do(self, what: str, **fields: Any) -> None:
        self._seat.do({"do": what, **fields})

    async def next(self, within: float) -> Told:
        async with asyncio.timeout(within):
            return await self._told.get()

    async def end(self) -> None:
        if ending := self._seat.end():
            await asyncio.wait([ending])
