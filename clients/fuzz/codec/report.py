"""A whole run as the command line has it: hunt, shrink, write down, and say what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clients.fuzz.codec.compare import Kind
from clients.fuzz.codec.corpus import NoCorpus
from clients.fuzz.codec.findings import (
    Finding,
    as_it_came,
    folders,
    load,
    replay_line,
    shrunk,
    write,
)
from clients.fuzz.codec.hunt import Batch, judged
from clients.fuzz.codec.progress import Progress, rate, summary
from clients.fuzz.codec.running import run
from clients.fuzz.codec.settings import Settings
from clients.fuzz.codec.shrink import FEW, MOST
from clients.fuzz.codec.sides.adapter import AdapterError
from clients.fuzz.codec.tally import Tally

MOST_IN_ALL = 20_000
"""Candidates of all findings: of a codec that is broken everywhere, each gets a few."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run came to. As text it is for people, `as_dict` is for programs."""

    tally: Tally
    seconds: float
    seed: int
    findings: list[tuple[Finding, Path]]
    """Each with its folder."""

    def __str__(self) -> str:
        findings = [(finding, replay_line(path)) for finding, path in self.findings]
        return summary(self.tally, self.seconds, findings)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            **self.tally.as_dict(),
            "seconds": round(self.seconds, 3),
            "per_second": rate(self.tally, self.seconds),
            "seed": self.seed,
            "findings": [
                {**finding.as_dict(), "folder": str(path)} for finding, path in self.findings
            ],
        }


def hunted(settings: Settings, out: Path, is_quiet: bool) -> Report:
    """Judge inputs as the settings say; write what is found to `out`.

    Raises:
        AdapterError: a program is no adapter.
        NoCorpus: there are no inputs.
    """
    progress = Progress(is_quiet)
    tally = run(settings, progress.show)
    seconds = progress.seconds
    progress.end()
    return Report(tally, seconds, settings.seed, kept(tally, settings, out))


def kept(tally: Tally, settings: Settings, out: Path) -> list[tuple[Finding, Path]]:
    """Write down what was found: as it came, and then in its smallest form.

    Ctrl+C ends the shrinking. Where nothing can be written, the tally says so.
    """
    findings = {kind: as_it_came(found) for kind, found in sorted(tally.found.items())}
    try:
        for finding in findings.values():
            write(finding, out, settings)
        for kind, finding in smallest(tally, settings):
            findings[kind] = finding
            write(finding, out, settings)
    except OSError as error:
        tally.trouble = f"{tally.trouble}\nfindings cannot be written: {error}".strip()
    except (AdapterError, KeyboardInterrupt):
        pass  # the others stay as they came
    return [(finding, out / finding.name) for finding in findings.values()]


def smallest(tally: Tally, settings: Settings) -> Iterator[tuple[Kind, Finding]]:
    """Yield what was found, each in its smallest form."""
    if tally.found:
        with settings.adapters() as adapters:
            most = min(MOST, max(FEW, MOST_IN_ALL // len(tally.found)))
            for kind, found in sorted(tally.found.items()):
                yield kind, shrunk(found, adapters, most)


def replayed(path: Path, settings: Settings) -> Report:
    """Judge the inputs of findings once more. What no longer differs is no finding.

    Raises:
        AdapterError: a program is no adapter.
        NoCorpus: there is no finding.
    """
    progress = Progress(is_quiet=True)
    tally = Tally()
    findings: list[tuple[Finding, Path]] = []
    for folder in folders(path):
        case, found_with = load(folder, settings)
        with found_with.adapters() as adapters:
            seen = judged(Batch([case]), adapters)
            findings += [(Finding(found, case.data, {case.damage: 1}), folder) for found in seen]
        tally.count([case])
    if not tally.executions:
        raise NoCorpus(f"{path} holds no findings")
    return Report(tally, progress.seconds, settings.seed, findings)
