"""What a connection is told first, so that it knows the room: SPEC 12."""

from __future__ import annotations

from protocol import fast_path
from protocol.error_codes import ErrorCode
from relay.delivery.stream import Stream
from relay.history.ws_frame import unwrap
from relay.room.effects import Admit
from relay.room.log_cursor import NO_BACKFILL, Backfill, LogCursor
from relay.room.seats import Seat
from relay.room.state import RoomState


def begin(room: RoomState, seat: Seat, refused: ErrorCode | None = None) -> Admit:
    """Admit with the room's present state, each fact with the seq at which it became true."""
    delay = room.delay_of(seat)
    if delay is not None:
        delay.began.setdefault(seat.player, delay.seq)
        # These facts were true by then and still are; the rest comes in its time.
        facts = tuple(
            fact for fact in room.standing.told() if fast_path.seq(unwrap(fact)) <= delay.seq
        )
        stream = Stream(facts, _cursor(room, seat), delay.seq, delay.seq)
        return Admit(seat.attachment, seat.player, 0, refused=refused, stream=stream)
    follow, snapshot = room.history_from, room.snapshots.newest
    facts = (*room.standing.told(), *(snapshot.parts if snapshot is not None else ()))
    is_whole = room.history.reaches_back_to(follow)
    complete_from = room.past_from if is_whole else room.history.trimmed
    cursor = _cursor(room, seat, Backfill(room.seq, snapshot, complete_from))
    stream = Stream(facts, cursor, follow, complete_from)
    return Admit(seat.attachment, seat.player, 0, refused=refused, stream=stream)


def take_up(room: RoomState, seat: Seat, position: tuple[bytes, int] | None) -> Admit:
    """Admit to a seat that was there before: with what follows the position, if it is known."""
    if position is None:
        return begin(room, seat)
    seq, delay = position[1], room.delay_of(seat)
    # What is older than the seat was for others: nobody gets their past by naming a low seq. Such
    # a position is an earlier seat's, and the client's connection broke before it heard that that
    # seat had ended. Delayed spectators are different: they begin before their own seat.
    if seq < seat.joined and delay is None:
        return begin(room, seat, ErrorCode.SEAT_EXPIRED)
    began = seat.joined if delay is None else delay.began.get(seat.player, seat.joined)
    # SPEC 12.3.4: never is a part resumed.
    if seq < began or not room.history.reaches_back_to(seq):
        return begin(room, seat, ErrorCode.HISTORY_TRIMMED)
    stream = Stream((), _cursor(room, seat), seq)
    return Admit(seat.attachment, seat.player, seq, resumed=True, stream=stream)


def _cursor(room: RoomState, seat: Seat, backfill: Backfill = NO_BACKFILL) -> LogCursor:
    delay = room.delay_of(seat)
    if delay is None:
        return LogCursor(room.history, room, room.audience.retained, seat.player, backfill)
    return LogCursor(room.history, delay, delay.newest, seat.player, backfill, is_late=True)
