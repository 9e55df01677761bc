"""Volatile values on their way to players at other nodes. They are in no log.

A room's values of one turn of the loop travel together, and of one slot only the newest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import msgpack

from relay.cluster.bus import Bus
from relay.delivery.shared_audience import SharedAudience
from relay.history.packed_frames import Addressees
from relay.room.room import Room

SUBJECT: Final = "vol."
Waiting = dict[tuple[int, int, Addressees], bytes]


class Values:
    """Passes values between this node's rooms and the same rooms at others."""

    def __init__(self, bus: Bus | None, room: Callable[[str], Room | None]) -> None:
        """Args: room: returns the room of a name, if it is here."""
        self._bus = bus
        self._room = room
        self._waiting: dict[str, Waiting] = {}
        self._unsubscribe: dict[str, Callable[[], None]] = {}

    def open(self, room: Room) -> None:
        """Pass on the values of this room from now on."""
        if self._bus is None:
            return
        self.close(room.name)

        def share(sender: int, key: int, to: Addressees, message: bytes) -> None:
            self._share(room, (sender, key, to), message)

        room.audience = audience = SharedAudience(room.audience, share)

        def receive(node: str, data: bytes) -> None:
            if self._room(room.name) is room:
                _hear(room, audience, data)

        self._unsubscribe[room.name] = self._bus.subscribe(SUBJECT + room.name, receive)

    def close(self, name: str) -> None:
        """Pass on no values of the room of this name."""
        unsubscribe = self._unsubscribe.pop(name, None)
        if unsubscribe is not None:
            unsubscribe()

    def _share(self, room: Room, slot: tuple[int, int, Addressees], message: bytes) -> None:
        audience = room.audience
        late = 0 if audience.delay is None else len(audience.delay.outboxes)
        if len(audience.fan_out) + late >= len(room.seats.attached):
            return  # all players are connected to this node
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._flush)
        self._waiting.setdefault(room.name, {})[slot] = message

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for name, values in waiting.items():
            room = self._room(name)
            if room is not None and self._bus is not None:
                self._bus.publish(SUBJECT + name, _packed(room.epoch, values))


def _packed(epoch: bytes, values: Waiting) -> bytes:
    each = [
        [sender, key, to if isinstance(to, int) else sorted(to), message]
        for (sender, key, to), message in values.items()
    ]
    packed: bytes = msgpack.packb([epoch, each])
    return packed


def _hear(room: Room, audience: SharedAudience, data: bytes) -> None:
    try:
        epoch, values = msgpack.unpackb(data)
        known = [value for value in values if epoch == room.epoch and _is_value(value)]
    except (ValueError, TypeError, msgpack.UnpackException):
        return  # of another version: values may be lost
    for sender, key, to, message in known:
        if sender in room.seats:
            audience.hear_value(sender, key, to if type(to) is int else frozenset(to), message)


def _is_value(value: Any) -> bool:
    match value:
        case [int(), int(), int() | list(), bytes()]:
            return True
        case _:
            return False
