"""Volatile values on their way to players at other nodes. They are in no log.

A room's values of one turn of the loop travel together, and of one slot only the newest. They pass
at most once, so a node may have an older value than others. A stale value would be worse than none:

- A node without players in the room keeps no values of senders elsewhere. When the first player
  enters there, the senders' nodes tell it the values that they keep.
- When a sender has moved to another node, their values are forgotten; they send them again.
- A value belongs to the connection that sent it. A value that comes when its sender has another
  connection is dropped: its node may have stood still, while the newer connection sent newer
  values.
- A node that may have missed messages (`gaps`) forgets the values of senders elsewhere, and asks
  for them.

While all players are at one node, values stay there, unless an operator watches at another one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

import msgpack

from relay.cluster.bus import Bus
from relay.delivery.shared_audience import SharedAudience
from relay.history.packed_frames import Addressees
from relay.room.entries import Join, incarnation_of
from relay.room.room import Room
from relay.room.seats import Seat

SUBJECT: Final = "vol."
WANTED: Final = "vol-wanted"
WATCHED: Final = "vol-watched"
WATCHED_SECONDS: Final = 3.0
"""Seconds for which a node remembers that others watch a room. They say so every second."""
VERSION: Final = 2
"""Version of the form in which nodes tell each other values. Other versions are dropped."""
MOST_EARLY: Final = 256
"""Values of a room that wait for their sender's JOIN, which comes through the log."""

Slot = tuple[int, int, Addressees]
"""Sender, key, and for whom the value is."""
Said = tuple[int, Slot]
"""The attachment of the connection that sent the value, and the value's slot."""
Waiting = dict[Said, bytes]


class Values:
    """Passes values between this node's rooms and the same rooms at others."""

    def __init__(
        self, bus: Bus | None, own: Callable[[], int], room: Callable[[str], Room | None]
    ) -> None:
        """
        Args:
            own: returns this node's incarnation.
            room: returns the room of a name, if it is here.
        """
        self._bus = bus
        self._own = own
        self._room = room
        self._waiting: dict[str, Waiting] = {}
        self._early: dict[str, Waiting] = {}
        self._watched: dict[str, float] = {}
        """Rooms that are watched at other nodes, and until when on the loop's clock."""
        self._unsubscribe: dict[str, Callable[[], None]] = {}
        if bus is not None:
            bus.subscribe(WANTED, lambda node, data: self._tell_all())
            bus.subscribe(WATCHED, self._hear_watched)

    def open(self, room: Room) -> None:
        """Pass on the values of this room from now on."""
        if self._bus is None:
            return
        name = room.name
        self.close(name)

        def share(sender: int, key: int, to: Addressees, message: bytes) -> None:
            # The room has this function. If this had the room, it would not be free at its end.
            here = self._room(name)
            if here is not None:
                self._share(here, (sender, key, to), message)

        room.audience = SharedAudience(room.audience, share, partial(self._want, name))

        def receive(node: str, data: bytes) -> None:
            if self._room(name) is room:
                self._hear(room, data)

        self._unsubscribe[name] = self._bus.subscribe(SUBJECT + name, receive)

    def close(self, name: str) -> None:
        """Pass on no values of the room of this name."""
        unsubscribe = self._unsubscribe.pop(name, None)
        if unsubscribe is not None:
            unsubscribe()
        self._early.pop(name, None)
        self._watched.pop(name, None)

    # Who watches.

    def _want(self, name: str) -> None:
        if self._bus is not None:
            self._bus.publish(WATCHED, name.encode())

    def _hear_watched(self, node: str, data: bytes) -> None:
        name, *_ = data.decode("ascii", "replace").split(" ")
        if name in self._unsubscribe:
            self._watched[name] = asyncio.get_running_loop().time() + WATCHED_SECONDS

    def _is_watched(self, name: str) -> bool:
        until = self._watched.get(name)
        if until is None:
            return False
        if asyncio.get_running_loop().time() < until:
            return True
        del self._watched[name]
        return False

    # Who enters, and who moves.

    def joining(self, room: Room, join: Join) -> int | None:
        """Take note of a JOIN that is applied next. Returns: the joiner's node until now."""
        seat = room.seat_of(join.key)
        own = self._own()
        if incarnation_of(join.attachment) == own and not _has_players_at(room, own):
            self._forget_others(room)
        return None if seat is None else _home(room, seat.player)

    def joined(self, room: Room, join: Join, before: int | None) -> None:
        """Take note of a JOIN that was applied. Args: before: what `joining` has returned."""
        seat = room.seats.attached.get(join.attachment)
        if seat is None or self._bus is None:
            return
        home = incarnation_of(join.attachment)
        if before not in (None, home):
            room.audience.retained.drop(seat.player)
        self._tell_early(room, seat)
        if home != self._own() and not _has_players_at(room, home, but=join.attachment):
            self._tell(room)

    def missed(self) -> None:
        """Messages of others, and to others, may have been lost."""
        for name in self._unsubscribe:
            if (room := self._room(name)) is not None:
                self._forget_others(room)
        self._tell_all()
        if self._bus is not None:
            self._bus.publish(WANTED, b"")

    def _forget_others(self, room: Room) -> None:
        for player in room.seats:
            if _home(room, player) != self._own():
                room.audience.retained.drop(player)

    def _tell_all(self) -> None:
        for name in self._unsubscribe:
            if (room := self._room(name)) is not None:
                self._tell(room)

    def _tell(self, room: Room) -> None:
        """Tell other nodes again what is kept of players here."""
        kept: Waiting = {
            (seat.attachment, (seat.player, key, seat.player)): message
            for seat in room.seats.values()
            if incarnation_of(seat.attachment) == self._own()
            for key, message in room.audience.retained.of(seat.player)
        }
        if kept:
            self._publish(room, kept, is_again=True)

    # Telling.

    def _share(self, room: Room, slot: Slot, message: bytes) -> None:
        audience, seat = room.audience, room.seats.get(slot[0])
        late = 0 if audience.delay is None else len(audience.delay.outboxes)
        are_all_here = len(audience.fan_out) + late >= len(room.seats.attached)
        if seat is None or (are_all_here and not self._is_watched(room.name)):
            return
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._flush)
        waiting, what = self._waiting.setdefault(room.name, {}), (seat.attachment, slot)
        waiting.pop(what, None)  # the newest goes last: others of this key may be for fewer players
        waiting[what] = message

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for name, values in waiting.items():
            if (room := self._room(name)) is not None:
                self._publish(room, values)

    def _publish(self, room: Room, values: Waiting, *, is_again: bool = False) -> None:
        assert self._bus is not None
        each = [
            [attachment, sender, key, to if isinstance(to, int) else sorted(to), message]
            for (attachment, (sender, key, to)), message in values.items()
        ]
        data: bytes = msgpack.packb([VERSION, room.epoch, is_again, each])
        self._bus.publish(SUBJECT + room.name, data)

    # Hearing.

    def _hear(self, room: Room, data: bytes) -> None:
        try:
            version, epoch, is_again, each, *_ = msgpack.unpackb(data)
            values = _read(each) if (version, epoch) == (VERSION, room.epoch) else {}
        except (ValueError, TypeError, msgpack.UnpackException):
            return  # of another version: volatile values may be lost
        for (attachment, slot), message in values.items():
            seat = room.seats.get(slot[0])
            if seat is None or seat.attachment != attachment:
                self._hold(room, (attachment, slot), message)
            elif not (is_again and self._is_known(room, slot, message)):
                self._tell_here(room, slot, message)

    def _is_known(self, room: Room, slot: Slot, message: bytes) -> bool:
        """Say whether a value that is told again is kept here, or can only be for an operator, who
        sees each frame once."""
        known = room.audience.retained.has_equal(*slot[:2], message)
        return known or not _has_players_at(room, self._own())

    def _hold(self, room: Room, what: Said, message: bytes) -> None:
        """Hold a value back: its sender may be about to join, or has another connection."""
        early = self._early.setdefault(room.name, {})
        early.pop(what, None)
        early[what] = message
        if len(early) > MOST_EARLY:
            del early[next(iter(early))]

    def _tell_early(self, room: Room, seat: Seat) -> None:
        early = self._early.get(room.name, {})
        for attachment, slot in [what for what in early if what[1][0] == seat.player]:
            message = early.pop((attachment, slot))
            if attachment == seat.attachment:
                self._tell_here(room, slot, message)

    def _tell_here(self, room: Room, slot: Slot, message: bytes) -> None:
        if _has_players_at(room, self._own()):
            room.audience.hear_value(*slot, message)
        else:
            room.audience.overhear(slot[2], message)


def _home(room: Room, player: int) -> int | None:
    """Return the node to which a player is, or was last, connected."""
    seat = room.seats.get(player)
    return None if seat is None else incarnation_of(seat.attachment)


def _has_players_at(room: Room, home: int, *, but: int | None = None) -> bool:
    return any(incarnation_of(each) == home for each in room.seats.attached if each != but)


def _read(each: Iterable[Any]) -> Waiting:
    values: Waiting = {}
    for value in each:
        match value:
            case [int(attachment), int(sender), int(key), int() | list() as to, bytes(message), *_]:
                slot = sender, key, to if isinstance(to, int) else frozenset(to)
                values[attachment, slot] = message
    return values
