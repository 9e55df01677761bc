"""A log in this process: for nodes in one process, and as a model for other implementations."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from relay.cluster.log import READ_LIMIT, SAME_SECONDS, Deliver, Logged, Trouble, Unfollow

KEPT: Final = 1000
"""Entries of each room that are kept."""
MOST_BYTES: Final = 1024 * 1024
"""Bytes of an entry, as by NATS's default."""
KEPT_SNAPSHOTS: Final = 3


class Store:
    """What a log has stored. `now` is seconds of a monotonic clock."""

    def __init__(self, kept: int = KEPT) -> None:
        """Args: kept: entries of each room."""
        self.rooms: dict[str, list[Logged]] = defaultdict(list)
        self.made: dict[str, list[tuple[int, bytes]]] = defaultdict(list)
        """Snapshots, the newest first."""
        self._kept = kept
        self._seq = 0
        self._ids: OrderedDict[str, float] = OrderedDict()

    def add(self, room: str, id: str, data: bytes, now: float) -> Logged | None:
        """Store an entry. Returns: None if its id is known."""
        if self.is_known(id, now):
            return None
        self._ids[id] = now
        self._seq += 1
        entries = self.rooms[room]
        logged = Logged(self._seq, entries[-1].seq if entries else 0, data)
        entries.append(logged)
        del entries[: -self._kept]
        return logged

    def is_known(self, id: str, now: float) -> bool:
        while self._ids and now - next(iter(self._ids.values())) > SAME_SECONDS:
            self._ids.popitem(last=False)
        return id in self._ids

    def read(self, room: str, after: int, limit: int, until: int) -> list[Logged]:
        """Return entries after `after` and up to `until`."""
        found = [each for each in self.rooms[room] if after < each.seq <= until]
        return found[:limit]

    def last(self, rooms: Sequence[str], until: int) -> dict[str, int]:
        newest = {room: self.read(room, 0, KEPT + 1, until) for room in rooms}
        return {room: entries[-1].seq for room, entries in newest.items() if entries}

    @property
    def seq(self) -> int:
        return self._seq

    def put_snapshot(self, room: str, seq: int, data: bytes) -> None:
        made = [*self.made[room], (seq, data)]
        self.made[room] = sorted(made, key=lambda each: -each[0])[:KEPT_SNAPSHOTS]


class LocalLog:
    """Orders at once, and delivers everything in the next turn of the loop."""

    def __init__(self) -> None:
        self.on_trouble: Trouble = lambda is_troubled: None
        self._store = Store()
        self._followers: dict[str, list[Deliver]] = defaultdict(list)

    def publish(self, room: str, id: str, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        logged = self._store.add(room, id, data, loop.time())
        if logged is not None:
            loop.call_soon(self._deliver, room, logged)

    async def publish_first(self, room: str, id: str, data: bytes) -> None:
        self.publish(room, id, data)

    def follow(self, room: str, deliver: Deliver) -> Unfollow:
        followers = self._followers[room]
        followers.append(deliver)

        def unfollow() -> None:
            if deliver in followers:
                followers.remove(deliver)

        return unfollow

    async def read(self, room: str, after: int, limit: int = READ_LIMIT) -> Sequence[Logged]:
        return self._store.read(room, after, limit, self._store.seq)

    async def last(self, rooms: Sequence[str]) -> Mapping[str, int]:
        return self._store.last(rooms, self._store.seq)

    async def put_snapshot(self, room: str, seq: int, data: bytes) -> None:
        self._store.put_snapshot(room, seq, data)

    async def snapshots(self, room: str) -> Sequence[tuple[int, bytes]]:
        return self._store.made[room]

    @property
    def most_bytes(self) -> int:
        return MOST_BYTES

    def is_troubled(self, room: str) -> bool:
        return False

    def _deliver(self, room: str, logged: Logged) -> None:
        for deliver in list(self._followers[room]):
            deliver(logged)
