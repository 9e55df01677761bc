"""What a connection is told first, so that it knows the room: SPEC.md, Streams."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from protocol.codec import encode
from protocol.error_codes import ErrorCode
from protocol.frames import Live
from relay.reader import Reader

if TYPE_CHECKING:
    from relay.room import Room
    from relay.seats import Seat


@dataclass(frozen=True, slots=True)
class Stream:
    """How a connection begins. It is read from the room's log at the pace of its link."""

    facts: tuple[bytes, ...] = field(repr=False)
    """How the room stands, and the newest snapshot: said before anything from the log."""
    follow: int
    """The seq after which to read on from the log."""
    reader: Reader = field(compare=False, repr=False)
    finale: Callable[[], Iterable[bytes]] = field(compare=False, repr=False)
    """Gives LIVE and the newest volatile values, once all of the log is read."""
    resumed: bool = False
    refused: ErrorCode | None = None
    """Why the stream does not follow the position that was asked for."""

    @property
    def seq(self) -> int:
        """Where the client is when the stream begins: WELCOME's `seq`."""
        return self.follow if self.resumed else 0


def begin(room: Room, seat: Seat, refused: ErrorCode | None = None) -> Stream:
    """Tell the room as it stands, each fact with the seq at which it became true."""
    facts, follow = tuple(room.standing), room.seq
    if room.options.history != "none":
        snapshot = room.snapshots.newest
        if snapshot is not None:
            facts = (*facts, *snapshot.parts)
            follow = max(snapshot.seq, room.log.trimmed)
        elif room.options.history == "full":
            follow = room.log.trimmed
    reader = Reader(room, seat.player, history_until=room.seq)
    return Stream(facts, follow, reader, _finale(room, seat), refused=refused)


def take_up(room: Room, seat: Seat, position: tuple[bytes, int] | None) -> Stream:
    """Tell the holder of a seat what follows the position, if it is known."""
    if position is None:
        return begin(room, seat)
    seq = position[1]
    # What is older than the seat was for others: nobody gets their past by naming a low seq.
    if seq < seat.joined or not room.log.reaches_back_to(seq):
        return begin(room, seat, ErrorCode.HISTORY_TRIMMED)
    return Stream((), seq, Reader(room, seat.player), _finale(room, seat), resumed=True)


def _finale(room: Room, seat: Seat) -> Callable[[], Iterable[bytes]]:
    return lambda: (encode(Live(room.seq)), *room.retained.but_of(seat.player))
