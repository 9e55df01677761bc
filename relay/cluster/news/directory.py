"""The rooms of all nodes: each node tells the others of its own.

If several nodes have a room that this node lacks, the node whose name comes first is believed. So
all lists are equal once nothing changes. That node alone counts the room in its metrics, so that
those of all nodes can be added up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgpack

from protocol.errors import RemoteProtocolError
from protocol.fields.mismatch import Mismatch
from protocol.fields.schema import Record
from protocol.frames import RoomOptions
from relay.cluster.bus import Bus
from relay.cluster.news.board import Board
from relay.lobby.elsewhere import HIDDEN, Elsewhere, RemoteRoom
from relay.room.room import Room

SUBJECT: Final = "rooms"
AT_ONCE: Final = 200
"""Rooms that are looked at, or taken in, in one turn of the loop."""
MOST_BARRED: Final = 256
"""Barred hashes that others are told about one room. Quick match may lead a player with a further
one to the room, which refuses them."""

OPTIONS: Final = Record(RoomOptions)

Look = tuple[RoomOptions, int, int, int, bool, int]
NOTHING: Final = (None, 0, None)


class Directory:
    """Tells of this node's rooms, and hears of those of the others."""

    def __init__(self, bus: Bus, elsewhere: Elsewhere, rooms: Callable[[], Iterable[Room]]) -> None:
        """Args: elsewhere: takes what is heard. rooms: returns those of this node."""
        self.board = Board(bus, SUBJECT, self._note)
        self._name = bus.name
        self._elsewhere = elsewhere
        self._rooms = rooms
        self._seen: dict[str, tuple[Room, int, Look]] = {}
        """Each room as it was looked at last, and its seq then."""
        self._new: list[Room] = []
        self._stale: dict[str, None] = {}
        elsewhere.on_new = self._tell_soon
        elsewhere.counts = self._is_counted_elsewhere

    async def look(self) -> None:
        """Publish what is new in this node's rooms, and let other tasks run meanwhile."""
        rooms = list(self._rooms())
        for start in range(0, len(rooms), AT_ONCE):
            for room in rooms[start : start + AT_ONCE]:
                self._look_again(room)
            await asyncio.sleep(0)
        for name in self._seen.keys() - {room.name for room in self._rooms()}:
            del self._seen[name]
            self.board.put(name, None)

    def _look_again(self, room: Room) -> None:
        # There may be thousands, and hardly any has changed. What others are told comes with a new
        # seq, but not every new seq tells others anything.
        known, seq, look = self._seen.get(room.name, NOTHING)
        if known is room and seq == room.seq:
            return
        newest = look_at(room)
        self._seen[room.name] = (room, room.seq, newest)
        if known is not room or look != newest:
            self.board.put(room.name, pack(room))

    def _tell_soon(self, room: Room) -> None:
        # At once: else those who ask for a match at several nodes together would be apart.
        if not self._new:
            asyncio.get_running_loop().call_soon(self._tell_new)
        self._new.append(room)

    def _tell_new(self) -> None:
        new, self._new = self._new, []
        for room in new:
            self._look_again(room)
        self.board.tell()

    def _is_counted_elsewhere(self, name: str) -> bool:
        told = self.board.of(name)
        return bool(told) and min(told) < self._name

    # What others tell.

    def _note(self, name: str) -> None:
        if not self._stale:
            asyncio.get_running_loop().call_soon(self._take_in)
        self._stale[name] = None

    def _take_in(self) -> None:
        """Take some of the news in: a node that is new hears of thousands of rooms at once."""
        for _ in range(min(AT_ONCE, len(self._stale))):
            name, _ = self._stale.popitem()
            self._elsewhere.tell(name, self._heard(name))
        if self._stale:
            asyncio.get_running_loop().call_soon(self._take_in)

    def _heard(self, name: str) -> RemoteRoom | None:
        told = self.board.of(name)
        return unpack(name, told[min(told)]) if told else None


def look_at(room: Room) -> Look:
    """Return what differs once others would be told anything else of a room.

    A barred hash stays barred, a player keeps their name, and a room its password.
    """
    seats = room.seats
    return (
        room.options,
        len(seats),
        seats.spectators,
        room.host,
        seats.joins > 0,
        len(room.barred),
    )


def pack(room: Room) -> bytes:
    """Return what others are told of a room."""
    packed: bytes = msgpack.packb(
        [
            OPTIONS.dump(room.options),
            room.player_count,
            room.spectator_count,
            bool(room.password_hash),
            room.host_name,
            bool(room.joins),
            sorted(room.barred)[:MOST_BARRED],
        ]
    )
    return packed


def unpack(name: str, told: bytes) -> RemoteRoom | None:
    """Return what a node tells; None if it is of another version."""
    try:
        value = msgpack.unpackb(told)
        return _room(name, value)
    except (ValueError, TypeError, msgpack.UnpackException, Mismatch, RemoteProtocolError):
        return None


def _room(name: str, value: Any) -> RemoteRoom:
    match value:
        case [
            options,
            int(players),
            int(spectators),
            bool(password),
            host,
            bool(entered),
            barred,
            *_,  # what newer versions tell
        ]:
            return RemoteRoom(
                name,
                OPTIONS.load(options),
                players,
                spectators,
                HIDDEN if password else "",
                host if host is None else str(host),
                entered,
                frozenset(barred),
            )
        case _:
            raise ValueError("this tells of no room")
