"""Attempts with a time limit, of which a busy machine may need a longer one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

FACTORS = (6, 36)

T = TypeVar("T")


async def given_time(
    attempt: Callable[[float], Awaitable[T]], seconds: float, suffices: Callable[[T], object]
) -> T:
    """Try with so many seconds; if these do not suffice, with several times as many.

    Returns: what the last attempt did: a quick machine needs one.
    """
    found = await attempt(seconds)
    for factor in FACTORS:
        if suffices(found):
            break
        found = await attempt(factor * seconds)
    return found
