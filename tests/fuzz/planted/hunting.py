"""The lab, sent after one bug: `relay fuzz codec`, as people type it, against a broken copy."""

from __future__ import annotations

import json
import resource
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

from tests.fuzz.planted.bugs import ROOT, TYPESCRIPT, Bug, copy, plant
from tests.helpers.node import find_node

BROWSER: Final = ROOT / "clients" / "browser"
ADAPTER: Final = ROOT / "clients" / "fuzz" / "adapters" / "node.mjs"
SECONDS: Final = 60.0
"""Within which each bug must be found, on one core."""

BUILD: Final = """
import { build } from "esbuild";
const [source, outfile] = process.argv.slice(1);
await build({ entryPoints: [`${source}/index.ts`], outfile, bundle: true, format: "esm" });
"""


@dataclass(frozen=True)
class Hunt:
    """What the lab says of a broken copy."""

    seconds: float
    """Of one core, in all processes."""
    kinds: list[dict[str, str]]
    """The kinds of the findings, as `finding.json` has them."""

    def names(self, rule: str) -> bool:
        """Whether one finding names this rule, alone or among those that have the same code."""
        return any(rule in kind["rule"].split(" or ") for kind in self.kinds)


def hunted(bug: Bug | None, language: str, folder: Path, seconds: float = SECONDS) -> Hunt:
    """Plant a bug into a copy (none: leave it right), and fuzz it until its rule is named."""
    copied = copy(language, folder / "copy")
    if bug is not None:
        plant(bug, copied)
    path, options = made(copied, language, bug, folder)
    started = used()
    kinds: list[dict[str, str]] = []
    for seed in count():
        left = seconds - (used() - started)
        if left <= 0:
            break
        kinds += found(path, [*options, "--seed", str(seed)], left, folder / f"findings{seed}")
        if bug is not None and Hunt(0, kinds).names(bug.rule):
            break
    return Hunt(used() - started, kinds)


def used() -> float:
    """Return the seconds of a core that programs have used that this process started."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def made(
    copied: Path, language: str, bug: Bug | None, folder: Path
) -> tuple[Path | None, list[str]]:
    """Return what Python imports from, and the options that a copy is fuzzed with."""
    if language == "typescript":
        return None, ["--against", node(built(copied, folder / "roomwire.mjs"))]
    return copied, ["--against", node()] if bug and bug.against else []


def node(library: Path | None = None) -> str:
    """Return the command of the TypeScript codec: the built one, or another."""
    return shlex.join([find_node(), str(ADAPTER), *([] if library is None else [str(library)])])


def built(copied: Path, target: Path) -> Path:
    """Bundle a copy of the browser client as the project's own build does."""
    run([find_node(), "--input-type=module", "-e", BUILD, str(copied / TYPESCRIPT), str(target)])
    return target


def run(command: Sequence[str], status: Sequence[int] = (0,)) -> str:
    done = subprocess.run(command, cwd=BROWSER, capture_output=True, text=True)
    assert done.returncode in status, done.stdout + done.stderr
    return done.stdout


def found(
    path: Path | None, options: Sequence[str], seconds: float, out: Path
) -> list[dict[str, str]]:
    """Fuzz until there is a finding; return the kinds of what is found."""
    imports = [] if path is None else ["env", "PYTHONSAFEPATH=1", f"PYTHONPATH={path}:{ROOT}"]
    lab = [*imports, sys.executable, "-m", "relay", "fuzz", "codec", "--json", "--quiet", "--first"]
    told = run([*lab, "--seconds", f"{seconds:.3f}", "--out", str(out), *options], (0, 1))
    report: dict[str, Any] = json.loads(told)
    return [finding["kind"] for finding in report["findings"]]
