"""Who plays under which conditions (relay/conditions), and what every node knows of that.

A shape is put for one player of a room, or for all. Each node keeps all shapes that it hears of: so
a player who moves to another node keeps theirs. A node that starts is told them by the others. What
they tell may cross what somebody puts meanwhile, so whatever is put has a version, and the newest
wins at every node. What was taken off is kept as None for that.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgpack

from protocol.frames import Notice, NoticeDetail, NoticeKind
from relay.cluster.bus import Bus
from relay.conditions.shape import Shape
from relay.node.connection import Connection
from relay.room.room import Room

SUBJECT: Final = "conditions"
WANTED: Final = "conditions wanted"
EVERYBODY: Final = 0
"""In place of a player's number."""
ALL: Final = -1
"""In place of a player's number: everything that is older is taken off."""
MOST_ROOMS: Final = 1_000
"""Rooms whose shapes are kept. Nobody tells a node of the end of a room that it does not have."""

Key = tuple[str, bytes]
"""A room's name and epoch."""

Version = tuple[int, str]
"""Milliseconds of the epoch of Unix, but more than any that were heard of; and a node's name."""

NEVER: Final[Version] = (0, "")

Put = tuple[Version, Shape | None]


class Shapes:
    """The shapes of rooms, and the connections that have them."""

    def __init__(
        self, connections: Mapping[int, Connection], clock: Callable[[], float] = time.time
    ) -> None:
        """Args: clock: the wall clock, in seconds."""
        self._connections = connections
        self._clock = clock
        self._newest = 0
        self._put: dict[Key, dict[int, Put]] = {}
        self._bus: Bus | None = None

    def meet(self, bus: Bus) -> None:
        """Share all shapes with the nodes on a bus from now on."""
        self._bus = bus
        bus.subscribe(SUBJECT, self._hear)
        bus.subscribe(WANTED, self._tell_all)
        bus.publish(WANTED, b"")

    def of(self, room: Room) -> Mapping[int, Shape]:
        """Return what is put for a room, by player; 0 is everybody."""
        put = self._put.get(_key(room), {})
        return {player: shape for player, (_, shape) in put.items() if shape is not None}

    def put(self, room: Room, player: int, shape: Shape | None) -> None:
        """Put a shape for a player, or for everybody; None is none from now on."""
        at = max(self._newest + 1, int(self._clock() * 1000))
        version = (at, "" if self._bus is None else self._bus.name)
        self._tell(_key(room), player, (version, shape))
        self._keep(_key(room), player, (version, shape))

    def clear(self, room: Room) -> None:
        """Take all conditions off a room, those that are not known here, too."""
        self.put(room, ALL, None)

    def forget(self, room: Room) -> None:
        """Take note that a room is no more."""
        self._put.pop(_key(room), None)

    def admitted(self, connection: Connection) -> None:
        """Apply to a connection what its player has, or what its URL asks for where it may."""
        room = connection.room
        if room is not None and (self._put or connection.link.wished is not None):
            self._apply(connection, room)

    # What is put, here or at another node.

    def _keep(self, key: Key, player: int, put: Put) -> None:
        version, _ = put
        self._newest = max(self._newest, version[0])
        known = self._put.get(key, {})
        if any(version <= known.get(each, (NEVER,))[0] for each in (player, ALL)):
            return
        if player == ALL:
            known = {each: older for each, older in known.items() if older[0] > version}
        self._put[key] = known | {player: put}
        if len(self._put) > MOST_ROOMS:
            del self._put[next(iter(self._put))]
        for connection, room in self._there(key):
            self._apply(connection, room)

    def _there(self, key: Key) -> Iterator[tuple[Connection, Room]]:
        for connection in list(self._connections.values()):
            room = connection.room
            if room is not None and _key(room) == key and not connection.is_closed:
                yield connection, room

    def _apply(self, connection: Connection, room: Room) -> None:
        seat = connection.seat
        assert seat is not None, "a connection that is in a room has its seat"
        shape = self._wanted(connection, room, seat.player)
        if shape != connection.link.shaped:
            said = None if shape is None else str(shape)
            connection.send(Notice(NoticeKind.SHAPED, NoticeDetail(said=said)))
            connection.link.shape(shape, seat.player)

    def _wanted(self, connection: Connection, room: Room, player: int) -> Shape | None:
        put = self.of(room)
        asked = connection.link.wished if room.options.chaos else None
        shape = put.get(player) or put.get(EVERYBODY) or asked
        return None if shape is None or shape.is_off else shape

    # The other nodes.

    def _tell(self, key: Key, player: int, put: Put) -> None:
        if self._bus is not None:
            (at, by), shape = put
            plain = None if shape is None else shape.plain()
            self._bus.publish(SUBJECT, msgpack.packb([*key, player, at, by, plain]))

    def _tell_all(self, asker: str, data: bytes) -> None:
        """Tell a node that has started. It does no harm that others hear it, too."""
        for key, known in self._put.items():
            for player, put in known.items():
                self._tell(key, player, put)

    def _hear(self, sender: str, data: bytes) -> None:
        name, epoch, player, at, by, plain = msgpack.unpackb(data)
        self._keep((name, epoch), player, ((at, by), _read(plain)))


def _read(plain: Mapping[str, Any] | None) -> Shape | None:
    return None if plain is None else Shape.of(plain)


def _key(room: Room) -> Key:
    return room.name, room.epoch
