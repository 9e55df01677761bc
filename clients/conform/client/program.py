"""The program under test: it is told on its standard input what to do, and tells what it hears.

Each line is one JSON object, {"do": ...} on its way in and {"event": ...} on its way out. Its first
line is {"event": "hello", "name": ..., "can": [...]}. docs/guide/conformance.md lists all lines.
"""

from __future__ import annotations

import asyncio
import json
import shlex
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from typing import Any

START = 20.0  # seconds for a program to say hello: a browser takes some
LIMIT = 8 << 20  # bytes of a line
END = 3.0  # seconds for a program to end by itself once its input has

OFFERS = frozenset(
    {
        "volatile", "subscribe", "set", "kick", "transfer", "presence", "snapshot", "clock",
        "lost", "seat", "create", "spectator", "history", "frame", "hold",
    }
)  # fmt: skip
"""All that a program may say that it can."""

Told = dict[str, Any]
"""One line of the program."""


class Silent(Exception):
    """The program did not say what it must, or has ended. Its text says what was awaited."""


class Program:
    """A process that has one client at a time."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.name = "a program without a name"
        self.can: frozenset[str] = frozenset()
        """What it offers beyond connect, send and leave."""

    async def ended(self) -> None:
        """Wait until the process is no more."""
        await self._process.wait()

    async def do(self, what: str, **fields: Any) -> None:
        """Tell the program to do something."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": what, **fields}).encode() + b"\n")
        with suppress(ConnectionError):
            await self._process.stdin.drain()

    def greeted(self, hello: Told) -> None:
        """Note what it is and what it can.

        Raises: Silent: it says a word that no case asks for, and would miss the cases it means.
        """
        self.name = str(hello.get("name", self.name))
        self.can = frozenset(hello.get("can", ()))
        if unknown := sorted(self.can - OFFERS):
            known = ", ".join(sorted(OFFERS))
            raise Silent(f"its hello has {unknown[0]!r} in `can`, where these are known: {known}")

    async def next(self, within: float) -> Told:
        """Return the next line.

        Raises:
            TimeoutError: none came.
            Silent: none will come, or it is no JSON object with an event.
        """
        assert self._process.stdout is not None
        async with asyncio.timeout(within):
            line = await self._process.stdout.readline()
        if not line:
            raise Silent("the program has ended")
        try:
            told = json.loads(line)
        except ValueError:
            told = None
        if not isinstance(told, dict) or "event" not in told:
            raise Silent(f"the program wrote a line that is no event: {line[:80]!r}")
        return told

    async def until(self, event: str, within: float) -> Told:
        """Return the next line of this event, and forget the lines before it.

        Raises: Silent: it did not come.
        """
        try:
            async with asyncio.timeout(within):
                while (told := await self.next(within))["event"] != event:
                    pass
        except TimeoutError:
            raise Silent(f"the program said no {event!r} within {within:g} s") from None
        return told

    async def end(self) -> None:
        """End its input, and the process if it does not end by itself."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(END):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


async def start(command: str) -> Program:
    """Start a program, and wait for its hello.

    Raises:
        OSError: it cannot be started.
        Silent: it does not say hello.
    """
    process = await asyncio.create_subprocess_exec(
        *shlex.split(command), stdin=PIPE, stdout=PIPE, limit=LIMIT
    )
    program = Program(process)
    try:
        program.greeted(await program.until("hello", START))
    except Silent:
        await program.end()
        raise
    return program
