"""Every few seconds, while there are rooms: forgets what is too old, and counts memory."""

from __future__ import annotations

import asyncio
import time

from protocol.frames import Notice, NoticeDetail, NoticeKind
from relay.broker import Broker
from relay.history.memory_budget import ELSEWHERE, PROPOSALS, RESERVATIONS
from relay.lobby.elsewhere import REMOTE_BYTES
from relay.lobby.reservations import PROMISE_BYTES, Reservations
from relay.lobby.rooms import Rooms
from relay.node.tending.keeping import tell
from relay.room.room import Room

SWEEP_SECONDS = 5.0
MEMORY_SECONDS = 60.0  # between two notices to a room that its past is lost


class Sweeping:
    """Sweeps all rooms of a node, again and again."""

    def __init__(
        self, rooms: Rooms, reservations: Reservations, broker: Broker, seconds: float
    ) -> None:
        """Args: seconds: for which histories are kept."""
        self._rooms = rooms
        self._memory = rooms.memory
        self._reservations = reservations
        self._broker = broker
        self._seconds = seconds
        self._timer: asyncio.TimerHandle | None = None
        self._told: dict[str, float] = {}
        """When a room's players were told that its past is lost, by the room's name."""

    def begin(self) -> None:
        """There is a room to be swept."""
        if self._timer is None:
            self._sweep()

    def forget(self, room: Room) -> None:
        """Take note that a room is no more."""
        self._told.pop(room.name, None)

    def stop(self) -> None:
        """Sweep no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _sweep(self) -> None:
        now = time.monotonic()
        self._count_memory()
        for room in self._rooms.registry:
            room.history.age(now, self._seconds, room.needed_from)
            if room.account in self._memory.givers:
                self._tell_of_memory(room, now)
        loop = asyncio.get_running_loop()
        has_rooms = len(self._rooms.registry) > 0
        self._timer = loop.call_later(SWEEP_SECONDS, self._sweep) if has_rooms else None

    def _count_memory(self) -> None:
        """Count the memory that no room pays for, and trim histories if they take too much beside
        it."""
        self._memory.set(RESERVATIONS, PROMISE_BYTES * len(self._reservations))
        self._memory.set(ELSEWHERE, REMOTE_BYTES * len(self._rooms.elsewhere))
        self._memory.set(PROPOSALS, self._broker.held)
        self._memory.make_room(0)

    def _tell_of_memory(self, room: Room, now: float) -> None:
        """Tell players that their room lost its past, at most once a minute."""
        if now - self._told.get(room.name, -MEMORY_SECONDS) < MEMORY_SECONDS:
            return
        self._told[room.name] = now
        self._memory.givers.discard(room.account)
        tell(room, Notice(NoticeKind.MEMORY, NoticeDetail(seq=room.history.trimmed)))
