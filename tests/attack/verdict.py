"""What an attack measured, and whether that is within its bound."""

from __future__ import annotations

from dataclasses import dataclass

MS = 1000.0
LATENCY_FACTOR = 1.2
LATENCY_SLACK = 5.0
"""Milliseconds: what two shared cores make of the same load from one run to the next."""


@dataclass(frozen=True, slots=True)
class Check:
    """One number that must not be above its bound."""

    what: str
    measured: float
    bound: float
    unit: str = ""

    @property
    def holds(self) -> bool:
        return self.measured <= self.bound


@dataclass(frozen=True, slots=True)
class Row:
    """One attack, and all that was to hold."""

    name: str
    title: str
    checks: list[Check]

    @property
    def holds(self) -> bool:
        return bool(self.checks) and all(check.holds for check in self.checks)


def neighbours_p99(p99: float, base: float, *, slack: float | None = None) -> Check:
    """Judge a p99 in milliseconds by that without the attack, taken in the same run.

    Args: slack: milliseconds above the base; if left out, the rule for all latencies holds.
    """
    usual = max(LATENCY_FACTOR * base, base + LATENCY_SLACK)
    bound = usual if slack is None else base + slack
    return Check(f"neighbours' p99 (without: {base:.1f})", p99, bound, "ms")
