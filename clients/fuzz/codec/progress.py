"""What a run shows of itself: a line while it goes on, and a summary at its end."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TextIO

from clients.fuzz.codec.findings import ABOUT, Finding
from clients.fuzz.codec.sides.answer import ACCEPTED
from clients.fuzz.codec.tally import Tally

EVERY = 2.0
"""Seconds between two lines where no terminal is there to write one line over."""

SHOWN = 6
"""Kinds of damage that a line names."""


class Progress:
    """Counts, on stderr: one line that changes in a terminal, a line now and then elsewhere."""

    def __init__(self, is_quiet: bool, stream: TextIO | None = None) -> None:
        self.started = time.monotonic()
        self._is_quiet = is_quiet
        self._stream = stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        self._shown = 0.0

    @property
    def seconds(self) -> float:
        """Return for how long the run goes on."""
        return time.monotonic() - self.started

    def show(self, tally: Tally) -> None:
        """Show how a run stands, if it is time for that."""
        if self._is_quiet or (not self._is_terminal and self.seconds - self._shown < EVERY):
            return
        self._shown = self.seconds
        line = status(tally, self.seconds)
        self._stream.write(f"\r\x1b[K{line}" if self._is_terminal else f"{line}\n")
        self._stream.flush()

    def end(self) -> None:
        """Leave the line that changed."""
        if self._is_terminal and self._shown:
            self._stream.write("\n")


def status(tally: Tally, seconds: float) -> str:
    """Say in one line how a run stands."""
    damages = ", ".join(f"{name} {count}" for name, count in tally.damages.most_common(SHOWN))
    rest = len(tally.damages) - SHOWN
    return (
        f"{tally.executions} inputs, {rate(tally, seconds)}/s, {rules(tally)} rules, "
        f"{len(tally.found)} kinds of difference ({damages}{f', {rest} more' if rest > 0 else ''})"
    )


def rate(tally: Tally, seconds: float) -> int:
    return round(tally.executions / max(seconds, 0.001))


def rules(tally: Tally) -> int:
    return sum(1 for rule in tally.rules if rule)


def summary(tally: Tally, seconds: float, findings: Sequence[tuple[Finding, str]]) -> str:
    """Return what a person reads at the end."""
    lines = [
        f"{tally.executions} inputs in {seconds:.1f} s: {rate(tally, seconds)}/s, "
        f"with inputs that break {rules(tally)} rules of SPEC",
        table(tally),
    ]
    lines += [
        f"{command} skipped {count} of {tally.executions} inputs"
        for command, count in tally.skipped.items()
    ]
    lines += [
        f"{command} died or hung too often: the rest was left out" for command in tally.worn_out
    ]
    lines += [f"it ended early: {tally.trouble}"] if tally.trouble else []
    if not findings:
        return "\n".join([*lines, "no differences"])
    count = len(findings)
    lines.append(f"{count} kinds of difference; each folder's {ABOUT} has all that was said:")
    for finding, replay in findings:
        lines += ["", *told(finding), f"    {replay}"]
    return "\n".join(lines)


def table(tally: Tally) -> str:
    """Return the inputs by damage, three in a line."""
    cells = [f"{name:<18} {count:>9}" for name, count in tally.damages.most_common()]
    return "\n".join("  " + "   ".join(cells[at : at + 3]) for at in range(0, len(cells), 3))


def told(finding: Finding) -> list[str]:
    """Return what a finding is, in a few lines."""
    kind, case = finding.difference.kind, finding.difference.case
    about = f"breaks {case.rule}" if case.rule else f"legal; see {kind.rule or 'SPEC'}"
    times = sum(finding.damages.values())
    damages = ", ".join(sorted(finding.damages, key=finding.damages.__getitem__)[-SHOWN:][::-1])
    sides = ", ".join(filter(None, (kind.left, kind.right)))
    return [
        f"  {kind.what}: {sides}; {kind.reader}, {about}",
        f"    {times} times ({damages})",
        f"    {short(case.data.hex())}",
        *re_encodings(finding),
    ]


def re_encodings(finding: Finding) -> list[str]:
    """Return what two acceptances were encoded to, where that differs."""
    (left, ours), (right, theirs) = finding.difference.left, finding.difference.right
    if not (ours.verdict == theirs.verdict == ACCEPTED) or ours.again == theirs.again:
        return []
    return [f"    {left} re-encodes to {short(ours.again)}, {right} to {short(theirs.again)}"]


def short(data: str) -> str:
    """Return bytes in hex, or the first of many."""
    shown = (
        data.upper() if len(data) <= 160 else f"{data[:160].upper()}... ({len(data) // 2} bytes)"
    )
    return shown or "(no bytes)"
