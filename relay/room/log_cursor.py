"""Reads a room's log for one player, from any position on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from protocol.codec import encode
from protocol.frames import Live, Notice, NoticeDetail, NoticeKind
from relay.delivery.outbox import Slot
from relay.history.packed_frames import NOBODY
from relay.history.ws_frame import wrap
from relay.room.snapshots import Complete

if TYPE_CHECKING:
    from relay.delivery.delay_line import DelayLine
    from relay.room.room import Room


class Backfill(NamedTuple):
    """The past that a player hears who was not there, or has forgotten it."""

    until: int
    """The last seq of it."""
    snapshot: Complete | None = None
    """What the player was given. The room may have a newer one before the history is read."""
    complete_from: int = 0
    """The seq after which it is whole, as the player was told."""


NO_HISTORY = Backfill(0)


class LogCursor:
    """What one connection is still to be told from the log.

    Of history these are only payloads to all, and only those that the snapshot does not cover;
    from there on everything that was addressed to the player when it was ordered. The log may
    forget history while it is read: the player is told so, and reads on behind the gap.
    """

    __slots__ = ("_complete_from", "_delay", "_history", "_player", "room")

    def __init__(
        self,
        room: Room,
        player: int,
        history: Backfill = NO_HISTORY,
        delay: DelayLine | None = None,
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
        """Return what follows `seq`, wrapped and in runs, and up to where; None if that is gone."""
        log, until = self.room.log, self._history.until
        if seq >= until:
            return log.read(seq, max_bytes, self._player, self.seq)
        told = []
        if log.trimmed > seq:
            seq = min(log.trimmed, until)
            if seq > self._complete_from:
                told.append(self._gap(seq))
        giver, at = NOBODY, until
        snapshot = self._history.snapshot
        if snapshot is not None and seq < snapshot.at:
            giver, at = snapshot.giver, min(snapshot.at, until)
        batch = log.read_history(seq, max_bytes, at, giver)
        return batch and (told + batch[0], batch[1])

    def _gap(self, seq: int) -> bytes:
        self._complete_from = seq
        return wrap(encode(Notice(NoticeKind.TRIMMED, NoticeDetail(seq=seq))))

    def finish(self, kept: dict[Slot, bytes]) -> Iterator[bytes]:
        """Yield LIVE and the newest volatile values of the others, wrapped; see `Source`."""
        newest = self.room.retained if self._delay is None else self._delay.newest
        for (sender, key), update in list(kept.items()):
            if sender != self._player and newest.has(sender, key, update):
                del kept[sender, key]
        return chain((wrap(encode(Live(self.seq))),), newest.but_of(self._player))
