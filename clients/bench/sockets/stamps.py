"""The stamps in payloads, and the ages that they tell.

Time is counted in units from the start of a run. A stamp is the time that its message was scheduled
for. So an age includes every delay, even one before the message was sent.
"""

from __future__ import annotations

import struct
from collections import Counter
from typing import Final

UNITS: Final = 10_000
"""Units in a second. Ages are rounded up to a whole unit."""

STAMP: Final = struct.Struct("<I")


def pick(data: bytearray, at: int, stride: int, count: int) -> bytearray:
    """Return stamps end to end: the first is at `at`, and the others every `stride` bytes."""
    size = STAMP.size
    stamps = bytearray(size * count)
    for byte in range(size):  # by columns: 4 steps in all, and not one for each message
        stamps[byte::size] = data[at + byte : at + byte + stride * (count - 1) + 1 : stride]
    return stamps


def unpack(stamps: bytes | bytearray) -> tuple[int, ...]:
    """Return the numbers of stamps that lie end to end."""
    return struct.unpack(f"<{len(stamps) // STAMP.size}I", stamps)


class Ages:
    """Counts messages that were scheduled from `first` to before `last`, and their ages.

    Stamps are noted as they come, and counted when there is time for it.
    """

    def __init__(self, first: int, last: int) -> None:
        self.first = first
        self.last = last
        self.counts: Counter[int] = Counter()
        """Messages by age."""
        self.arrived = 0
        """All messages that came, whatever time they were scheduled for."""
        self._counted = 0
        self._noted: list[tuple[bytearray, int | None]] = []

    def note(self, stamps: bytearray, now: int | None) -> None:
        """Take the stamps of messages that came just before `now`; None: at an unknown time."""
        self.arrived += len(stamps) // STAMP.size
        self._noted.append((stamps, now))

    def count(self) -> int:
        """Count the noted stamps. Returns: messages that came, of those from `first` to `last`."""
        noted, self._noted = self._noted, []
        for stamps, now in noted:
            for stamp, many in Counter(unpack(stamps)).items():
                if self.first <= stamp < self.last:
                    self._counted += many
                    if now is not None:
                        self.counts[now - stamp] += many
        return self._counted
