"""Where a replica begins: the newest snapshot, and what its log has after it.

No entry may be missing between the two. A log that has forgotten its oldest entries cannot always
say whether one is. Then no replica begins there.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from relay.cluster.log import Log, Logged
from relay.cluster.replicas import parcels, snapshots
from relay.cluster.replicas.parcels import Signal, Unreadable, What
from relay.cluster.replicas.sequencer import Lost
from relay.cluster.replicas.snapshots import Saved
from relay.room.entries import Create

log = logging.getLogger("relay")


class Unsure(Lost):
    """The log may have forgotten entries that are needed, and cannot say."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where to begin.

    Attributes:
        saved: the snapshot, if there is one. applied: its seq, or that of a reset.
        tail: what the log has after that. end: the seq of the newest entry.
        has_asked: whether a replica has asked for a snapshot since then.
    """

    saved: Saved | None
    applied: int
    tail: list[Logged]
    end: int
    has_asked: bool
    is_reset: bool = False

    def check(self) -> None:
        """Raise `Lost` if entries are missing before the first one that is kept, or may be."""
        if self.is_reset or not self.tail:
            return
        first = self.tail[0]
        if first.previous > self.applied or not (self.applied or _may_begin(first)):
            raise Lost(f"the newest snapshot is of entry {self.applied}, the log begins later")
        if self.applied and not first.previous:
            raise Unsure(f"the log has forgotten entry {self.applied}, that of the newest snapshot")


async def find(source: Log, name: str) -> Beginning:
    """Find where a room's replica begins. The caller checks the place before it begins there."""
    saved = await newest(source, name)
    applied = 0 if saved is None else saved.seq
    tail: list[Logged] = []
    while entries := await source.read(name, tail[-1].seq if tail else applied):
        tail += entries
    end = tail[-1].seq if tail else applied
    has_asked = _last(tail, What.SNAPSHOT_WANTED) is not None
    if (reset := _last(tail, What.RESET)) is not None:
        after = tail[reset + 1 :]
        return Beginning(None, tail[reset].seq, after, end, has_asked, is_reset=True)
    return Beginning(saved, applied, tail, end, has_asked)


async def newest(source: Log, name: str) -> Saved | None:
    """Return a room's newest snapshot that can be read."""
    for seq, data in sorted(await source.snapshots(name), reverse=True):
        try:
            return snapshots.read(data)
        except Unreadable as error:
            log.error("room %s: a snapshot of entry %d is ignored: %s", name, seq, error)
    return None


def _last(entries: list[Logged], what: What) -> int | None:
    """Return the index of the newest entry that says this."""
    for index in reversed(range(len(entries))):
        try:
            message = parcels.read(entries[index].data)
        except Unreadable:
            continue
        if isinstance(message, Signal) and message.what is what:
            return index
    return None


def _may_begin(logged: Logged) -> bool:
    """Whether a room's log may begin with this: its creation, or an entry that nobody can read."""
    try:
        return isinstance(parcels.read(logged.data), Create)
    except Unreadable:
        return True
