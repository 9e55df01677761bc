"""What this node has proposed for all its rooms, on its way into the log."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Final

from relay.cluster.log import Log
from relay.cluster.replicas.outgoing import Outgoing
from relay.cluster.replicas.parcels import ENVELOPE, Parcel
from relay.room.entries import Ask, Entry, Refuse

TICK_SECONDS: Final = 0.1
MOST_WAITING: Final = 4 * 1024 * 1024
"""Bytes that may wait for one room while its log stands still. Then no more players' frames are
taken."""
MOST_HELD: Final = 64 * 1024 * 1024
"""Bytes that may wait or be on their way for all rooms together."""
MOST_NUMBERS: Final = 65536
"""Rooms that this node has let go of, and whose next number it remembers."""


class Proposals:
    """Publishes proposals in the next turn of the loop, and again until the log delivers them.

    Attributes:
        held: bytes of all proposals that the log has yet to deliver.
    """

    def __init__(self, log: Log, incarnation: int) -> None:
        self.held = 0
        self._log = log
        self._incarnation = incarnation
        self._rooms: dict[str, Outgoing] = {}
        self._ripe: dict[str, Outgoing] = {}
        self._numbers: OrderedDict[bytes, int] = OrderedDict()
        self._timer: asyncio.TimerHandle | None = None
        self._is_flushing = False
        self._loop = asyncio.get_running_loop()

    def open(self, room: str, epoch: bytes) -> None:
        """Take proposals for a room from now on. Those on their way stay on it."""
        present = self._rooms.get(room)
        if present is None or present.epoch != epoch:
            number = self._numbers.pop(epoch, 1)
            self.held -= 0 if present is None else present.held
            self._rooms[room] = self._outgoing(room, epoch, number)

    def close(self, room: str) -> None:
        """Take no more proposals for a room, and forget those that are on their way."""
        outgoing = self._rooms.pop(room, None)
        self._ripe.pop(room, None)
        if outgoing is not None:
            self.held -= outgoing.held
            # No number may come twice: the second parcel with it would not count.
            self._numbers[outgoing.epoch] = outgoing.number
            if len(self._numbers) > MOST_NUMBERS:
                self._numbers.popitem(last=False)

    def begin_anew(self, incarnation: int) -> None:
        """Forget all proposals on their way, which nobody takes any more. Number from 1 again."""
        self._incarnation = incarnation
        self._numbers.clear()
        self._ripe.clear()
        self.held = 0
        for room, outgoing in self._rooms.items():
            self._rooms[room] = self._outgoing(room, outgoing.epoch)

    def _outgoing(self, room: str, epoch: bytes, number: int = 1) -> Outgoing:
        return Outgoing(room, epoch, self._incarnation, number, self._log.most_bytes - ENVELOPE)

    def add(self, room: str, entry: Entry) -> bool:
        """Take a proposal. Returns: False if too much waits already for a player's frame."""
        outgoing = self._rooms.get(room)
        if outgoing is not None:
            is_much = outgoing.size > MOST_WAITING or self.held > MOST_HELD
            if is_much and isinstance(entry, tuple | Ask | Refuse):
                return False
            self.held -= outgoing.held
            outgoing.add(entry)
            self.held += outgoing.held
            self._want(room, outgoing)
        return True

    def seen(self, room: str, parcel: Parcel, data: bytes) -> None:
        """Take note of a parcel that the log has."""
        outgoing = self._rooms.get(room)
        if outgoing is not None and outgoing.epoch == parcel.epoch:
            self.held -= outgoing.held
            outgoing.seen(parcel.incarnation, parcel.number, data)
            self.held += outgoing.held
            if outgoing.size:
                self._want(room, outgoing)

    def passed(self, room: str, number: int) -> None:
        """Take note that the log had all our parcels of a room before this number."""
        outgoing = self._rooms.get(room)
        if outgoing is not None:
            self.held -= outgoing.held
            outgoing.passed(number)
            self.held += outgoing.held
            self._want(room, outgoing)

    def is_waiting(self, room: str) -> bool:
        """Whether the log has yet to deliver a proposal for a room."""
        return bool(self._rooms.get(room))

    @property
    def are_waiting(self) -> bool:
        """Whether the log has yet to deliver any proposal."""
        return any(self._rooms.values())

    def stop(self) -> None:
        """Publish nothing more."""
        if self._timer is not None:
            self._timer.cancel()

    def _want(self, room: str, outgoing: Outgoing) -> None:
        self._ripe[room] = outgoing
        if not self._is_flushing:
            self._is_flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._is_flushing = False
        ripe, self._ripe = self._ripe, {}
        self._publish(ripe)
        if self._timer is None:
            self._timer = self._loop.call_later(TICK_SECONDS, self._tick)

    def _tick(self) -> None:
        waiting = {room: outgoing for room, outgoing in self._rooms.items() if outgoing}
        self._publish(waiting)
        self._timer = self._loop.call_later(TICK_SECONDS, self._tick) if waiting else None

    def _publish(self, rooms: dict[str, Outgoing]) -> None:
        now = self._loop.time()
        for room, outgoing in rooms.items():
            self.held -= outgoing.held
            due = outgoing.due(now)
            self.held += outgoing.held
            for id, data in due:
                self._log.publish(room, id, data)
