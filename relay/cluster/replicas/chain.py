"""Makes of a log's deliveries each entry of a room once, in order.

Every entry names the one before it. So a replica sees what it has missed, and reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from relay.cluster.log import Logged
from relay.cluster.replicas.sequencer import Lost

MOST: Final = 1024
"""Entries that may wait for a missing one. More are dropped, and read again."""


class Chain:
    """Where a replica is in its room's log.

    Attributes:
        applied: the seq of the newest entry that came out.
        newest: the highest seq that the log is known to have.
    """

    def __init__(self, applied: int = 0) -> None:
        self.applied = applied
        self.newest = applied
        self._waiting: dict[int, Logged] = {}

    @property
    def is_behind(self) -> bool:
        """Whether entries are missing, and have to be read."""
        return self.newest > self.applied

    def deliver(self, logged: Logged) -> Iterator[Logged]:
        """Take a delivery; yield what follows now."""
        if logged.seq <= self.applied:
            return
        self.newest = max(self.newest, logged.seq)
        if len(self._waiting) < MOST:
            self._waiting[logged.seq] = logged
        yield from self._following()

    def read(self, entries: Sequence[Logged]) -> Iterator[Logged]:
        """Take what was read after `applied`; yield it, and what follows now.

        The caller knows that the first one follows `applied`, even if the log cannot say so.

        Raises:
            Lost: the log has forgotten what comes first.
        """
        for index, logged in enumerate(entries):
            if logged.seq <= self.applied:
                continue  # it was delivered meanwhile
            if logged.previous > self.applied:
                raise Lost(f"the log begins after {logged.previous}, and {self.applied} was read")
            self.newest = max(self.newest, logged.seq)
            if index and not logged.previous:
                return  # the log has forgotten meanwhile what was before it: the caller decides
            self.applied = logged.seq
            yield logged
        yield from self._following()

    def heard_of(self, seq: int) -> None:
        """Take note of the newest seq that the log says it has."""
        self.newest = max(self.newest, seq)

    def _following(self) -> Iterator[Logged]:
        while self._waiting:
            seq = min(self._waiting)
            logged = self._waiting[seq]
            # A log that kept nothing before it may have forgotten what is missing: `read` says.
            is_first = not logged.previous and self.applied
            if seq > self.applied and (logged.previous > self.applied or is_first):
                return
            del self._waiting[seq]
            if seq > self.applied:
                self.applied = seq
                yield logged
