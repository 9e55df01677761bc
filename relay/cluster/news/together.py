"""What makes one relay of several nodes, beside the rooms themselves: lists, promises and limits.

Nodes tell each other what has changed every `TELL_SECONDS`, and promises of places at once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sized
from itertools import count
from typing import Any, Final

import msgpack

from relay.cluster.bus import Bus
from relay.cluster.news.board import Board
from relay.cluster.news.directory import Directory
from relay.cluster.news.shared_limits import SharedLimits
from relay.lobby.reservations import Reservations
from relay.lobby.rooms import Rooms
from relay.policy.passwords import Passwords
from relay.policy.rate_limits import AddressLimits

log = logging.getLogger("relay")

TELL_SECONDS: Final = 0.25
DIGEST_EVERY: Final = 8
"""Changes are told so many times between two comparisons of digests."""
PROMISES: Final = "promises"


class Together:
    """One node's part in a relay of several.

    Attributes:
        limits: takes further counts and buckets to share, before `start`.
    """

    def __init__(
        self,
        bus: Bus,
        *,
        rooms: Rooms,
        reservations: Reservations,
        limits: AddressLimits,
        passwords: Passwords,
        connections: Sized,
        boards: Collection[Board] = (),
    ) -> None:
        """
        Args:
            boards: further boards, whose owners publish what is new themselves. All but the bus are
            the node's.
        """
        self._bus = bus
        self._reservations = reservations
        self._directory = Directory(bus, rooms.elsewhere, lambda: rooms.registry)
        self.limits = SharedLimits(bus)
        self._boards = (self._directory.board, self.limits.board, *boards)
        self._tasks: list[asyncio.Task[None]] = []
        reservations.tell = self._tell_promise
        bus.subscribe(PROMISES, self._hear_promise)
        _share(self.limits, rooms, limits, passwords, connections)

    def start(self) -> None:
        """Begin to tell, and to hear all that the others have told. Call it in the event loop."""
        self._tasks = [
            self._begin(keep_telling(self._look, self._boards)),
            self._begin(keep_mending(self._boards)),
        ]

    def stop(self) -> None:
        """Tell nothing more."""
        for task in self._tasks:
            task.cancel()

    async def _look(self) -> None:
        self.limits.look()
        self.limits.tell_spent()
        await self._directory.look()

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(_say_if_failed)
        return task

    # Promises.

    def _tell_promise(self, room: str, address: str, is_promised: bool) -> None:
        self._bus.publish(PROMISES, msgpack.packb([room, address, is_promised]))

    def _hear_promise(self, sender: str, data: bytes) -> None:
        try:
            room, address, is_promised, *_ = msgpack.unpackb(data)
        except (ValueError, TypeError, msgpack.UnpackException):
            return  # of another version
        self._reservations.hear(str(room), str(address), bool(is_promised), time.monotonic())


async def keep_telling(look: Callable[[], Awaitable[None]], boards: Collection[Board]) -> None:
    """Tell of what changes. Args: look: puts it up on the boards."""
    for turn in count():
        await look()
        for board in boards:
            board.tell(all_is_told=turn % DIGEST_EVERY == 0)
        await asyncio.sleep(TELL_SECONDS)


async def keep_mending(boards: Collection[Board]) -> None:
    """Get what was missed of the others."""
    while True:
        await asyncio.gather(*(board.mend() for board in boards))
        await asyncio.sleep(TELL_SECONDS)


def _share(
    shared: SharedLimits,
    rooms: Rooms,
    limits: AddressLimits,
    passwords: Passwords,
    connections: Sized,
) -> None:
    def take(count: int) -> None:
        limits.elsewhere = count

    shared.share_total("connections", lambda: len(connections), take)
    shared.share_counts("players", limits.connections)
    shared.share_counts("made", rooms.makers.rooms)
    shared.share_buckets("joins", limits.joins)
    shared.share_buckets("rooms", limits.rooms)
    shared.share_buckets("passwords", passwords.shares)
    shared.share_buckets("tries", passwords.tries)


def _say_if_failed(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("other nodes are told nothing more: %s", error, exc_info=error)
