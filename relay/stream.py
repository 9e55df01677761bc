"""What a connection is told first, so that it knows the room: SPEC.md, Streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.codec import encode
from protocol.error_codes import ErrorCode
from protocol.frames import Frame, Host, Joined, Live, PresenceChanged, PresenceState, Property
from relay.effects import Admit
from relay.seats import Seat

if TYPE_CHECKING:
    from relay.room import Room


def begin(room: Room, seat: Seat, refused: ErrorCode | None = None) -> Admit:
    """Admit with the room as it stands, each fact with the seq at which it became true."""
    facts = sorted(_facts(room), key=lambda fact: fact[0])
    told = [encode(frame) for _, frame in facts]
    return Admit(
        seat.attachment, seat.player, 0, refused=refused, stream=(*told, *_end(room, seat))
    )


def take_up(room: Room, seat: Seat, position: tuple[bytes, int] | None) -> Admit:
    """Admit to a seat that was there before: with what follows the position, if it is known."""
    if position is None:
        return begin(room, seat)
    seq = position[1]
    if not room.log.reaches_back_to(seq):
        return begin(room, seat, ErrorCode.HISTORY_TRIMMED)
    missed = room.log.since(seq, seat.player)
    return Admit(
        seat.attachment, seat.player, seq, resumed=True, stream=(*missed, *_end(room, seat))
    )


def _facts(room: Room) -> list[tuple[int, Frame]]:
    facts: list[tuple[int, Frame]] = []
    for seat in room.seats.values():
        facts.append((seat.joined, Joined(seat.joined, seat.player, seat.info)))
        if seat.state is not PresenceState.HERE:
            since = seat.state_since
            facts.append((since, PresenceChanged(since, seat.player, seat.state)))
    for scope, key, value in room.properties:
        frame = Property(value.version, scope, key, value.value, value.version, value.by)
        facts.append((value.version, frame))
    if room.term:
        facts.append((room.host_since, Host(room.host_since, room.host, room.term)))
    return facts


def _end(room: Room, seat: Seat) -> list[bytes]:
    return [encode(Live(room.seq)), *room.retained.but_of(seat.player)]
