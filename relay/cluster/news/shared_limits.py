"""Limits over all nodes: each tells the others what addresses have and use there.

A node allows what the limit leaves after what the others have told. So an address may exceed a
limit while news is on its way: at most, it gets the limit at each node. What it uses beyond its
rate is a debt at all nodes, and is paid off.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import msgpack

from relay.cluster.bus import Bus
from relay.cluster.news.board import Board
from relay.policy.rate_limits import AddressBuckets, AddressCounts

COUNTS: Final = "counts"
SPENT: Final = "spent"
AT_ONCE: Final = 200
"""Addresses that one message tells of."""


class SharedLimits:
    """Counts and buckets that all nodes tell each other. Each has a name."""

    def __init__(self, bus: Bus, now: Callable[[], float] = time.monotonic) -> None:
        """Args: now: the clock of the buckets."""
        self.board = Board(bus, COUNTS, self._changed)
        self._bus = bus
        self._now = now
        self._counts: dict[str, AddressCounts] = {}
        self._steady: set[str] = set()
        """The names of those counts that are told once they have stayed for a while."""
        self._before: dict[str, int] = {}
        self._totals: dict[str, tuple[Callable[[], int], Callable[[int], None]]] = {}
        self._buckets: dict[str, AddressBuckets] = {}
        bus.subscribe(SPENT, self._hear_spent)

    def share_counts(self, name: str, counts: AddressCounts) -> None:
        """Share how many of something each address has."""
        self._counts[name] = counts

    def share_steady(self, name: str, counts: AddressCounts) -> None:
        """Share them, but only those that stay: a connection that moves to another node counts
        there."""
        self._counts[name] = counts
        self._steady.add(name)

    def share_total(self, name: str, own: Callable[[], int], take: Callable[[int], None]) -> None:
        """Share a number. Args: take: called with the sum of the other nodes' numbers."""
        self._totals[name] = (own, take)

    def share_buckets(self, name: str, buckets: AddressBuckets) -> None:
        """Share what addresses use."""
        self._buckets[name] = buckets
        buckets.share()

    def look(self) -> None:
        """Put up what is new at this node."""
        for name, (own, _) in self._totals.items():
            self._put(f"{name} ", own())
        for name, counts in self._counts.items():
            for network, count in counts.touched().items():
                if name in self._steady:
                    count = self._stayed(name, network, count)
                self._put(f"{name} {network}", count)

    def tell_spent(self) -> None:
        """Tell the others what addresses have used here since the last call."""
        spent = [
            [name, address, about, amount]
            for name, buckets in self._buckets.items()
            for (address, about), amount in buckets.spent().items()
        ]
        for start in range(0, len(spent), AT_ONCE):
            self._bus.publish(SPENT, msgpack.packb(spent[start : start + AT_ONCE]))

    def _put(self, key: str, count: int) -> None:
        self.board.put(key, msgpack.packb(count) if count else None)

    def _stayed(self, name: str, network: str, count: int) -> int:
        """Return how many were there already when this was looked at last."""
        key = f"{name} {network}"
        stayed = min(count, self._before.pop(key, 0))
        if count:
            self._before[key] = count
        if count != stayed:
            self._counts[name].touch(network)
        return stayed

    # What others tell.

    def _changed(self, key: str) -> None:
        name, _, network = key.partition(" ")
        total = sum(map(_count, self.board.of(key).values()))
        if name in self._counts:
            self._counts[name].note_elsewhere(network, total)
        elif name in self._totals:
            self._totals[name][1](total)

    def _hear_spent(self, sender: str, data: bytes) -> None:
        try:
            for each in msgpack.unpackb(data):
                self._debit(each)
        except (ValueError, TypeError, msgpack.UnpackException):
            return  # of another version

    def _debit(self, spent: Any) -> None:
        match spent:
            case [str(name), str(address), str(about), int() | float() as amount, *_]:
                if name in self._buckets:
                    self._buckets[name].debit(address, self._now(), float(amount), about)


def _count(value: bytes) -> int:
    try:
        return int(msgpack.unpackb(value))
    except (ValueError, TypeError, msgpack.UnpackException):
        return 0
