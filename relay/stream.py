"""What a connection is told first, so that it knows the room: SPEC.md, Streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.codec import encode
from protocol.error_codes import ErrorCode
from protocol.frames import Live
from relay.effects import Admit
from relay.seats import Seat

if TYPE_CHECKING:
    from relay.room import Room


def begin(room: Room, seat: Seat, refused: ErrorCode | None = None) -> Admit:
    """Admit with the room as it stands, each fact with the seq at which it became true."""
    return Admit(
        seat.attachment, seat.player, 0, refused=refused, stream=(*room.standing, *_end(room, seat))
    )


def take_up(room: Room, seat: Seat, position: tuple[bytes, int] | None) -> Admit:
    """Admit to a seat that was there before: with what follows the position, if it is known."""
    if position is None:
        return begin(room, seat)
    seq = position[1]
    # What is older than the seat was for others: nobody gets their past by naming a low seq.
    if seq < seat.joined or not room.log.reaches_back_to(seq):
        return begin(room, seat, ErrorCode.HISTORY_TRIMMED)
    missed = room.log.since(seq, seat.player)
    return Admit(
        seat.attachment, seat.player, seq, resumed=True, stream=(*missed, *_end(room, seat))
    )


def _end(room: Room, seat: Seat) -> list[bytes]:
    return [encode(Live(room.seq)), *room.retained.but_of(seat.player)]
