"""The relay's clock as seen from here: a filter that trusts the fastest of the last round trips.

The fastest round trip was fast both ways, so its offset has the smallest error.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

SAMPLES = 8
"""Round trips to choose from. They span 40 seconds, in which clocks drift by microseconds."""


class Sample(NamedTuple):
    """One round trip, in microseconds."""

    rtt: int
    offset: int


class Clock:
    """Relay time. All times are integers of microseconds."""

    def __init__(self, local: Callable[[], int]) -> None:
        """Args: local: reads this machine's monotonic clock."""
        self._local = local
        self._samples: deque[Sample] = deque(maxlen=SAMPLES)
        # Other threads read these values, so each is replaced as a whole.
        self._best = Sample(0, 0)
        self.jitter = 0
        """Mean distance of the last round trips from the best one."""
        self.latest = 0
        """The newest round trip, unfiltered."""
        self.count = 0
        """Round trips measured so far on this connection."""

    @property
    def rtt(self) -> int:
        """The shortest of the last round trips, less the relay's own time; 0 before the first."""
        return self._best.rtt

    @property
    def offset(self) -> int:
        """Add it to this machine's clock to get the relay's."""
        return self._best.offset

    def now(self) -> int:
        """Return the relay's time."""
        return self._local() + self._best.offset

    def restart(self) -> None:
        """Forget all round trips: another connection may end at another clock."""
        self._samples.clear()
        self.count = 0

    def add(self, t: int, received: int, sent: int, now: int) -> None:
        """Take a round trip: it left at `t`, was at the relay from `received` to `sent`, and came
        back `now`."""
        rtt = max(now - t - (sent - received), 0)
        offset = ((received - t) + (sent - now)) // 2
        if self._contradicts(Sample(rtt, offset)):
            self._samples.clear()
        self._samples.append(Sample(rtt, offset))
        self._best = min(self._samples)
        self.jitter = sum(sample.rtt - self._best.rtt for sample in self._samples) // len(
            self._samples
        )
        self.latest = rtt
        self.count += 1

    def _contradicts(self, sample: Sample) -> bool:
        """Say whether one of the clocks has jumped since the best round trip.

        Some machines' monotonic clocks stand still while they sleep. An offset is wrong by at most
        half of its round trip. If two offsets differ by more than both round trips, a clock jumped.
        """
        best = self._best
        return bool(self._samples) and abs(sample.offset - best.offset) > sample.rtt + best.rtt
