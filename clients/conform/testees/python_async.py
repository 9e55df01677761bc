"""Our async Python client under test: `python -m clients.conform.testees.python_async`."""

from __future__ import annotations

import asyncio
import inspect

from clients.conform.testees import lines
from roomwire import LocalProtocolError, Room, RoomwireError, connect

PATIENCE = 60.0  # seconds for `connect`: a case may take its time with WELCOME


class Testee:
    """One client at a time: what it is told waits in a queue, for `send` may have to wait."""

    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        self._tasks = tasks
        self._client: asyncio.Task[None] | None = None
        self._work: asyncio.Queue[lines.Command] = asyncio.Queue()
        self._room: Room | None = None
        self._reads = asyncio.Event()

    async def do(self, line: lines.Command) -> None:
        """Do what a line says."""
        match line["do"]:
            case "connect":
                self._work = asyncio.Queue()
                self._reads.set()
                self._client = self._tasks.create_task(self._play(line, self._work))
            case "reset":
                self._reset()
            case "hold":
                self._reads.clear()
            case "go_on":
                self._reads.set()
            case "clock" if self._room is not None:
                lines.clock(self._room)
            case _:
                self._work.put_nowait(line)

    async def _play(self, line: lines.Command, work: asyncio.Queue[lines.Command]) -> None:
        try:
            room = await connect(line["url"], timeout=PATIENCE, **lines.options(line["options"]))
        except (RoomwireError, LocalProtocolError) as error:
            lines.not_entered(error)
            return
        self._room = room
        working = self._tasks.create_task(self._obey(room, work))
        try:
            async for event in room:
                await self._reads.wait()
                lines.happened(room, event)
        finally:
            working.cancel()
            # The relay of the case is gone: the room has a few seconds to notice, beside us.
            self._tasks.create_task(room.leave())

    async def _obey(self, room: Room, work: asyncio.Queue[lines.Command]) -> None:
        while True:
            line = await work.get()
            try:
                if line["do"] == "leave":
                    await room.leave()
                    continue
                done = lines.sending(room, line)
                if inspect.isawaitable(done):
                    await done
            except (RoomwireError, LocalProtocolError) as error:
                lines.tell("error", do=line["do"], text=str(error))

    def _reset(self) -> None:
        if self._client is not None:
            self._client.cancel()
        self._client = self._room = None
        lines.tell("reset")


async def main() -> None:
    """Obey until the input ends."""
    async with asyncio.TaskGroup() as tasks:
        testee = Testee(tasks)
        lines.hello("Roomwire for Python, async")
        while (line := await asyncio.to_thread(lines.command)) is not None:
            await testee.do(line)
        raise SystemExit


if __name__ == "__main__":
    asyncio.run(main())
