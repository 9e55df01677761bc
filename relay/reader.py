"""Reads a room's log for one player, from any position on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from protocol.codec import encode
from protocol.frames import Live, Notice, NoticeDetail, NoticeKind
from protocol.opcodes import Opcode
from relay.snapshots import Complete
from relay.tape import Entry
from relay.wrapping import wrap

if TYPE_CHECKING:
    from relay.delay import DelayLine
    from relay.room import Room


class History(NamedTuple):
    """The past that a player hears who was not there, or has forgotten it."""

    until: int
    """The last seq of it."""
    snapshot: Complete | None = None
    """What the player was given. The room may have a newer one before the history is read."""
    complete_from: int = 0
    """The seq after which it is complete, as WELCOME says."""


NO_HISTORY = History(0)


class Reader:
    """What one connection is still to be told from the log.

    Of history these are only payloads to all, and only those that the snapshot does not cover;
    from there on everything that was addressed to the player when it was ordered.
    """

    __slots__ = ("_complete_from", "_delay", "_history", "_player", "room")

    def __init__(
        self, room: Room, player: int, history: History = NO_HISTORY, delay: DelayLine | None = None
    ) -> None:
        """Args: delay: of a spectator who is told everything later."""
        self.room = room
        self._player = player
        self._history = history
        self._complete_from = history.complete_from
        self._delay = delay

    @property
    def seq(self) -> int:
        """Where the room is now, as far as the player may know."""
        return self.room.seq if self._delay is None else self._delay.seq

    @property
    def is_late(self) -> bool:
        return self._delay is not None

    def read(self, seq: int, max_bytes: int) -> tuple[list[bytes], int] | None:
        """Return what follows `seq`, wrapped, and up to where; None if that is gone."""
        log = self.room.log
        forgotten = min(log.trimmed, self._history.until)
        notice = self._skip(forgotten) if seq < forgotten else []
        batch = log.read(max(seq, forgotten), max_bytes, self._is_for, self.seq)
        return batch and ([*notice, *map(wrap, batch[0])], batch[1])

    def _skip(self, forgotten: int) -> list[bytes]:
        """Return what tells that history was forgotten before it was read, if that is news.

        A room whose log is full forgets a frame with each that comes: whoever joins it must be able
        to go on.
        """
        if forgotten <= self._complete_from:
            return []
        self._complete_from = forgotten
        return [wrap(encode(Notice(NoticeKind.TRIMMED, NoticeDetail(seq=forgotten))))]

    def finish(self) -> list[bytes]:
        """Return LIVE and the newest volatile values of the others, wrapped."""
        delay, retained = self._delay, self.room.retained
        newest = retained.but_of(self._player) if delay is None else delay.newest()
        return [*map(wrap, (encode(Live(self.seq)), *newest))]

    def _is_for(self, entry: Entry) -> bool:
        seq, to, message = entry
        if seq <= self._history.until:
            snapshot = self._history.snapshot
            return (
                isinstance(to, int)
                and message[1] == Opcode.DELIVER
                and (snapshot is None or not snapshot.covers(entry))
            )
        return to != self._player if isinstance(to, int) else self._player in to
