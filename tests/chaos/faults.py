"""The faults of each connection of a run. The same seed draws the same faults."""

from __future__ import annotations

from math import exp, log
from random import Random

from tests.chaos.proxy import CUTS, Fault, Harm, Script, Way


def storm(seed: int, within: tuple[int, int], stalls: float) -> Script:
    """Return faults for every connection of a room. Nearly every one is cut somewhere.

    Args:
        within: bytes after which a fault comes, at the earliest and at the latest.
        stalls: the share of connections that stand still for a while.
    """

    def faults(number: int) -> list[Fault]:
        random = Random(f"connection {number} of {seed}")
        found = []
        if random.random() < 0.95:
            harm = random.choices(CUTS, weights=(4, 4, 1))[0]
            found.append(Fault(_way(random), _somewhere(random, within), harm))
        if random.random() < stalls:
            found.append(_stall(random, within))
        if random.random() < 0.1:
            found.append(Fault(_way(random), 0, Harm.DELAY, random.uniform(0.001, 0.02)))
        return found

    return faults


def _stall(random: Random, within: tuple[int, int]) -> Fault:
    harm = random.choice((Harm.STALL, Harm.FREEZE))
    # A stall without an end: the client or the relay has to notice it.
    seconds = None if random.random() < 0.2 else random.uniform(0.05, 1.5)
    return Fault(_way(random), _somewhere(random, within), harm, seconds)


def _way(random: Random) -> Way:
    return random.choice(list(Way))


def _somewhere(random: Random, within: tuple[int, int]) -> int:
    """Draw a byte, near ones as likely as far ones: handshakes and first frames are short."""
    nearest, farthest = within
    return int(exp(random.uniform(log(nearest), log(farthest))))
