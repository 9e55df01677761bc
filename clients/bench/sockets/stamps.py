"""When a message was to be sent, in its payload; and how old it was when it came.

Time is counted in units from the start of a run. A stamp is the time for which its message was
scheduled, so what a stalled relay (or this generator) delays counts, also while it cannot be sent.
"""

from __future__ import annotations

import struct
from collections import Counter
from typing import Final

UNITS: Final = 10_000
"""Units in a second. Ages are rounded up to a whole one."""

STAMP: Final = struct.Struct("<I")


def pick(data: bytearray, at: int, stride: int, count: int) -> bytearray:
    """Return the stamps, end to end, of which one stands at `at` and each `stride` bytes on."""
    size = STAMP.size
    stamps = bytearray(size * count)
    for byte in range(size):  # by columns: a step for each message would be a hundred times as many
        stamps[byte::size] = data[at + byte : at + byte + stride * (count - 1) + 1 : stride]
    return stamps


def unpack(stamps: bytes | bytearray) -> tuple[int, ...]:
    """Return the numbers of stamps that stand end to end."""
    return struct.unpack(f"<{len(stamps) // STAMP.size}I", stamps)


class Ages:
    """Which messages came, of those that were scheduled from `first` to before `last`; and how old
    they were then.

    They are noted as they come, and counted when there is time for it.
    """

    def __init__(self, first: int, last: int) -> None:
        self.first = first
        self.last = last
        self.counts: Counter[int] = Counter()
        """By age."""
        self.arrived = 0
        """Messages that came, whenever they were scheduled."""
        self._counted = 0
        self._noted: list[tuple[bytearray, int | None]] = []

    def note(self, stamps: bytearray, now: int | None) -> None:
        """Take the stamps of messages that came just before `now`, or some time ago."""
        self.arrived += len(stamps) // STAMP.size
        self._noted.append((stamps, now))

    def count(self) -> int:
        """Count what was noted. Returns: messages of the window that came."""
        noted, self._noted = self._noted, []
        for stamps, now in noted:
            for stamp, many in Counter(unpack(stamps)).items():
                if self.first <= stamp < self.last:
                    self._counted += many
                    if now is not None:
                        self.counts[now - stamp] += many
        return self._counted
