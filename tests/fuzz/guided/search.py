"""One search of one target under atheris, and what came of it."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.fuzz.targets import TARGETS

ROOT: Final = Path(__file__).parents[3]
KEPT: Final = ROOT / ".fuzz"
"""Inputs that reached something new. The next search begins with them."""

SECONDS_EACH: Final = 10
"""For one input, before it is said to hang."""

MEBIBYTES: Final = 2048
STATUS: Final = re.compile(r"^#\d+\s+.*\bcov: (\d+) ", re.MULTILINE)
EXECUTED: Final = re.compile(r"^stat::number_of_executed_units: (\d+)", re.MULTILINE)
BEGAN: Final = re.compile(r"^processor seconds before the search: ([\d.]+)", re.MULTILINE)
FOUND: Final = re.compile(r"Test unit written to (\S+)")


@dataclass(frozen=True)
class Outcome:
    """What a search did."""

    executed: int
    seconds: float
    """Of one core's time, from the first execution on where that is known."""
    edges: int
    kept: int
    findings: tuple[Path, ...]
    told: str
    """The last of what the fuzzer wrote."""

    @property
    def rate(self) -> float:
        """Executions in a second of one core."""
        return self.executed / self.seconds


@dataclass(frozen=True)
class Folders:
    """Where the inputs of a target are."""

    name: str
    kept: Path = field(init=False)
    seeds: Path = field(init=False)
    findings: Path = field(init=False)

    def __post_init__(self) -> None:
        for name in ("kept", "seeds", "findings"):
            folder = KEPT / self.name / name
            folder.mkdir(parents=True, exist_ok=True)
            object.__setattr__(self, name, folder)

    @property
    def inputs(self) -> tuple[str, str, str]:
        """What a search begins with: what was found is tried again until it is mended. Into the
        first goes what is new."""
        return str(self.kept), str(self.seeds), str(self.findings)

    def write_seeds(self, seeds: Iterable[bytes]) -> None:
        for old in self.seeds.iterdir():
            old.unlink()
        for number, seed in enumerate(seeds):
            (self.seeds / f"{number:04}").write_bytes(seed)


def search(name: str, way: str, seconds: float, dictionary: Path) -> Outcome:
    """Let atheris search for so long. Its own inputs are kept."""
    folders = Folders(name)
    before = spent()
    ended = run(
        *("-m", "tests.fuzz.guided.worker", name, way, *folders.inputs),
        *(f"-max_total_time={seconds:.0f}", f"-max_len={TARGETS[name].longest}"),
        *(f"-timeout={SECONDS_EACH}", f"-rss_limit_mb={MEBIBYTES}", "-print_final_stats=1"),
        *(f"-dict={dictionary}", f"-artifact_prefix={folders.findings}/"),
    )
    return outcome(ended, spent() - before, folders.kept)


def outcome(ended: subprocess.CompletedProcess[str], seconds: float, kept: Path) -> Outcome:
    """Read what libFuzzer writes."""
    text = ended.stdout
    findings = tuple(Path(path) for path in FOUND.findall(text))
    executed = EXECUTED.search(text)
    if not findings and (executed is None or ended.returncode):
        raise RuntimeError(f"the fuzzer ended with status {ended.returncode}:\n{text[-4000:]}")
    edges = STATUS.findall(text)
    if began := BEGAN.search(text):
        seconds -= float(began[1])
    return Outcome(
        executed=int(executed[1]) if executed else 0,
        seconds=seconds,
        edges=int(edges[-1]) if edges else 0,
        kept=sum(1 for _ in kept.iterdir()),
        findings=findings,
        told=text[-4000:],
    )


def merged(name: str) -> list[bytes]:
    """Return the fewest inputs that reach all that the kept ones do, and the seeds do not."""
    folders = Folders(name)
    with tempfile.TemporaryDirectory() as both:
        for seed in folders.seeds.iterdir():
            shutil.copy(seed, both)
        before = set(os.listdir(both))
        ended = run(
            *("-m", "tests.fuzz.guided.worker", name, "plain", "-merge=1"),
            *(both, str(folders.kept)),
        )
        if ended.returncode:
            raise RuntimeError(ended.stdout)
        return [(Path(both) / name).read_bytes() for name in os.listdir(both) if name not in before]


def lines(name: str) -> dict[str, tuple[int, int]]:
    """Return how many lines of each file the corpus reaches, and how many there are."""
    folders = Folders(name)
    ended = run("-m", "tests.fuzz.guided.lines", name, *folders.inputs)
    if ended.returncode:
        raise RuntimeError(ended.stdout)
    reached: dict[str, tuple[int, int]] = json.loads(ended.stdout.splitlines()[-1])
    return reached


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python, and take what it writes to either stream."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )


def spent() -> float:
    """Return the seconds of processor time that children took so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
