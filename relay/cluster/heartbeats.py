"""Heartbeats between the nodes that share rooms, and what a room is told of a node's silence."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from typing import Final

from relay.cluster.bus import Bus
from relay.cluster.pulse import Pulse
from relay.room.entries import Entry, NodeGone, incarnation_of
from relay.room.room import Room

log = logging.getLogger("relay")

BEAT: Final = "beat"
BEAT_BYTES: Final = 4
"""Bytes that say which incarnation it is. Newer versions may add bytes after them."""


class Heartbeats:
    """Tells the other nodes that this one lives, and tells rooms which nodes do not."""

    def __init__(
        self,
        bus: Bus | None,
        own: Callable[[], int],
        names: Collection[str],
        room: Callable[[str], Room | None],
        propose: Callable[[str, Entry], object],
    ) -> None:
        """
        Args:
            own: returns this node's incarnation.
            names: of the rooms that this node has, at any time.
            room: returns the room of a name, if it is here.
        """
        self._bus = bus
        self._own = own
        self._names = names
        self._room = room
        self._propose = propose
        self._loop = asyncio.get_running_loop()
        self._pulse = Pulse(self._loop.time())
        if bus is not None:
            bus.subscribe(BEAT, self._hear)

    def beat(self) -> None:
        """Call it every `BEAT_SECONDS`."""
        if self._bus is None:
            return
        self._bus.publish(BEAT, self._own().to_bytes(BEAT_BYTES, "big"))
        for incarnation in self._pulse.beat(self._loop.time()):
            gone = sum(self._declare_gone(incarnation, name) for name in list(self._names))
            if gone:  # else it has ended in order
                what = "nothing is heard of node incarnation %d: its players in %d rooms are lost"
                log.warning(what, incarnation, gone)

    def answered(self) -> None:
        """The log has answered, so this node is not cut off from it."""
        self._pulse.echoed(self._loop.time())

    def expect(self, incarnation: int, name: str) -> None:
        """A room has players at a node: watch whether that node lives."""
        if incarnation == self._own():
            return
        self._pulse.expect(incarnation, self._loop.time())
        if self._pulse.is_suspect(incarnation):
            self._loop.call_soon(self._declare_gone, incarnation, name)

    def _hear(self, sender: str, data: bytes) -> None:
        self._pulse.heard(int.from_bytes(data[:BEAT_BYTES], "big"), self._loop.time())

    def _declare_gone(self, incarnation: int, name: str) -> bool:
        """Say in a room that a node is gone. Returns: whether it has players there."""
        room = self._room(name)
        if room is None or incarnation not in map(incarnation_of, room.seats.attached):
            return False
        self._propose(name, NodeGone(incarnation))
        return True
