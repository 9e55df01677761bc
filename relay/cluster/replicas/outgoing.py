"""What a node has proposed for a room and not seen in its log yet.

Entries that are proposed in one turn of the loop travel together. A log does not say that it has
stored a parcel. So a parcel is sent again, after longer and longer waits, until it comes back.
"""

from __future__ import annotations

import hashlib
from collections import deque
from typing import Final, NamedTuple

from relay.cluster.replicas.parcels import NOBODY, pack_entry, pack_parcel
from relay.cluster.replicas.sequencer import WINDOW
from relay.room.entries import Entry, Expire, NodeGone, Relieve, Retire, Succeed

MAX_PARCEL: Final = 128 * 1024
"""Bytes of entries that travel together. One entry alone may have more."""

AGAIN_SECONDS: Final = 0.4
"""A parcel that was sent n times is sent again after n times as long, up to `SLOWEST`."""
SLOWEST: Final = 5

COMMON: Final = (Expire, Succeed, Relieve, Retire, NodeGone)
"""Entries that all nodes propose by themselves. All give them the same id, so that each is stored
once."""


class Publication(NamedTuple):
    """What a log is asked to store."""

    id: str
    data: bytes


class Sent:
    """A parcel on its way."""

    __slots__ = ("at", "publication", "times")

    def __init__(self, publication: Publication) -> None:
        self.publication = publication
        self.at = 0.0
        self.times = 0

    def is_due(self, now: float) -> bool:
        return not self.times or now - self.at >= AGAIN_SECONDS * min(self.times, SLOWEST)


class Outgoing:
    """One room's parcels of one incarnation. `now` is seconds of a monotonic clock.

    Attributes:
        size: bytes of entries that wait until earlier parcels have come back.
        held: these bytes, and those of parcels that are on their way.
        resent: how many times a parcel was sent again.
    """

    def __init__(
        self, room: str, epoch: bytes, incarnation: int, number: int = 1, most: int = MAX_PARCEL
    ) -> None:
        """Args: number: of the first parcel. most: bytes of entries that a parcel may have."""
        self.room = room
        self.epoch = epoch
        self.incarnation = incarnation
        self.number = number
        self.size = 0
        self.held = 0
        self.resent = 0
        self._most = min(most, MAX_PARCEL)
        self._waiting: deque[bytes] = deque()
        self._numbered: dict[int, Sent] = {}
        self._common: dict[bytes, Sent] = {}

    def __bool__(self) -> bool:
        """Whether any parcel has yet to come back."""
        return bool(self._waiting or self._numbered or self._common)

    def add(self, entry: Entry) -> None:
        """Take a proposal."""
        packed = pack_entry(entry)
        if isinstance(entry, COMMON):
            data = pack_parcel(self.epoch, NOBODY, 0, (packed,))
            if data not in self._common:
                name = hashlib.blake2b(data, digest_size=12).hexdigest()
                self._common[data] = Sent(Publication(f"{self.room}/{name}", data))
        else:
            self._waiting.append(packed)
            self.size += len(packed)
            self.held += len(packed)

    def due(self, now: float) -> list[Publication]:
        """Return the parcels to publish now, in their order."""
        while self._waiting and self.number - next(iter(self._numbered), self.number) < WINDOW:
            self._numbered[self.number] = Sent(self._next_parcel())
            self.number += 1
        sent = [each for each in self._numbered.values() if each.is_due(now)]
        sent += [each for each in self._common.values() if each.is_due(now)]
        for each in sent:
            self.resent += each.times > 0
            each.at, each.times = now, each.times + 1
        return [each.publication for each in sent]

    def seen(self, incarnation: int, number: int, data: bytes) -> None:
        """Take note of a parcel that the log has."""
        if incarnation == self.incarnation:
            self._drop(number)
        elif incarnation == NOBODY:
            self._common.pop(data, None)

    def passed(self, number: int) -> None:
        """Take note that the log had all our parcels before this number.

        The log may also have had the entries that all nodes propose. If not, they are proposed
        anew.
        """
        self.number = max(self.number, number)
        self._common.clear()
        for each in [each for each in self._numbered if each < number]:
            self._drop(each)

    def _drop(self, number: int) -> None:
        sent = self._numbered.pop(number, None)
        if sent is not None:
            self.held -= len(sent.publication.data)

    def _next_parcel(self) -> Publication:
        entries: list[bytes] = []
        size = 0
        while self._waiting and (not entries or size + len(self._waiting[0]) <= self._most):
            entries.append(self._waiting.popleft())
            size += len(entries[-1])
        self.size -= size
        data = pack_parcel(self.epoch, self.incarnation, self.number, entries)
        self.held += len(data) - size
        name = f"{self.room}/{self.epoch.hex()}/{self.incarnation}/{self.number}"
        return Publication(name, data)
