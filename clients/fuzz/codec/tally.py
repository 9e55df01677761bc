"""What a run has seen so far: counts, and the smallest input of each kind of difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from clients.fuzz.codec.compare import Difference, Kind
from clients.fuzz.inputs.case import Case


@dataclass(slots=True)
class Found:
    """One kind of difference."""

    smallest: Difference
    damages: Counter[str]
    """How often it came up, by the damage that showed it."""

    @property
    def count(self) -> int:
        """How often it came up."""
        return self.damages.total()

    def add(self, other: Found) -> None:
        """Take in what another run, or a later input, has found of this kind."""
        self.damages.update(other.damages)
        if len(other.smallest.case.data) < len(self.smallest.case.data):
            self.smallest = other.smallest


@dataclass(slots=True)
class Tally:
    """Counts of a run, or of one process's share of it."""

    executions: int = 0
    damages: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    readers: Counter[str] = field(default_factory=Counter)
    found: dict[Kind, Found] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)
    """Inputs that a program skipped, by its command."""
    worn_out: set[str] = field(default_factory=set)
    """Programs that died or hung too often to be asked on."""
    trouble: str = ""
    """Why the run ended early; "" where it did not."""

    def count(self, cases: Iterable[Case]) -> None:
        """Count inputs that were judged."""
        cases = list(cases)
        self.executions += len(cases)
        self.damages.update([case.damage for case in cases])
        self.rules.update([case.rule for case in cases])
        self.readers.update([case.reader.value for case in cases])

    def note(self, difference: Difference) -> None:
        """Remember a difference."""
        self._add(difference.kind, Found(difference, Counter([difference.case.damage])))

    def add(self, other: Tally) -> None:
        """Take in another tally."""
        self.executions += other.executions
        self.damages.update(other.damages)
        self.rules.update(other.rules)
        self.readers.update(other.readers)
        self.skipped.update(other.skipped)
        self.worn_out |= other.worn_out
        for kind, found in other.found.items():
            self._add(kind, found)

    def _add(self, kind: Kind, found: Found) -> None:
        if kind in self.found:
            self.found[kind].add(found)
        else:
            self.found[kind] = found

    def as_dict(self) -> dict[str, Any]:
        """Return the counts as JSON."""
        rules = {rule: count for rule, count in sorted(self.rules.items()) if rule}
        return {
            "executions": self.executions,
            "readers": dict(sorted(self.readers.items())),
            "damages": dict(self.damages.most_common()),
            "rules": rules,
            "skipped": dict(sorted(self.skipped.items())),
            "worn_out": sorted(self.worn_out),
            "trouble": self.trouble,
        }
