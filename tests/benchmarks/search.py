"""Finds the highest rate that a server bears, on a ladder with 12 rungs to each doubling."""

from __future__ import annotations

from collections.abc import Callable

RUNGS = 12
LOWEST, HIGHEST = -3 * RUNGS, 6 * RUNGS


def rate(rung: int) -> float:
    """Return the Hz of a rung. Rung 0 is 10 Hz."""
    return round(10 * 2 ** (rung / RUNGS), 2)


def highest(bears: Callable[[float], bool], start: int | None = None) -> int | None:
    """Find the highest rung that the server bears. It is assumed to bear all lower ones.

    Args: start: a rung near it, if one is known. The search goes from there in small steps.

    Returns: the rung; None if the server does not bear the lowest.
    """
    step = RUNGS if start is None else 1
    below, above = _bracket(bears, 0 if start is None else start, step)
    while below is not None and above - below > 1:
        middle = (below + above) // 2
        if bears(rate(middle)):
            below = middle
        else:
            above = middle
    return below


def _bracket(bears: Callable[[float], bool], at: int, step: int) -> tuple[int | None, int]:
    """Step until one rung is borne and another is not. Beyond the ladder, no rung is borne."""
    if bears(rate(at)):
        while at + step <= HIGHEST and bears(rate(at + step)):
            at, step = at + step, min(2 * step, RUNGS)
        return at, at + step
    while at > LOWEST:
        above, at, step = at, max(at - step, LOWEST), min(2 * step, RUNGS)
        if bears(rate(at)):
            return at, above
    return None, at
