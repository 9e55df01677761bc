"""The async client's room."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from clients.python.any_room import AnyRoom
from clients.python.commands import Slot
from clients.python.driver import Driver, Traffic
from clients.python.events import Event
from clients.python.room_state import RoomState
from protocol.frames import PresenceState


class Room(AnyRoom[Coroutine[Any, Any, int]]):
    """A place in a room: iterate it for events, and send.

    `players`, `host` and `properties` are as of what was received, which may be ahead of the event
    at hand; `event.player` is its sender as of then. Read events: a program that does not makes
    the relay think it slow, beyond some thousand of them.
    """

    def __init__(self, driver: Driver) -> None:
        super().__init__(driver.conversation)
        self._driver = driver

    def __aiter__(self) -> Room:
        return self

    async def __anext__(self) -> Event:
        inbox = self._driver.inbox
        event = inbox.pop()
        if event is None:
            if not await self._driver.wait_for_event():
                raise StopAsyncIteration
            event = inbox.pop()
            assert event is not None, "a room's events have one reader"
        self._driver.events_taken()
        return event

    async def batch(self) -> list[Event]:
        """Wait for events and return all that are there; none once the room is closed."""
        await self._driver.wait_for_event()
        events, _ = self._driver.inbox.take()
        self._driver.events_taken()
        return events

    def presence(self, state: PresenceState) -> None:
        self._driver.check_open()
        self._conversation.presence(state)
        self._driver.flush_soon()

    async def leave(self) -> None:
        """Give the seat up. The events that are left can still be read, `Closed` last."""
        await self._driver.leave()

    @property
    def seq(self) -> int:
        return self._driver.inbox.seq

    @property
    def traffic(self) -> Traffic:
        """How many frames were sent and received so far."""
        return self._driver.traffic

    @property
    def _facts(self) -> RoomState:
        return self._conversation.room

    def _post(self, *messages: bytes) -> Coroutine[Any, Any, int]:
        for message in messages:
            self._conversation.check_size(message)
        return self._driver.post(*messages)

    def _volatile(self, slot: Slot, message: bytes) -> None:
        self._driver.check_open()
        self._conversation.volatile(slot, message)
        self._driver.flush_soon()
