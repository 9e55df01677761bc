"""Reads a room's history for one player, from any position on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple, Protocol

from protocol.codec import encode
from protocol.frames import Live, Notice, NoticeDetail, NoticeKind
from relay.delivery.retained_values import RetainedValues
from relay.delivery.stream import Slot
from relay.history.history import History
from relay.history.packed_frames import NOBODY
from relay.history.ws_frame import wrap
from relay.room.snapshots import Complete


class Backfill(NamedTuple):
    """The past, for a player who was not there or has forgotten it."""

    until: int
    """The last seq of it."""
    snapshot: Complete | None = None
    """What the player was given. The room may have a newer one before the history is read."""
    complete_from: int = 0
    """The seq after which it is complete, as the player was told."""


NO_BACKFILL = Backfill(0)


class Head(Protocol):
    """The room, or the line that keeps spectators behind it."""

    seq: int


class LogCursor:
    """What one connection is still to be told from the history.

    Up to the end of the backfill, these are the payloads to all that the snapshot does not cover.
    After it, everything that was for the player when it was ordered. The room may forget history
    while it is read: then the player is told so, and reads on after the gap.
    """

    __slots__ = ("_backfill", "_complete_from", "_player", "head", "history", "is_late", "values")

    def __init__(
        self,
        history: History,
        head: Head,
        values: RetainedValues,
        player: int,
        backfill: Backfill = NO_BACKFILL,
        *,
        is_late: bool = False,
    ) -> None:
        """
        Args:
            head: up to where the player may read.
            values: the newest volatile ones that the player may know.
            is_late: the player is kept behind the room.
        """
        self.is_late = is_late
        self.history = history
        self.head = head
        self.values = values
        self._player = player
        self._backfill = backfill
        self._complete_from = backfill.complete_from

    @property
    def seq(self) -> int:
        """Where the room is now, as far as the player may know."""
        return self.head.seq

    def read(self, seq: int, max_bytes: int) -> tuple[list[bytes], int] | None:
        """Return what follows `seq`, wrapped and in runs, and up to where; None if that is gone."""
        log, until = self.history, self._backfill.until
        if seq >= until:
            return log.read(seq, max_bytes, self._player, self.seq)
        told = []
        if log.trimmed > seq:
            seq = min(log.trimmed, until)
            if seq > self._complete_from:
                told.append(self._gap(seq))
        giver, at = NOBODY, until
        snapshot = self._backfill.snapshot
        if snapshot is not None and seq < snapshot.at:
            giver, at = snapshot.giver, min(snapshot.at, until)
        batch = log.read_history(seq, max_bytes, at, giver)
        return batch and (told + batch[0], batch[1])

    def _gap(self, seq: int) -> bytes:
        self._complete_from = seq
        return wrap(encode(Notice(NoticeKind.TRIMMED, NoticeDetail(seq=seq))))

    def finish(self, kept: dict[Slot, bytes]) -> Iterator[bytes]:
        """Yield LIVE and the newest volatile values of the others, wrapped; see `Source`."""
        for (sender, key), update in list(kept.items()):
            if sender != self._player and self.values.has(sender, key, update):
                del kept[sender, key]
        return chain((wrap(encode(Live(self.seq))),), self.values.but_of(self._player))
