"""A client for programs with a loop of their own, such as games: no call waits for the network.

`poll()` returns what has happened, and updates `players`, `host` and `properties` to match. They
stand still between two polls. A thread in the background does the talking.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from types import TracebackType
from typing import Unpack

from clients.python.base_room import BaseRoom
from clients.python.core import commands
from clients.python.core.address import Urls
from clients.python.core.commands import Slot
from clients.python.core.room_state import RoomState
from clients.python.errors import WindowFull
from clients.python.events import Event
from clients.python.io.driver import Driver
from clients.python.lobby import BlockingLobby
from clients.python.options import TIMEOUT, Options, driver_for
from protocol.frames import PresenceState

Lobby = BlockingLobby
"""The lobby. Each call waits for the relay's answer."""


class BlockingRoom(BaseRoom[int]):
    """A place in a room, for one thread of the program.

    Sending never blocks: it returns the number of the frame, or raises `WindowFull` when the relay
    has not taken the last ones yet (256, or as `limits.window` says). Then nothing was sent.

    The room as it stands is known from the beginning. All events wait for the first poll, in order
    and without a gap. First come those that describe the room as it stands. Then come a snapshot
    and history, if the room keeps any; then `Live`, and what has happened since.

    Poll often. When 1,024 events (or 4 MiB) from after `Live` wait, the client reads nothing more
    from the relay. The relay closes the connection of a client that stays behind. The client comes
    back by itself, and misses nothing that the relay's history still holds.
    """

    def __init__(self, background: Background, driver: Driver) -> None:
        super().__init__(driver.protocol)
        self._background = background
        self._driver = driver
        self._room = driver.queue.room
        self._lock = threading.Lock()
        self._handed_over: list[bytes] = []
        """Frames on their way to the other thread."""
        driver.protocol.unposted = self._take_back

    def poll(self) -> list[Event]:
        """Return the events since the last poll, without waiting; none after `Closed`."""
        if self._driver.crash is not None:
            raise self._driver.crash
        events, self._room = self._driver.queue.take()
        if events:
            self._background.call(self._driver.events_taken)
        return events

    def drop(self) -> None:
        self._background.call(self._driver.drop)

    def presence(self, state: PresenceState) -> None:
        self._driver.check_open()
        commands.presence(state)  # a mistake raises here, not in the other thread
        self._background.call(self._protocol.presence, state)
        self._background.call(self._driver.flush_soon)

    def leave(self) -> None:
        """Give the seat up and end the thread, within some seconds. Events that wait stay to poll.

        A lost connection is taken up again for that, if that is soon possible. Otherwise the relay
        holds the seat for a while, and a `Lost` event tells what it may not have.
        """
        self._background.end()

    @property
    def _facts(self) -> RoomState:
        return self._room

    @property
    def seq(self) -> int:
        return self._driver.queue.seq

    def _post(self, *messages: bytes) -> int:
        for message in messages:
            self._protocol.check_size(message)
        window = self._protocol.resume.window
        with self._lock:
            # Within the lock: a room that ends after this takes back what is handed over here.
            self._driver.check_open()
            count = window.sent + len(self._handed_over) + len(messages)
            if count - window.taken > window.size:
                raise WindowFull(
                    f"the relay has not taken the last {window.size} frames: try again later"
                )
            self._handed_over += messages
        self._background.call(self._accept)
        return count

    def _accept(self) -> None:
        with self._lock:
            messages, self._handed_over = self._handed_over, []
            self._driver.post_now(*messages)

    def _take_back(self) -> tuple[bytes, ...]:
        """Return what the room has ended too early for, so that a `Lost` event tells of it."""
        with self._lock:
            messages, self._handed_over = self._handed_over, []
        return tuple(messages)

    def _volatile(self, slot: Slot, message: bytes) -> None:
        self._driver.check_open()
        self._protocol.check_size(message)
        self._background.call(self._accept_volatile, slot, message)

    def _accept_volatile(self, slot: Slot, message: bytes) -> None:
        self._protocol.volatile(slot, message)
        self._driver.flush_soon()


class Background:
    """The thread and its event loop."""

    def __init__(self, url: Urls, timeout: float, options: Options) -> None:
        self._opened: Future[Driver] = Future()
        self._end = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        # A daemon, so that a program that forgets to leave can still exit.
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._main(url, timeout, options)),
            name="roomwire",
            daemon=True,
        )

    def start(self) -> Driver:
        """Connect; raises as `connect` does."""
        self._thread.start()
        try:
            return self._opened.result()
        except Exception:
            self.end()
            raise
        except BaseException:  # Ctrl+C: do not wait for an attempt that may take long
            self.call(self._end.set)
            raise

    def call(self, function: Callable[..., object], *args: object) -> None:
        """Call a function in the loop, soon; once the loop has ended, nothing happens."""
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(function, *args)

    def end(self) -> None:
        """Leave the room and wait for the thread."""
        self.call(self._end.set)
        self._thread.join()

    async def _main(self, url: Urls, timeout: float, options: Options) -> None:
        self._loop = asyncio.get_running_loop()
        try:
            driver = driver_for(url, **options)
            await driver.open(timeout)
        except BaseException as error:
            self._opened.set_exception(error)
            return
        self._opened.set_result(driver)
        await driver.ended_or(self._end)
        await driver.leave()


class connect:
    """Enter a room: `with blocking.connect("localhost:8000", room="K7QF") as room:`.

    After `room = blocking.connect(...).open()`, call `room.leave()` yourself.
    """

    def __init__(self, url: Urls, *, timeout: float = TIMEOUT, **options: Unpack[Options]) -> None:
        """Args and errors: as the async `connect`. Events wait for the first reader here, too."""
        self._background = Background(url, timeout, options)

    def open(self) -> BlockingRoom:
        """Enter, waiting for it."""
        return BlockingRoom(self._background, self._background.start())

    def __enter__(self) -> BlockingRoom:
        return self.open()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._background.end()
