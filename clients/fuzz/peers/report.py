"""What a run shows of itself, and what it leaves: a folder for each kind of finding."""

from __future__ import annotations

import json
import re
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TextIO

from clients.fuzz.peers.running import Finding, Known, Tally

ABOUT: Final = "finding.json"

EVERY: Final = 2.0
"""Seconds between two lines where no terminal is there to write one line over."""

MOST_SEEDS: Final = 20
"""Seeds of one kind of finding that are written down."""


class Progress:
    """A line on stderr that changes in a terminal, a line now and then elsewhere."""

    def __init__(self, is_quiet: bool, stream: TextIO | None = None) -> None:
        self._is_quiet = is_quiet
        self._stream = stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        self._shown = 0.0

    def show(self, tally: Tally, seconds: float) -> None:
        """Show how a run stands, if it is time for that."""
        if self._is_quiet or (not self._is_terminal and seconds - self._shown < EVERY):
            return
        self._shown = seconds
        line = status(tally, seconds)
        self._stream.write(f"\r\x1b[K{line}" if self._is_terminal else f"{line}\n")
        self._stream.flush()

    def end(self) -> None:
        """Leave the line that changed."""
        if self._is_terminal and self._shown:
            self._stream.write("\n")


def status(tally: Tally, seconds: float) -> str:
    """Say in one line how a run stands."""
    rate = tally.conversations / max(seconds, 0.001)
    return (
        f"{tally.conversations} conversations in {seconds:.1f} s: {rate:.1f}/s, "
        f"{tally.steps.total()} steps of {len(tally.steps)} kinds, "
        f"{len(tally.found)} kinds of fault"
    )


@dataclass(frozen=True, slots=True)
class Report:
    """What a run came to. As text it is for people, `as_dict` is for programs."""

    tally: Tally
    seconds: float
    seed: int
    findings: list[dict[str, Any]]

    def __str__(self) -> str:
        lines = [status(self.tally, self.seconds)]
        lines += [self.tally.trouble] if self.tally.trouble else []
        for finding in self.findings:
            times, seeds = finding["times"], ", ".join(map(str, finding["seeds"][:5]))
            lines += [
                f"\n  {finding['kind']}: {finding['step']}",
                f"    {times} times; seeds {seeds}",
                f"    expected {finding['expected']}",
                f"    got      {finding['got']}",
                f"    {finding['replay']}",
            ]
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "conversations": self.tally.conversations,
            "steps": dict(self.tally.steps.most_common()),
            "seconds": round(self.seconds, 3),
            "seed": self.seed,
            "findings": self.findings,
            "trouble": self.tally.trouble,
        }


def write(tally: Tally, out: Path, command: str) -> list[dict[str, Any]]:
    """Write all findings down. Returns: what each is. Where that fails, the tally says so.

    Args: command: what replays one, but for its folder.
    """
    findings = []
    for group, finding in sorted(tally.found.items()):
        folder = out / name_of(group)
        about = told(finding, tally.seeds[group], command, folder)
        findings.append(about)
        try:
            keep(about, finding, folder)
        except OSError as error:
            tally.trouble = f"findings cannot be written: {error}"
    return findings


def keep(about: dict[str, Any], finding: Finding, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ABOUT).write_text(json.dumps(about, indent=2) + "\n")
    finding.transcript.write(folder)


def told(finding: Finding, seeds: list[int], command: str, folder: Path) -> dict[str, Any]:
    """Return what a finding is."""
    fault = finding.fault
    return {
        "kind": fault.kind,
        "step": fault.step,
        "expected": fault.expected,
        "got": fault.got,
        "seed": finding.seed,
        "times": len(seeds),
        "seeds": sorted(seeds)[:MOST_SEEDS],
        "sent": finding.transcript.digest,
        "parts": None if finding.kept is None else list(finding.kept),
        "drain": finding.is_drain,
        "replay": f"{command} --replay {shlex.quote(str(folder))}",
        "folder": str(folder),
    }


def known(folder: Path) -> list[Known]:
    """Return what plays the findings in a folder, and in folders within it.

    Raises:
        ValueError: there are none.
    """
    files = sorted(folder.rglob(ABOUT))
    if not files:
        raise ValueError(f"{folder} holds no findings")
    return [known_from(file) for file in files]


def known_from(file: Path) -> Known:
    """Read what plays one finding.

    Raises:
        ValueError: it is none of a conversation.
    """
    try:
        about = json.loads(file.read_text())
        parts = about["parts"] and tuple(map(int, about["parts"]))
        return Known(int(about["seed"]), parts, about.get("drain", False))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{file} is no finding of a conversation: {error!r}") from None


def name_of(group: tuple[str, str]) -> str:
    """Return the name of a finding's folder."""
    return "-".join(re.sub(r"[^a-z0-9]+", "_", part.lower()).strip("_") for part in group if part)
