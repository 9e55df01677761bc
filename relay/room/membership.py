"""How seats are taken, lost, taken up again and given up: one function for each entry.

Each takes the room and the entry, changes the room's state, and returns effects. They are part of
the fold, so they obey the rules of room.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.frames import LeftReason, PresenceState
from relay.room import opening
from relay.room.effects import (
    NOTHING,
    Arrived,
    Close,
    Effect,
    Gone,
    Later,
    TurnedAway,
)
from relay.room.entries import (
    Acknowledge,
    Detach,
    Evict,
    Expire,
    Join,
    Lag,
    NodeGone,
    Relieve,
    Retire,
    Succeed,
    Wake,
    incarnation_of,
)
from relay.room.refusals import Refusal
from relay.room.seats import Seat
from relay.room.state import RoomState

HOST_PATIENCE = 2.0  # seconds for which a lost host stays host: a reconnect takes less
UNSEEN_HOLD = 5.0  # seconds for which the seat of a client that never saw its WELCOME is held
RETURN_PATIENCE = 8.0  # seconds until all who come back are back: they try every 5 s at least


def join(room: RoomState, entry: Join) -> Sequence[Effect]:
    if entry.attachment in room.seats.attached:
        return NOTHING
    try:
        # SPEC 10.7 and 10.8: in this order, also for a known seat.
        _check_position(room, entry)
        _check_barred(room, entry.key)
        seat = room.seats.of(entry.key)
        if seat is not None:
            _check_newest(seat, entry)
            return _take_up(room, seat, entry)
        _check_entry(room, entry)
    except Refusal as refusal:
        return [TurnedAway(entry.attachment, refusal)]
    return _seat_anew(room, entry)


def acknowledge(room: RoomState, entry: Acknowledge) -> Sequence[Effect]:
    seat = room.seats.attached.get(entry.attachment)
    if seat is not None:
        seat.is_acknowledged = True
    return NOTHING


def detach(room: RoomState, entry: Detach) -> Sequence[Effect]:
    seat = room.seats.attached.get(entry.attachment)
    if seat is None:
        return NOTHING
    # SPEC 11.1: without a secret nobody could take the seat up again.
    if seat.key is None:
        return room.remove(seat, LeftReason.GONE)
    room.seats.detach(seat)
    room.audience.disconnect(seat.player)
    room.set_presence(seat, PresenceState.LOST)
    effects: list[Effect] = [Later(_hold(room, seat), Expire(entry.attachment))]
    if seat.player == room.host:
        effects.append(Later(HOST_PATIENCE, Succeed(room.term, entry.attachment)))
    return effects


def lag(room: RoomState, entry: Lag) -> Sequence[Effect]:
    seat = room.seats.attached.get(entry.attachment)
    if seat is None or not (entry.is_lagging or seat.state is PresenceState.LAGGING):
        return NOTHING
    room.set_presence(seat, PresenceState.LAGGING if entry.is_lagging else seat.said)
    return room.settle_host()


def evict(room: RoomState, entry: Evict) -> Sequence[Effect]:
    seat = room.seats.attached.get(entry.attachment)
    return NOTHING if seat is None else room.remove(seat, LeftReason.LEFT)


def expire(room: RoomState, entry: Expire) -> Sequence[Effect]:
    seat = room.seats.lost.get(entry.attachment)
    return NOTHING if seat is None else room.remove(seat, LeftReason.EXPIRED)


def succeed(room: RoomState, entry: Succeed) -> Sequence[Effect]:
    is_due = entry.term == room.term and entry.attachment in room.seats.lost
    return room.elect() if is_due else NOTHING


def relieve(room: RoomState, entry: Relieve) -> Sequence[Effect]:
    host = room.seats.get(room.host)
    if host is None or not host.is_away or entry != Relieve(room.term, host.absences):
        return NOTHING
    room.seeks_host = True
    return room.settle_host()


def retire(room: RoomState, entry: Retire) -> Sequence[Effect]:
    return [Gone()] if not room.seats and entry.joins == room.joins else NOTHING


def wake(room: RoomState, entry: Wake) -> Sequence[Effect]:
    """Begin the hold of each seat whose connection went with the relay that had the room.

    The players could not help it, so all get the time that they need to come back.
    """
    for attachment in list(room.seats.attached):
        detach(room, Detach(attachment))
    least = entry.returning + RETURN_PATIENCE
    effects: list[Effect] = [
        Later(max(_hold(room, seat), least), Expire(attachment))
        for attachment, seat in room.seats.lost.items()
    ]
    if room.host:
        effects.append(Later(least, Succeed(room.term, room.seats[room.host].attachment)))
    if not room.seats:
        effects.append(Later(room.options.keep, Retire(room.joins)))
    return effects


def node_gone(room: RoomState, entry: NodeGone) -> Sequence[Effect]:
    """Hold the seats of all who were connected to a node that is no more."""
    # By number: the order in which they are found may differ between replicas.
    gone = sorted(
        (seat.player, attachment)
        for attachment, seat in room.seats.attached.items()
        if incarnation_of(attachment) == entry.incarnation
    )
    return [effect for _, each in gone for effect in detach(room, Detach(each))]


def pending(room: RoomState) -> Sequence[Effect]:
    """Return what the room waits for, each for its full time, for a node that takes the room up.

    Other nodes may wait for the same since longer: the first entry to come is the one that counts.
    """
    effects: list[Effect] = [
        Later(_hold(room, seat), Expire(attachment)) for attachment, seat in room.seats.lost.items()
    ]
    host = room.seats.get(room.host)
    if host is not None and not host.is_attached:
        effects.append(Later(HOST_PATIENCE, Succeed(room.term, host.attachment)))
    if not room.seats:
        effects.append(Later(room.options.keep, Retire(room.joins)))
    return [*effects, *room.watch_host()]


def _hold(room: RoomState, seat: Seat) -> float:
    # SPEC 11.3: a client that never saw its WELCOME may not know that it has a seat.
    hold = room.options.hold
    return hold if seat.is_acknowledged else min(UNSEEN_HOLD, hold)


def _check_position(room: RoomState, entry: Join) -> None:
    if entry.position is None:
        return
    epoch, seq = entry.position
    if epoch != room.epoch or seq > room.seq:
        raise Refusal(
            ErrorCode.EPOCH_CHANGED,
            "the room began anew: its order is another than the one you followed",
        )


def _check_barred(room: RoomState, what: bytes | None) -> None:
    if what in room.barred:
        raise Refusal(
            ErrorCode.KICKED, "the host has barred you from this room", close=CloseCode.KICKED
        )


def _check_newest(seat: Seat, entry: Join) -> None:
    """Raise if the seat's connection came later than this one.

    Where relays share a room, a HELLO may take longer to its place than a later one of the same
    client, who has given up the first.
    """
    if seat.is_attached and entry.at < seat.entered:
        raise Refusal(
            ErrorCode.RELAY_FULL,
            "a newer connection has this seat",
            close=CloseCode.RELAY_FULL,
            retry=True,
        )


def _check_entry(room: RoomState, entry: Join) -> None:
    """Raise unless one more seat may be made."""
    # A player with a seat behind the same address was not kicked, and keeps the seat.
    _check_barred(room, entry.network)
    # The first to come is let in, or a room that is made locked would be of no use to anyone.
    if room.options.locked and room.joins:
        raise Refusal(ErrorCode.LOCKED, "the room is locked", close=CloseCode.LOCKED, retry=True)
    is_spectator = entry.info.role == "spectator"
    if room.is_full_of_spectators if is_spectator else room.is_full:
        who = "spectators" if is_spectator else "players"
        raise Refusal(
            ErrorCode.ROOM_FULL,
            f"no more {who} fit the room",
            close=CloseCode.ROOM_FULL,
            limit=room.options.spectators if is_spectator else room.options.capacity,
            retry=True,
        )


def _seat_anew(room: RoomState, entry: Join) -> Sequence[Effect]:
    seat = room.seats.add(entry.attachment, entry.key, entry.info)
    seat.network, seat.entered = entry.network, entry.at
    room.tell_joined(seat)
    effects = room.settle_host()
    refused = ErrorCode.SEAT_EXPIRED if entry.position is not None else None
    return [Arrived(seat.player), *effects, opening.begin(room, seat, refused)]


def _take_up(room: RoomState, seat: Seat, entry: Join) -> Sequence[Effect]:
    """Give a seat to a newer connection of its holder; the older one is closed."""
    effects: list[Effect] = []
    # SPEC 11.2: the newest connection wins.
    if seat.is_attached:
        effects.append(Close(seat.attachment, CloseCode.REPLACED))
        room.audience.disconnect(seat.player)
    room.seats.attach(seat, entry.attachment)
    seat.network, seat.entered = entry.network, entry.at
    seat.said = PresenceState.HERE
    room.set_presence(seat, seat.said)
    return [*effects, *room.settle_host(), opening.take_up(room, seat, entry.position)]
