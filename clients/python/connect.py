"""The async client's entrance: `async with connect(...) as room`."""

from __future__ import annotations

from collections.abc import Generator
from types import TracebackType
from typing import Any, Unpack

from clients.python.core.address import Urls
from clients.python.options import TIMEOUT, Options, driver_for
from clients.python.room import Room


class connect:
    """Enter a room: return once the room as it stands is known.

    Players, host and properties can be read then. Events wait for the first reader. The room's
    past comes first, if it keeps one; then `Live`, then what has happened since.

    `async with connect("localhost:8000", room="K7QF", name="Ann") as room:` leaves it at the end.
    After `room = await connect(...)`, call `room.leave()` yourself. A lost connection comes back
    by itself, and events tell of it.
    """

    def __init__(self, url: Urls, *, timeout: float = TIMEOUT, **options: Unpack[Options]) -> None:
        """
        Args:
            url: of the relay or the room, with or without scheme: `localhost:8000`,
                `ws://host:8000`, `https://host/r/K7QF`. Several, if several relays share their
                rooms (`relay serve --nats`): the first that answers is taken, and the next one
                whenever the connection is lost.
            timeout: seconds within which to be live in the room. Until then the client tries again
                where a relay is full, or a proxy does not reach its relay.
            options: see `Options`.

        Raises (when entered):
            JoinError: the relay said no. A subclass names the cause; the text says what to do.
            Unreachable: nothing that could be a relay answers.
            ValueError: `url` is no address, or no room can have such a name.
            LocalProtocolError: an option is larger than the wire can carry.
        """
        self._url = url
        self._timeout = timeout
        self._options = options
        self._room: Room | None = None

    def __await__(self) -> Generator[Any, None, Room]:
        return self._enter().__await__()

    async def __aenter__(self) -> Room:
        self._room = await self._enter()
        return self._room

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._room is not None
        await self._room.leave()

    async def _enter(self) -> Room:
        driver = driver_for(self._url, **self._options)
        await driver.open(self._timeout)
        return Room(driver)
