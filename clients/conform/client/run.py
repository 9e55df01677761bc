"""All cases against a client."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from clients.conform.case import Case
from clients.conform.client import frames, returning, room, streams
from clients.conform.client.program import Program, Silent, start
from clients.conform.client.stage import House, Stage, book
from clients.conform.runner import Lane, Result, Tell, play_all

MODULES = (frames, streams, room, returning)
"""What has cases: importing them has put them into the book."""

PATIENCE_TO_RESET = 3.0  # seconds for a program to let its client go


def cases(only: tuple[str, ...] = ()) -> list[Case[Stage]]:
    """Return the cases that the patterns mean; without any, all."""
    return book.cases(only)


@dataclass
class Row:
    """Plays one case after another with one process, which is started anew if it is lost."""

    command: str
    house: House
    patience: float
    rooms: Iterator[int]
    program: Program | None = None

    async def play(self, case: Case[Stage]) -> None:
        """Play one case."""
        if self.program is None:
            self.program = await start(self.command)
        room = f"CF{next(self.rooms)}"
        url = f"{self.house.url}/r/{room}"
        stage = self.house.stages[room] = Stage(case, self.program, url, self.patience)
        try:
            await case.play(stage)
        finally:
            await stage.end()
            await self._reset()

    async def _reset(self) -> None:
        assert self.program is not None
        try:
            await self.program.do("reset")
            await self.program.until("reset", PATIENCE_TO_RESET)
        except Silent:
            await self.end()

    async def end(self) -> None:
        """End the process."""
        program, self.program = self.program, None
        if program is not None:
            await program.end()


async def run(
    command: str, chosen: list[Case[Stage]], jobs: int, patience: float, tell: Tell[Stage]
) -> tuple[str, list[Result[Stage]]]:
    """Play cases against the program that a command starts, in `jobs` processes.

    Returns: what the program calls itself, and the results.

    Raises:
        OSError: the program cannot be started.
        Silent: it does not say hello.
    """
    house, rooms = House(), itertools.count(1)
    rows = [Row(command, house, patience, rooms) for _ in range(min(jobs, len(chosen)))]
    async with house.open():
        try:
            for row in rows:
                row.program = await start(command)
            name = rows[0].program.name if rows and rows[0].program else command
            lanes: list[Lane[Stage]] = [row.play for row in rows]
            return name, await play_all(chosen, lanes, tell)
        finally:
            for row in rows:
                await row.end()
