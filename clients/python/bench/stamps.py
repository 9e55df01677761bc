"""When a message was to be sent, in its payload; and how old it was when it came.

Time is counted in units from the start of a run. A stamp is the time for which its message was
scheduled, so what a stalled relay (or this generator) delays counts, also while it cannot be sent.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Sequence
from functools import cache

UNITS = 10_000
"""Units in a second. Ages are rounded up to a whole one."""

STAMP = struct.Struct("<I")


@cache
def layout(length: int, size: int, count: int) -> struct.Struct:
    """Return where the stamps are in `count` frames of `length` that end in a payload of `size`."""
    return struct.Struct("<" + f"{length - size}xI{size - STAMP.size}x" * count)


class Ages:
    """How old messages were, of those that were scheduled from `first` to before `last`."""

    def __init__(self, first: int, last: int) -> None:
        self.first = first
        self.last = last
        self.counts: Counter[int] = Counter()
        self.total = 0
        """Messages of the window that came."""
        self.arrived = 0
        """Messages that came, whenever they were scheduled."""

    def note(self, stamps: Sequence[int], now: int) -> None:
        """Take the stamps of messages that came just before `now`."""
        self.arrived += len(stamps)
        for stamp, count in Counter(stamps).items():
            if self.first <= stamp < self.last:
                self.counts[now - stamp] += count
                self.total += count
