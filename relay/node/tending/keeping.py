"""What a broker asks of its node: to make rooms, and to let go of them and of connections."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from protocol.close_codes import CloseCode
from protocol.codec import encode
from protocol.frames import Notice, NoticeDetail, NoticeKind
from relay.history.ws_frame import wrap
from relay.lobby.rooms import Rooms
from relay.node.connection import Connection
from relay.room.effects import Effect
from relay.room.entries import Create
from relay.room.membership import pending
from relay.room.room import Room


class Keeping:
    """A node's rooms and connections, as its broker uses them."""

    def __init__(
        self,
        rooms: Rooms,
        connections: Mapping[int, Connection],
        carry_out: Callable[[Room, Effect], None],
    ) -> None:
        self._rooms = rooms
        self._connections = connections
        self._carry_out = carry_out

    def make(self, create: Create) -> None:
        self._rooms.make(create)

    def adopt(self, room: Room, create: Create) -> None:
        self._rooms.adopt(room, create)
        for effect in pending(room):
            self._carry_out(room, effect)

    def room(self, name: str) -> Room | None:
        return self._rooms.registry.get(name)

    def lose(self, name: str) -> None:
        room = self.room(name)
        if room is not None:
            self._rooms.remove(room)
            _close(self._connections, lambda each: each.room is room)
            send_back(self._connections, name)

    def overwhelmed(self, attachment: int) -> None:
        if (connection := self._connections.get(attachment)) is not None:
            connection.close(CloseCode.RELAY_FULL)

    def stalled(self, name: str, is_stalled: bool) -> None:
        if (room := self.room(name)) is not None:
            kind = NoticeKind.STALLED if is_stalled else NoticeKind.GOES_ON
            tell(room, Notice(kind, NoticeDetail()))

    def fenced(self) -> None:
        _close(self._connections, lambda each: True)


def tell(room: Room, notice: Notice) -> None:
    """Tell the players of a room who are connected here."""
    for outbox in room.audience.fan_out.values():
        outbox.say(wrap(encode(notice)))


def send_back(connections: Mapping[int, Connection], name: str) -> None:
    """Send away players who were about to enter a room that has ended: they come again."""

    def was_to_enter(each: Connection) -> bool:
        return each.hello is not None and each.room is None and each.room_name.upper() == name

    _close(connections, was_to_enter)


def _close(connections: Mapping[int, Connection], such: Callable[[Connection], bool]) -> None:
    for connection in list(connections.values()):
        if such(connection):
            connection.close(CloseCode.MOVED)
