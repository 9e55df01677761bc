"""Python, plain and compiled, and TypeScript on a million damaged messages of each kind:
`python -m tests.fuzz.agreement`, which `make fuzz` runs."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

from clients.fuzz.inputs.cases import OF_EACH
from tests.fuzz.planted.bugs import ROOT
from tests.fuzz.planted.hunting import node

READERS: Final = {"client": "client frames", "relay": "relay frames", "payload": "payloads"}
JOBS: Final = 2
SPARE: Final = 1.01
"""Where a damage finds nothing to damage, there is a legal message more."""

COMPILED: Final = ROOT / ".compiled"


def judged(reader: str, damaged: int, seed: int, compiled: Path | None) -> dict[str, Any]:
    """Judge so many damaged messages, and the legal ones that they are made of."""
    count = int(damaged * (1 + OF_EACH) / OF_EACH * SPARE)
    options: list[object] = ["--count", count, "--seed", seed, "--jobs", JOBS, "--reader", reader]
    options += ["--against", node(), "--out", f"findings/{reader}"]
    options += [] if compiled is None else ["--compiled", compiled]
    command = [sys.executable, "-m", "relay", "fuzz", "codec", "--json", "--quiet", *options]
    done = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def row(name: str, report: dict[str, Any]) -> str:
    legal = report["damages"]["none"]
    cells = (name, report["executions"] - legal, legal, report["seconds"], len(report["findings"]))
    return "| {} | {:,} | {:,} | {:.0f} s | {} |".format(*cells)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--damaged", type=int, default=1_000_000, help="messages of each kind")
    options.add_argument("--seed", type=int, default=int(time.time()))
    options.add_argument("--plain", action="store_true", help="without the compiled codec")
    chosen = options.parse_args()
    compared = "Python and TypeScript" if chosen.plain else "Python, plain and compiled, TypeScript"
    print(f"{compared}; seed {chosen.seed}")
    print("| | damaged | legal | | differences |\n|---|--:|--:|--:|--:|", flush=True)
    found = 0
    for reader, name in READERS.items():
        compiled = None if chosen.plain else COMPILED
        report = judged(reader, chosen.damaged, chosen.seed, compiled)
        found += len(report["findings"])
        print(row(name, report), flush=True)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
