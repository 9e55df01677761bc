"""Carries out what rooms ask of their node: connections to admit and to close, timers, log
lines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from protocol import fast_path
from protocol.codec import encode
from protocol.frames import Send
from relay.broker import Broker
from relay.lobby.rooms import Rooms
from relay.node.connection import Connection
from relay.node.journal import Journal
from relay.node.operating import Operating
from relay.node.shapes import Shapes
from relay.node.tending.keeping import send_back
from relay.room.effects import (
    Admit,
    Answered,
    Arrived,
    Close,
    Departed,
    Effect,
    Gone,
    Later,
    Refused,
    TurnedAway,
)
from relay.room.entries import Ask, Detach, Entry
from relay.room.room import Room


class Effects:
    """Carries out the effects that are for this node."""

    def __init__(
        self,
        rooms: Rooms,
        connections: Mapping[int, Connection],
        broker: Broker,
        journal: Journal,
        shapes: Shapes,
        operating: Operating,
        *,
        is_alone: bool,
        is_due: Callable[[Room, Entry], bool],
        clock: Callable[[], int],
    ) -> None:
        """
        Args:
            is_alone: no other node has these rooms.
            is_due: tells whether an entry whose time has come is to be proposed.
            clock: tells the relay's time in microseconds.
        """
        self._rooms = rooms
        self._connections = connections
        self._broker = broker
        self._journal = journal
        self._shapes = shapes
        self._operating = operating
        self._is_alone = is_alone
        self._is_due = is_due
        self._clock = clock

    def carry_out(self, room: Room, effect: Effect) -> None:
        """Do what a room asks. It may be for another node."""
        match effect:
            case Later(seconds, entry):
                self._later(seconds, room, entry)
            case Gone():
                self._gone(room)
            case Admit(attachment):
                self._admit(room, attachment, effect)
            case TurnedAway(attachment, refusal):
                if (turned := self._waiting(attachment)) is not None:
                    turned.turned(refusal)
            case Close(attachment, code, reason):
                if attachment in self._connections:
                    self._connections[attachment].close(code, reason)
            case Arrived(player):
                seat = room.seats[player]
                self._journal.joined(room.name, player, seat.attachment, seat.info)
            case Departed(player, reason, by):
                self._journal.departed(room.name, player, reason, by)
            case Refused(player):
                self._refused(room, player, effect)
            case Answered():
                self._operating.answered(effect)

    def _refused(self, room: Room, player: int, refused: Refused) -> None:
        error, connection = refused.error, self._waiting(room.seats[player].attachment)
        self._journal.frame_refused(room.name, player, error, is_here=connection is not None)
        if connection is not None:
            conduct, now = connection.conduct, self._clock()
            conduct.note_refusal(error, now)
            conduct.keep_frame(error, now, _message_of(refused.entry))

    def _later(self, seconds: float, room: Room, entry: Entry) -> None:
        # A timer that held the room would keep all its history, long after its end.
        loop = asyncio.get_running_loop()
        loop.call_later(seconds, self._propose_if_same, room.name, room.epoch, entry)

    def _propose_if_same(self, name: str, epoch: bytes, entry: Entry) -> None:
        # Another room may have got the name meanwhile; attachments and joins are the old one's.
        room = self._rooms.registry.get(name)
        if room is not None and room.epoch == epoch and self._is_due(room, entry):
            self._broker.append(name, entry)

    def _gone(self, room: Room) -> None:
        self._rooms.remove(room)
        self._shapes.forget(room)
        self._journal.gone(room.name)
        if not self._is_alone:
            send_back(self._connections, room.name)

    def _admit(self, room: Room, attachment: int, admit: Admit) -> None:
        if room.joins == 1:
            self._rooms.enter(room)
        connection = self._waiting(attachment)
        if connection is not None:
            self._journal.admitted(room.name, admit)
            connection.admitted(room, admit)
            self._shapes.admitted(connection)
        elif self._broker.is_ours(attachment):
            # The connection ended while its entry was on its way: nobody else would report that.
            self._broker.append(room.name, Detach(attachment))

    def _waiting(self, attachment: int) -> Connection | None:
        """Return the connection of this node that a room speaks of, if it is still there."""
        connection = self._connections.get(attachment)
        return None if connection is None or connection.is_closed else connection


def _message_of(entry: Entry | None) -> bytes:
    """Return the message by which a player asked for something; nothing if there was none."""
    match entry:
        case Ask():
            return encode(entry.frame)
        case (_, target, tail):
            return encode(Send(target, fast_path.payload(tail)))
    return b""
