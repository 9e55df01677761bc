"""One interface to both clients of Python, so that the same tests run with each."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar, Unpack

import anyio
import anyio.to_thread

from clients.python import blocking, connect
from clients.python.base_room import BaseRoom
from clients.python.blocking import BlockingRoom
from clients.python.events import Event
from clients.python.options import Options
from clients.python.room import Room

PATIENCE = 30.0  # seconds for something that must happen, on a machine that is busy
POLL = 0.002  # seconds between two polls of a blocking client

E = TypeVar("E")


class TestPlayer(ABC):
    """A client under test: its room, and the events it was told."""

    __test__ = False

    def __init__(self, room: BaseRoom[Any]) -> None:
        self.room = room
        self.seen: list[Event] = []

    @abstractmethod
    async def do(self, act: Callable[[BaseRoom[Any]], Any]) -> Any:
        """Let the player act. Awaits the call if the client is async."""

    @abstractmethod
    async def leave(self) -> None:
        """Let the player leave."""

    @abstractmethod
    async def _more(self) -> list[Event]: ...

    @property
    def taken(self) -> list[Event]:
        """All events that the client has given out, read by the test or not."""
        return self.seen

    async def send(self, value: object, **options: Any) -> int:
        """Send a value."""
        count: int = await self.do(lambda room: room.send(value, **options))
        return count

    async def hears(self, wanted: type[E], such: Callable[[E], bool] = lambda event: True) -> E:
        """Read events until one is of this kind and fits."""
        with anyio.fail_after(PATIENCE):
            while True:
                for event in await self._more():
                    self.seen.append(event)
                    if isinstance(event, wanted) and such(event):
                        return event

    async def sees(self, condition: Callable[[BaseRoom[Any]], object]) -> None:
        """Read events until the room fits."""
        with anyio.fail_after(PATIENCE):
            while not condition(self.room):
                events = await self._more()
                self.seen += events


class AsyncPlayer(TestPlayer):
    def __init__(self, room: Room) -> None:
        super().__init__(room)
        self._room = room

    async def do(self, act: Callable[[BaseRoom[Any]], Any]) -> Any:
        done = act(self._room)
        return await done if isinstance(done, Coroutine) else done

    async def leave(self) -> None:
        await self._room.leave()

    async def _more(self) -> list[Event]:
        return [await anext(self._room)]


class BlockingPlayer(TestPlayer):
    def __init__(self, room: BlockingRoom) -> None:
        super().__init__(room)
        self._room = room
        self._polled: list[Event] = []
        self.longest = 0.0
        """Seconds of the slowest call so far."""

    async def do(self, act: Callable[[BaseRoom[Any]], Any]) -> Any:
        began = time.perf_counter()
        done = act(self._room)
        self.longest = max(self.longest, time.perf_counter() - began)
        return done

    async def leave(self) -> None:
        await anyio.to_thread.run_sync(self._room.leave)

    @property
    def taken(self) -> list[Event]:
        return self.seen + self._polled

    async def _more(self) -> list[Event]:
        # One at a time, so that a test can read on after the event that it waited for.
        while not self._polled:
            self._polled = self._room.poll()
            await anyio.sleep(0 if self._polled else POLL)
        return [self._polled.pop(0)]


Enter = Callable[..., AbstractAsyncContextManager[TestPlayer]]
"""Enters a room as `connect` does, and leaves it."""


@asynccontextmanager
async def enter_async(
    url: str, *, timeout: float = PATIENCE, **options: Unpack[Options]
) -> AsyncIterator[TestPlayer]:
    """Enter with the async client."""
    async with connect(url, timeout=timeout, **options) as room:
        yield AsyncPlayer(room)


@asynccontextmanager
async def enter_blocking(
    url: str, *, timeout: float = PATIENCE, **options: Unpack[Options]
) -> AsyncIterator[TestPlayer]:
    """Enter with the blocking client. Its entry and its leave block, so a thread does them."""
    entering = blocking.connect(url, timeout=timeout, **options)
    room = await anyio.to_thread.run_sync(entering.open)
    try:
        yield BlockingPlayer(room)
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(room.leave)
