"""Which players have which conditions (relay/conditions), at every node.

A shape is set for one player of a room, or for all. Each node keeps all shapes that it hears of. So
a player who moves to another node keeps theirs. Nodes show each other their shapes on a `Board`: a
node that starts, or that was cut off, gets those that it has missed. Two operators may set shapes
at two nodes at the same time. So each has a version, and the newest wins at every node. A shape
that was removed is kept as None for that.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgpack

from protocol.frames import Notice, NoticeDetail, NoticeKind
from relay.cluster.bus import Bus
from relay.cluster.news.board import Board
from relay.conditions.shape import Shape
from relay.node.connection import Connection
from relay.room.room import Room

SUBJECT: Final = "conditions"
EVERYBODY: Final = 0
"""In place of a player's number."""
ALL: Final = -1
"""In place of a player's number: all older shapes are removed."""
MOST_ROOMS: Final = 1_000
"""Rooms whose shapes are kept. Nobody tells a node of the end of a room that it does not have."""

Key = tuple[str, bytes]
"""A room's name and epoch."""

Version = tuple[int, str]
"""Milliseconds of the epoch of Unix, but more than any that were heard of; and a node's name."""

NEVER: Final[Version] = (0, "")

Put = tuple[Version, Shape | None]


class Shapes:
    """The shapes of rooms, and the connections that have them.

    Attributes:
        board: what nodes show each other, once there are others.
    """

    def __init__(
        self, connections: Mapping[int, Connection], clock: Callable[[], float] = time.time
    ) -> None:
        """Args: clock: the wall clock, in seconds."""
        self._connections = connections
        self._clock = clock
        self._newest = 0
        self._put: dict[Key, dict[int, Put]] = {}
        self._name = ""
        self.board: Board | None = None

    def meet(self, bus: Bus) -> None:
        """Share all shapes with the nodes on a bus from now on. Somebody is to tend the board."""
        self._name = bus.name
        self.board = Board(bus, SUBJECT, self._hear)

    def of(self, room: Room) -> Mapping[int, Shape]:
        """Return the shapes of a room, by player; 0 is everybody."""
        put = self._put.get(_key(room), {})
        return {player: shape for player, (_, shape) in put.items() if shape is not None}

    def put(self, room: Room, player: int, shape: Shape | None) -> None:
        """Set a shape for a player, or for everybody; None removes it."""
        at = max(self._newest + 1, int(self._clock() * 1000))
        self._keep(_key(room), player, ((at, self._name), shape))
        if self.board is not None:
            self.board.tell()

    def clear(self, room: Room) -> None:
        """Remove all conditions of a room, also those that this node does not know."""
        self.put(room, ALL, None)

    def forget(self, room: Room) -> None:
        """Take note that a room is no more."""
        self._drop(_key(room))

    def admitted(self, connection: Connection) -> None:
        """Apply to a connection its player's shape, or the one that its URL may ask for."""
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
        self._show(key)
        if len(self._put) > MOST_ROOMS:
            self._drop(next(iter(self._put)))
        for connection, room in self._there(key):
            self._apply(connection, room)

    def _drop(self, key: Key) -> None:
        if self._put.pop(key, None) is not None:
            self._show(key)

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

    def _show(self, key: Key) -> None:
        """Show the others what is kept for a room."""
        if self.board is not None:
            self.board.put(_spelled(key), _packed(self._put[key]) if key in self._put else None)

    def _hear(self, spelled: str) -> None:
        """Take what others show of a room."""
        assert self.board is not None
        if (key := _key_of(spelled)) is None:
            return
        for told in self.board.of(spelled).values():
            for player, put in _read(told):
                self._keep(key, player, put)


def _packed(known: Mapping[int, Put]) -> bytes:
    packed: bytes = msgpack.packb(
        [
            [player, at, by, None if shape is None else shape.plain()]
            for player, ((at, by), shape) in sorted(known.items(), key=_player)
        ]
    )
    return packed


def _player(known: tuple[int, Put]) -> int:
    return known[0]


def _read(told: bytes) -> Iterator[tuple[int, Put]]:
    """Yield what a node shows, without what only newer versions know."""
    try:
        for player, at, by, plain, *_ in msgpack.unpackb(told):
            yield int(player), ((int(at), str(by)), None if plain is None else Shape.of(plain))
    except (ValueError, TypeError, msgpack.UnpackException):
        return


def _key(room: Room) -> Key:
    return room.name, room.epoch


def _spelled(key: Key) -> str:
    name, epoch = key
    return f"{name} {epoch.hex()}"


def _key_of(spelled: str) -> Key | None:
    name, _, epoch = spelled.partition(" ")
    try:
        return name, bytes.fromhex(epoch)
    except ValueError:
        return None  # a key of another version
