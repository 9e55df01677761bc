"""How many of some times were short, and how many long: what Prometheus calls a histogram."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator


class Spread:
    """Times, counted by ranges.

    Attributes:
        seconds: of all of them together.
    """

    def __init__(self, bounds: tuple[float, ...]) -> None:
        """Args: bounds: seconds at which ranges end, in order. The last range has no end."""
        self.seconds = 0.0
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)

    def add(self, seconds: float) -> None:
        """Count one time."""
        self.seconds += seconds
        self._counts[bisect_left(self._bounds, seconds)] += 1

    def ranges(self) -> Iterator[tuple[str, int]]:
        """Yield how many took at most so many seconds, as Prometheus writes it."""
        total = 0
        for bound, count in zip(self._bounds, self._counts[:-1], strict=True):
            total += count
            yield str(bound), total
        yield "+Inf", total + self._counts[-1]
