"""Whole numbers within bounds, those at which heads change first."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Final

from clients.fuzz.inputs.writing.heads import pick
from protocol import limits

TURNS: Final = (
    *(0, 1, -1, -32, -33, -127, -128, -129, -32768, -32769, -(2**31), -(2**31) - 1),
    *(126, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**32),
    *(limits.MAX_INT, -limits.MAX_INT),
)
"""Numbers at which a head changes, or the profile ends."""


@cache
def edges(low: int, high: int) -> tuple[int, ...]:
    """Return the numbers within these bounds that deserve to be tried often."""
    near = {low, low + 1, high - 1, high, *TURNS}
    return tuple(sorted(number for number in near if low <= number <= high))


def integer(rng: Random, low: int, high: int) -> int:
    if rng.random() < 0.4:
        return pick(rng, edges(low, high))
    number = rng.getrandbits(1 + int(rng.random() * 53))
    if low < 0 and number & 1:
        return max(low, -number)
    return min(high, max(low, number))
