"""The TypeScript codec under jazzer.js, with the seeds and the dictionary of the Python codec.

jazzer.js brings a library that is built already, and asks for a C library that not every system
has. JAZZER_NODE may name another program to run as Node: one that finds a newer C library.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.fuzz.guided.search import ROOT, SECONDS_EACH, Folders, Outcome, outcome, spent
from tests.fuzz.targets import TARGETS, kept, load
from tests.helpers.node import find_node

NAME: Final = "typescript"
HERE: Final = ROOT / "tests" / "fuzz" / "jazzer"
MODULES: Final = HERE / "node_modules"
PATIENCE: Final = 60.0
"""Seconds beyond those of a search, after which Node is said to hang."""

Lines = dict[str, tuple[int, int]]


def why_not() -> str:
    """Return why jazzer.js cannot be used; "" where it can. It is installed first."""
    lock, installed = HERE / "package-lock.json", MODULES / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        npm = [sys.executable, str(ROOT / "clients" / "browser" / "node.py"), "npm", "ci"]
        ended = ran([*npm, "--ignore-scripts", "--loglevel=error", "--prefix", str(HERE)])
        if ended.returncode:
            return f"npm cannot install @jazzer.js/core: {ended.stdout.strip()[-400:]}"
    ended = ran([*node(), "-e", "require('@jazzer.js/fuzzer')"])
    if ended.returncode:
        errors = [line for line in ended.stdout.splitlines() if "Error: " in line]
        return f"jazzer.js does not load here: {errors[0] if errors else ended.stdout[-400:]}"
    return ""


def node() -> list[str]:
    return [os.environ.get("JAZZER_NODE") or find_node()]


def search(seconds: float, dictionary: Path) -> tuple[Outcome, Lines]:
    """Search for so long; then run all inputs once more, to see which lines they reach."""
    folders = Folders(NAME)
    folders.write_seeds((*load("codec").seeds(), *kept("codec")))
    with tempfile.TemporaryDirectory() as built:
        built_by = ran([find_node(), str(HERE / "build.mjs"), built])
        assert not built_by.returncode, built_by.stdout
        target = str(Path(built) / "tests" / "fuzz" / "jazzer" / "codec.js")
        before = spent()
        ended = jazzer(
            *(target, "--sync", *folders.inputs, "--"),
            *(f"-max_total_time={seconds:.0f}", f"-max_len={TARGETS['codec'].longest}"),
            *(f"-timeout={SECONDS_EACH}", "-print_final_stats=1"),
            *(f"-dict={dictionary}", f"-artifact_prefix={folders.findings}/"),
            timeout=seconds + PATIENCE,
        )
        done = outcome(ended, spent() - before, folders.kept)
        return done, {} if done.findings else lines(target, folders, Path(built))


def lines(target: str, folders: Folders, built: Path) -> Lines:
    """Return how many lines of each file all inputs reach, and how many there are."""
    told = built / "coverage"
    jazzer(
        *(target, "--sync", "--mode=regression", *folders.inputs),
        *("--coverage", f"--coverageDirectory={told}", "--coverageReporters=json-summary"),
        timeout=10 * PATIENCE,
    )
    summary = json.loads((told / "coverage-summary.json").read_text())
    protocol = str(Path("clients") / "browser" / "src" / "protocol")
    return {
        str(Path(file).relative_to(built)): (each["lines"]["covered"], each["lines"]["total"])
        for file, each in summary.items()
        if protocol in file
    }


def jazzer(*arguments: str, timeout: float) -> subprocess.CompletedProcess[str]:
    return ran([*node(), str(MODULES / ".bin" / "jazzer"), *arguments], timeout)


def ran(command: Sequence[str], timeout: float | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=HERE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        timeout=timeout,
    )
