"""Snapshots of a node's rooms: when one is due, and which node writes it.

A log forgets its oldest entries. A replica that needs them begins with a snapshot instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from relay.cluster.log import Log
from relay.cluster.replicas.replica import Replica
from relay.cluster.running import Tasks
from relay.room.room import Room

SNAPSHOT_EVERY: Final = 200
"""Entries of a log between two snapshots. A log keeps five times as many of each room."""
STAND_IN: Final = 4
"""After so many times `SNAPSHOT_EVERY`, every node writes one: the one that should may be cut
off."""
SNAPSHOT_SECONDS: Final = 180.0
"""Seconds after which a snapshot has every entry. A log keeps entries three times as long."""
SNAPSHOT_AGAIN: Final = 6 * 3600.0
"""Seconds after which a quiet room's snapshot is written again, before it is too old."""


class SnapshotWriter:
    """Writes snapshots of rooms, of each room one after another."""

    def __init__(
        self,
        log: Log,
        tasks: Tasks,
        room: Callable[[str], Room | None],
        is_ours: Callable[[int], bool],
        every: int,
    ) -> None:
        """
        Args:
            tasks: where it writes.
            room: returns the room of a name, if it is here.
            is_ours: tells whether an attachment is of this node.
            every: entries of a room's log between two snapshots.
        """
        self._log = log
        self._tasks = tasks
        self._room = room
        self._is_ours = is_ours
        self._every = every
        self._loop = asyncio.get_running_loop()
        self._written: dict[str, float] = {}
        """When a room's newest snapshot was begun here, by the loop's clock."""
        self._writing: set[str] = set()
        self._ends: set[str] = set()
        """Rooms that have ended, while no snapshot says so yet."""

    def is_busy(self, name: str) -> bool:
        """Whether a snapshot of a room has yet to be stored."""
        return name in self._writing or name in self._ends

    def begun(self, name: str) -> None:
        """There is a room: its next snapshot is due some time from now on."""
        self._ends.discard(name)
        self._written[name] = self._loop.time()

    def due(self, replica: Replica) -> None:
        """Write a snapshot, if this node should: `every` entries have come since the last one."""
        if self._is_writer(replica.name) or replica.since_snapshot >= STAND_IN * self._every:
            self.write(replica)

    def bridged(self, replica: Replica) -> None:
        """Write one: a replica that begins with an older one could not know what was between."""
        if self._is_writer(replica.name):
            self.write(replica)

    def ended(self, replica: Replica) -> None:
        """Write that there is no room any more.

        Once the log has forgotten the end, an older snapshot would bring the room back.
        """
        self._ends.add(replica.name)
        self.write(replica)

    def review(self, replica: Replica) -> None:
        """Write a snapshot if the last one is too old, or does not say that the room has ended."""
        name = replica.name
        if name in self._ends:
            self.write(replica)
        now = self._loop.time()
        age = now - self._written.get(name, now)
        is_old = age > SNAPSHOT_SECONDS and replica.since_snapshot > 0
        if (is_old or age > SNAPSHOT_AGAIN) and self._is_writer(name):
            self.write(replica)

    def forget(self, name: str) -> None:
        """Let go of a room that this node has no more."""
        self._written.pop(name, None)

    def write(self, replica: Replica) -> None:
        """Write a snapshot of a room, unless an older one is still on its way."""
        if replica.name in self._writing:
            return
        replica.since_snapshot = 0
        self._written[replica.name] = self._loop.time()
        self._writing.add(replica.name)
        seq, data = replica.chain.applied, replica.snapshot()
        self._tasks.begin(self._put(replica, seq, data, is_end=replica.create is None))

    async def _put(self, replica: Replica, seq: int, data: bytes, *, is_end: bool) -> None:
        try:
            await self._log.put_snapshot(replica.name, seq, data)
        except OSError:
            replica.since_snapshot += self._every  # so that the next entry causes a new try
        else:
            if is_end:
                self._ends.discard(replica.name)
        finally:
            self._writing.discard(replica.name)

    def _is_writer(self, name: str) -> bool:
        """Whether this node writes a room's snapshots: one does, while players are connected."""
        room = self._room(name)
        if room is None or not room.seats.attached:
            return True
        host = room.seats.get(room.host)
        if host is not None and host.is_attached:
            return self._is_ours(host.attachment)
        return self._is_ours(min(room.seats.attached))
