"""How many of some numbers were small, and how many large: what Prometheus calls a histogram."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator


class Spread:
    """Numbers, such as seconds, counted by ranges.

    Attributes:
        sum: of all of them.
    """

    def __init__(self, bounds: tuple[float, ...]) -> None:
        """Args: bounds: numbers at which ranges end, in order. The last range has no end."""
        self.sum = 0.0
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)

    def add(self, number: float) -> None:
        """Count one number."""
        self.sum += number
        self._counts[bisect_left(self._bounds, number)] += 1

    def ranges(self) -> Iterator[tuple[str, int]]:
        """Yield how many were at most so large, as Prometheus writes it."""
        total = 0
        for bound, count in zip(self._bounds, self._counts[:-1], strict=True):
            total += count
            yield str(bound), total
        yield "+Inf", total + self._counts[-1]
