"""The score sheet: what passed in each section of SPEC.md, in the terminal and as JSON."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from clients.conform.catalogue import rules
from clients.conform.runner import Result, Verdict

SECTIONS = {
    1: "Terms", 2: "Transport", 3: "Envelope", 4: "Frames", 5: "Records", 6: "Targets",
    7: "Errors", 8: "Close codes", 9: "Conversation", 10: "Entering a room", 11: "Seats",
    12: "Order and streams", 13: "Counting", 14: "Volatile values", 15: "Presence, host, kick",
    16: "Groups and properties", 17: "Time", 18: "Heartbeat", 19: "Limits", 20: "Evolution",
    21: "Coming back", 22: "Security", 23: "By hand, in bytes",
}  # fmt: skip
"""The sections of SPEC.md."""

ALIKE = 3
"""How many breaches that several cases found are summed up."""

FORMAT = 1
"""Version of the JSON."""


@dataclass(frozen=True)
class Sheet:
    """All results of one run. `side` is "client" or "server"; `subject`: who was under test."""

    side: str
    subject: str
    results: Sequence[Result[Any]]

    @property
    def failed(self) -> list[Result[Any]]:
        return [each for each in self.results if each.verdict is Verdict.FAILED]

    def count(self, section: int | None = None) -> Counter[Verdict]:
        """Count the verdicts of a section, or of all."""
        return Counter(
            each.verdict for each in self.results if section in (None, each.case.section)
        )

    def sections(self) -> list[int]:
        """Return the sections that have cases."""
        return sorted({each.case.section for each in self.results})

    def as_dict(self) -> dict[str, Any]:
        """Return what `--json` writes."""
        total = self.count()
        return {
            "format": FORMAT,
            "side": self.side,
            "subject": self.subject,
            "score": {verdict.value: total[verdict] for verdict in Verdict},
            "cases": [_as_dict(each) for each in self.results],
        }

    def text(self) -> str:
        """Return the sheet for a terminal."""
        heads = "".join(f"{head:>8}" for head in ("passed", "failed", "advised", "n/a"))
        lines = [f"{'section':26}{heads}"]
        lines += [
            _row(f"{number:2} {SECTIONS[number]}", self.count(number)) for number in self.sections()
        ]
        lines.append(_row("all", self.count()))
        return "\n".join([*lines, *self.alike()])

    def alike(self) -> list[str]:
        """Return what several cases found, the most frequent first: mend that before the rest."""
        found = Counter((each.rule, each.text) for each in self.results if each.rule)
        asks = {rule.id: rule.asks for rule in rules().values()}
        return [
            f"{count} cases alike: SPEC {rule}: {text}\n       {asks.get(rule, '')}".rstrip()
            for (rule, text), count in found.most_common(ALIKE)
            if count > 1
        ]


def _row(name: str, count: Counter[Verdict]) -> str:
    cells = "".join(f"{count[verdict] or '·':>8}" for verdict in Verdict)
    return f"{name:26}{cells}"


def _as_dict(result: Result[Any]) -> dict[str, Any]:
    case = result.case
    return {
        "case": case.number,
        "title": case.title,
        "keeps": list(case.keeps),
        "breaks": list(case.breaks),
        "verdict": result.verdict.value,
        "rule": result.rule,
        "text": result.text,
        "seconds": round(result.seconds, 3),
    }


class Progress:
    """Says how a run goes: failures as they come, and in a terminal a line that counts."""

    def __init__(self, total: int, out: TextIO | None = None) -> None:
        self._total = total
        self._out = out or sys.stderr
        self._done = 0
        self._failed = 0
        self._first: dict[tuple[str, str], str] = {}
        """Which case found a breach first: the others only name it."""

    def tell(self, result: Result[Any]) -> None:
        """Take one result up."""
        self._done += 1
        self._failed += result.verdict is Verdict.FAILED
        if result.verdict in (Verdict.FAILED, Verdict.ADVISED):
            self._clear()
            print(self._failure(result), file=self._out, flush=True)
        if self._out.isatty():
            self._clear()
            line = f"{self._done} of {self._total}, {self._failed} failed · {result.case.title}"
            print(line[:79], end="", file=self._out, flush=True)

    def end(self) -> None:
        """Remove the line that counts."""
        self._clear()

    def _failure(self, result: Result[Any]) -> str:
        number = result.case.number
        first = self._first.setdefault((result.rule, result.text), number)
        return failure(result) if first == number else f"{_head(result)}\n       as {first}"

    def _clear(self) -> None:
        if self._out.isatty():
            print("\r\x1b[K", end="", file=self._out, flush=True)


def failure(result: Result[Any]) -> str:
    """Say what a case found, for a terminal."""
    return f"{_head(result)}\n       SPEC {result.rule}: {result.text}"


def _head(result: Result[Any]) -> str:
    return f"{result.verdict.value.upper()} {result.case.number} {result.case.title}"
