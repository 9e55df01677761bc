"""What an attack measured, and whether that is within its bound."""

from __future__ import annotations

import math
from dataclasses import dataclass

LATENCY_FACTOR = 1.2
LATENCY_SLACK = 5.0
"""Milliseconds: what two shared cores make of the same load from one run to the next."""


@dataclass(frozen=True, slots=True)
class Check:
    """One number that must not be above its bound, however busy the machine."""

    what: str
    measured: float
    bound: float
    unit: str = ""

    @property
    def holds(self) -> bool:
        return self.measured <= self.bound

    @property
    def holds_anywhere(self) -> bool:
        """Whether it holds as far as that does not depend on the machine."""
        return self.holds


@dataclass(frozen=True, slots=True)
class Timing(Check):
    """A time within its bound, if the machine has nothing else to do: endless if it never came."""

    @property
    def holds_anywhere(self) -> bool:
        return math.isfinite(self.measured)


@dataclass(frozen=True, slots=True)
class Row:
    """One attack, and all that was to hold."""

    name: str
    title: str
    checks: list[Check]

    @property
    def holds(self) -> bool:
        return bool(self.checks) and all(check.holds for check in self.checks)


def neighbours_p99(p99: float, base: float, *, slack: float | None = None) -> Timing:
    """Judge a p99 in milliseconds by that without the attack, taken in the same run.

    Args: slack: milliseconds above the base; if left out, the rule for all latencies holds.
    """
    usual = max(LATENCY_FACTOR * base, base + LATENCY_SLACK)
    bound = usual if slack is None else base + slack
    return Timing(f"neighbours' p99 (without: {base:.1f})", p99, bound, "ms")
