"""The async client's room."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from time import monotonic
from typing import Any

from clients.python.base_room import BaseRoom
from clients.python.core.commands import Slot
from clients.python.core.room_state import RoomState
from clients.python.events import Event
from clients.python.io.driver import Driver, Traffic
from protocol.frames import PresenceState

TURN = 0.05  # seconds for which a program reads without a pause, while events are there


class Room(BaseRoom[Coroutine[Any, Any, int]]):
    """A place in a room: iterate it for events, and send.

    `players`, `host` and `properties` follow what was received, which may be ahead of the event
    at hand. `event.player` is the sender as they were at the event.

    The room as it stands is known from the beginning. All events wait for the first reader, in
    order and without a gap. First come those that describe the room as it stands. Then come a
    snapshot and history, if the room keeps any; then `Live`, and what has happened since.

    Read them, in one task. When 1,024 events (or 4 MiB) from after `Live` wait, the client reads
    nothing more from the relay. The relay closes the connection of a client that stays behind. The
    client comes back by itself, and misses nothing that the relay's history still holds.
    """

    def __init__(self, driver: Driver) -> None:
        super().__init__(driver.protocol)
        self._driver = driver
        self._turn_ends = 0.0

    def __aiter__(self) -> Room:
        return self

    async def __anext__(self) -> Event:
        """Return the next event, waiting for it.

        Raises:
            RuntimeError: another task waits for the next event.
        """
        self._driver.check_one_reader()
        if monotonic() > self._turn_ends:
            await self._let_others_have_a_turn()
        queue = self._driver.queue
        event = queue.pop()
        if event is None:
            if not await self._driver.wait_for_event():
                raise StopAsyncIteration
            event = queue.pop()
            assert event is not None, "a room's events have one reader"
        self._driver.events_taken()
        return event

    async def _let_others_have_a_turn(self) -> None:
        """Let the loop read from the socket, however many events are there already."""
        await asyncio.sleep(0)
        self._turn_ends = monotonic() + TURN

    async def batch(self) -> list[Event]:
        """Wait for events and return all that are there; none once the room is closed.

        Raises:
            RuntimeError: another task waits for the next event.
        """
        await self._driver.wait_for_event()
        events, _ = self._driver.queue.take()
        self._driver.events_taken()
        return events

    def drop(self) -> None:
        self._driver.drop()

    def presence(self, state: PresenceState) -> None:
        self._driver.check_open()
        self._protocol.presence(state)
        self._driver.flush_soon()

    async def leave(self) -> None:
        """Give the seat up, within some seconds. Events that wait stay to read, `Closed` last.

        A lost connection is taken up again for that, if that is soon possible. Otherwise the relay
        holds the seat for a while, and a `Lost` event tells what it may not have.
        """
        await self._driver.leave()

    @property
    def seq(self) -> int:
        return self._driver.queue.seq

    @property
    def traffic(self) -> Traffic:
        """How many frames were sent and received so far."""
        return self._driver.traffic

    @property
    def _facts(self) -> RoomState:
        return self._protocol.room

    def _post(self, *messages: bytes) -> Coroutine[Any, Any, int]:
        for message in messages:
            self._protocol.check_size(message)
        return self._driver.post(*messages)

    def _volatile(self, slot: Slot, message: bytes) -> None:
        self._driver.check_open()
        self._protocol.volatile(slot, message)
        self._driver.flush_soon()
