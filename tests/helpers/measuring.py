"""Measuring what must be fast, on a machine that may pause for a reason of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

TRIES = 3
"""What is too slow by itself is so each time."""


async def fastest(measure: Callable[[], Awaitable[float]], bound: float) -> float:
    """Measure again while the bound is not kept. Returns: the shortest time, in seconds."""
    times: list[float] = []
    while len(times) < TRIES and (not times or times[-1] >= bound):
        times.append(await measure())
    return min(times)


def fastest_here(measure: Callable[[], float], bound: float) -> float:
    """As `fastest`, for what blocks."""
    times: list[float] = []
    while len(times) < TRIES and (not times or times[-1] >= bound):
        times.append(measure())
    return min(times)
