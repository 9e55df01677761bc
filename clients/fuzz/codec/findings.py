"""A folder for each kind of difference: the input, what each side said, and how to replay it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clients.fuzz.codec.compare import Difference, Kind
from clients.fuzz.codec.corpus import READERS, NoCorpus
from clients.fuzz.codec.hunt import Batch, judged
from clients.fuzz.codec.settings import Settings
from clients.fuzz.codec.shrink import MOST, ROUND, shrink
from clients.fuzz.codec.sides.adapter import Adapter, AdapterError
from clients.fuzz.codec.sides.answer import CRASHED, HUNG
from clients.fuzz.codec.tally import Found
from clients.fuzz.inputs.case import Case, Verdict
from clients.fuzz.inputs.judge import judge

INPUT = "input.bin"
ABOUT = "finding.json"

LONGEST = 200
"""Characters of a folder's name: an adapter may have a long name."""

FEW = 60
"""Candidates for an input that ends the program: each costs a start."""

FEW_AT_ONCE = 8
"""Candidates of a round, of such an input: those after the first that holds are for nothing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference in its smallest form."""

    difference: Difference
    first: bytes
    """The smallest input that came up, before it was shrunk."""
    damages: Mapping[str, int]
    """How often the difference came up, by the damage that showed it."""

    @property
    def name(self) -> str:
        """The name of its folder."""
        kind = self.difference.kind
        name = "-".join(re.sub(r"[^a-z0-9.]+", "_", part.lower()) for part in kind if part)
        return name[:LONGEST]

    def as_dict(self) -> dict[str, Any]:
        """Return what `finding.json` and the report have of it."""
        case = self.difference.case
        sides = dict(side for side in (self.difference.left, self.difference.right))
        return {
            "kind": self.difference.kind._asdict(),
            "damages": dict(self.damages),
            "input": case.data.hex() if len(case.data) <= 1024 else f"{len(case.data)} bytes",
            "damage": case.damage,
            "rule": case.rule,
            "verdict": None if case.verdict is None else case.verdict._asdict(),
            "said": {name: answer.as_dict() for name, answer in sides.items()},
        }


def as_it_came(found: Found) -> Finding:
    """Return a difference with the smallest input that came up."""
    return Finding(found.smallest, found.smallest.case.data, found.damages)


def shrunk(found: Found, adapters: Sequence[Adapter], most: int = MOST) -> Finding:
    """Return a difference with the smallest input that shows it, as far as candidates lead.

    An input that takes a program's patience stays as it is: each candidate would cost that.
    """
    seen = found.smallest
    if HUNG in verdicts(seen):
        return as_it_came(found)
    bounds = (FEW, FEW_AT_ONCE) if CRASHED in verdicts(seen) else (most, ROUND)
    data = shrink(seen.case.data, lambda batch: alike(batch, seen, adapters), *bounds)
    again = next(reproduced(rejudged(seen.case, data), seen.kind, adapters), seen)
    return Finding(again, seen.case.data, found.damages)


def verdicts(seen: Difference) -> set[str]:
    return {answer.verdict for _, answer in (seen.left, seen.right)}


def rejudged(case: Case, data: bytes) -> Case:
    """Return other bytes in place of a case's, with the right answer to them."""
    rule, verdict = judge(data, case.reader)
    return Case(data, case.reader, case.damage, rule, verdict)


def alike(batch: Sequence[bytes], seen: Difference, adapters: Sequence[Adapter]) -> list[bool]:
    """Say of each candidate whether it shows the same kind of difference.

    Raises:
        AdapterError: a program hung too often to be asked on.
    """
    for adapter in adapters:
        adapter.deaths = 0
        if adapter.is_worn_out:
            raise AdapterError(f"{adapter.hello.name} hung too often")
    cases = [rejudged(seen.case, data) for data in batch]
    shown = {id(found.case) for found in judged(Batch(cases), adapters) if found.kind == seen.kind}
    return [id(case) in shown for case in cases]


def reproduced(case: Case, kind: Kind, adapters: Sequence[Adapter]) -> Iterator[Difference]:
    return (found for found in judged(Batch([case]), adapters) if found.kind == kind)


def write(finding: Finding, folder: Path, settings: Settings) -> Path:
    """Write a finding into a folder of its own, and return that."""
    path = folder / finding.name
    path.mkdir(parents=True, exist_ok=True)
    (path / INPUT).write_bytes(finding.difference.case.data)
    about = {
        **finding.as_dict(),
        "first": finding.first.hex() if len(finding.first) <= 1024 else None,
        "seed": settings.seed,
        "against": list(settings.against),
        "compiled": None if settings.compiled is None else str(settings.compiled),
        "replay": replay_line(path),
    }
    (path / ABOUT).write_text(json.dumps(about, indent=2) + "\n")
    return path


def load(path: Path, settings: Settings) -> tuple[Case, Settings]:
    """Read a finding, and the programs that it was found with unless others are named.

    Raises:
        NoCorpus: the folder is none of a finding.
    """
    try:
        data, about = (path / INPUT).read_bytes(), json.loads((path / ABOUT).read_text())
        kind = about["kind"]
        verdict = about["verdict"] and Verdict(**about["verdict"])
        case = Case(data, READERS[kind["reader"]], about["damage"], about["rule"], verdict)
        found_with = replace(
            settings,
            against=tuple(about["against"]),
            compiled=about["compiled"] and Path(about["compiled"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoCorpus(f"{path} is no folder of a finding: {error}") from None
    is_named = settings.against or settings.compiled
    return case, settings if is_named else found_with


def folders(path: Path) -> list[Path]:
    """Return the findings at a path: its own, or those of the folders in it."""
    if (path / ABOUT).exists():
        return [path]
    return sorted(about.parent for about in path.glob(f"*/{ABOUT}"))


def replay_line(path: Path) -> str:
    return f"relay fuzz codec --replay {shlex.quote(str(path))}"
