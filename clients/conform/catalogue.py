"""Every rule of SPEC.md by its id: who is bound, what it asks, and which cases are about it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from clients.conform.case import Case

SIDES = {
    "client": ("client",),
    "relay": ("server",),
    "both": ("client", "server"),
    "reader": ("server",),
    "game": (),
    "author": (),
}
"""Who a rule binds, and which runs must have a case about it. A client may answer broken bytes as
it likes, so a reader's rules are tried on relays; `relay fuzz codec` tries a client's codec."""


@dataclass
class Rule:
    """One rule, or one row of a table."""

    id: str
    binds: str
    """A key of `SIDES`."""
    asks: str
    reason: str = ""
    """Why no case can show it, on the sides that have none."""
    kept: dict[str, list[str]] = field(default_factory=lambda: {"client": [], "server": []})
    """Numbers of the cases that keep it, by run."""
    broken: dict[str, list[str]] = field(default_factory=lambda: {"client": [], "server": []})
    """Numbers of the cases that break it, by run."""
    planted: dict[str, list[str]] = field(default_factory=lambda: {"client": [], "server": []})
    """Faults that break it in the one under test, so that a case that keeps it fails, by run."""
    unbroken: dict[str, str] = field(default_factory=dict)
    """Why nothing breaks it, by run."""

    @property
    def is_advice(self) -> bool:
        """Whether SPEC says it with SHOULD: who does otherwise does not fail."""
        return "should" in self.asks.split()

    @property
    def open(self) -> list[str]:
        """The runs that must have a case about it, and have none."""
        return [side for side in SIDES[self.binds] if not self.kept[side] + self.broken[side]]

    @property
    def one_sided(self) -> list[str]:
        """The runs that have cases about it, and do not both keep and break it."""
        return [
            side
            for side in SIDES[self.binds]
            if side not in self.open
            and not (self.kept[side] and self.broken[side] + self.planted[side])
        ]


def rules() -> dict[str, Rule]:
    """Read the lists of rules, in the order of SPEC.md's parts."""
    found: dict[str, Rule] = {}
    folder = files("clients.conform") / "rules"
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if file.name.endswith(".toml") and file.name != "not-yet.toml":
            entries: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
            found |= {id: Rule(id, *entry) for id, entry in entries.items()}
    return found


@cache
def advice() -> frozenset[str]:
    """Return the ids of the rules that are advice."""
    return frozenset(rule.id for rule in rules().values() if rule.is_advice)


def not_yet() -> dict[str, list[str]]:
    """Return the ids of rules that a case could show, and none does yet, by run."""
    file = files("clients.conform") / "rules" / "not-yet.toml"
    found: dict[str, list[str]] = tomllib.loads(file.read_text(encoding="utf-8"))
    return found


@dataclass(frozen=True)
class Planted:
    """What is known of the faults that are planted into those under test, of one run."""

    faults: dict[str, list[str]]
    """Rules that each breaks."""
    none: dict[str, str]
    """Why no fault shows a rule."""


def planted(side: str) -> Planted:
    """Read the list of one run; a test holds it to the faults that there are."""
    file = files("clients.conform") / "planted" / f"{side}.toml"
    return Planted(**tomllib.loads(file.read_text(encoding="utf-8")))


def catalogue(cases: dict[str, Iterable[Case[Any]]]) -> dict[str, Rule]:
    """Return all rules with the cases about each, and the faults that break it.

    Args: cases: by run, "client" and "server".

    Raises:
        KeyError: a case names a rule that is none.
    """
    found = rules()
    for side, several in cases.items():
        for case in several:
            for rule in case.keeps:
                found[rule].kept[side].append(case.number)
            for rule in case.breaks:
                found[rule].broken[side].append(case.number)
        _add_planted(found, side)
    return found


def _add_planted(found: dict[str, Rule], side: str) -> None:
    known = planted(side)
    for fault, broken in known.faults.items():
        for rule in broken:
            found[rule].planted[side].append(fault)
    for rule, reason in known.none.items():
        found[rule].unbroken[side] = reason


@dataclass(frozen=True)
class Count:
    """How many rules have cases, on all sides that they bind."""

    both: int
    """Rules that cases keep, and cases or planted faults break."""
    one: int
    """Rules that are kept or broken, and not both, on one side at least."""
    reason: int
    """Rules that no case can keep, or nothing can break, on one side at least, with the reason."""
    not_yet: int
    """Rules that a case could show, on one side at least, and none does yet."""

    @classmethod
    def of(cls, several: Iterable[Rule]) -> Count:
        """Count these rules."""
        both = one = reason = not_yet = 0
        for rule in several:
            if rule.open or not SIDES[rule.binds]:
                reason += bool(rule.reason)
                not_yet += not rule.reason
            elif not rule.one_sided:
                both += 1
            elif all(side in rule.unbroken for side in rule.one_sided):
                reason += 1
            else:
                one += 1
        return cls(both, one, reason, not_yet)

    def __str__(self) -> str:
        total = self.both + self.one + self.reason + self.not_yet
        return (
            f"{total} rules: {self.both} kept and broken, {self.one} kept or broken, "
            f"{self.reason} with a reason, {self.not_yet} not yet"
        )
