"""Measurements of an attack, and whether each is within its bound."""

from __future__ import annotations

import math
from dataclasses import dataclass

LATENCY_FACTOR = 1.2
LATENCY_SLACK = 5.0
"""Milliseconds by which two runs of the same load differ on two shared cores."""


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
        """Whether it holds on any machine, as far as that can be said."""
        return self.holds


@dataclass(frozen=True, slots=True)
class Timing(Check):
    """A time, to be within its bound on an idle machine. It is infinite if the event never came."""

    @property
    def holds_anywhere(self) -> bool:
        return math.isfinite(self.measured)


@dataclass(frozen=True, slots=True)
class Row:
    """One attack, and its checks."""

    name: str
    title: str
    checks: list[Check]

    @property
    def holds(self) -> bool:
        return bool(self.checks) and all(check.holds for check in self.checks)


def neighbours_p99(p99: float, base: float, *, slack: float | None = None) -> Timing:
    """Judge a p99 in milliseconds by the p99 without the attack, from the same run.

    Args: slack: allowed milliseconds above the base; if left out, the usual rule.
    """
    usual = max(LATENCY_FACTOR * base, base + LATENCY_SLACK)
    bound = usual if slack is None else base + slack
    return Timing(f"neighbours' p99 (without: {base:.1f})", p99, bound, "ms")
