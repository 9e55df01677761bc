"""How many lines of the files of a target a corpus reaches: JSON, by file.

    python -m tests.fuzz.guided.lines TARGET FOLDER...

It is a process of its own, for coverage.py must be there before the target is imported.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import coverage

from tests.fuzz.targets import TARGETS, load

ROOT = Path(__file__).parents[3]


def main(name: str, *folders: str) -> None:
    logging.disable(logging.CRITICAL)
    files = [str(path) for path in covered(name)]
    meter = coverage.Coverage(data_file=None, config_file=False, include=files)
    with meter.collect():
        target = load(name)
        for folder in folders:
            for path in Path(folder).iterdir():
                with contextlib.suppress(Exception):  # a finding: the search has told it
                    target.check(path.read_bytes())
    reached = {}
    for file in files:
        _, lines, _, missed, _ = meter.analysis2(file)
        reached[str(Path(file).relative_to(ROOT))] = [len(lines) - len(missed), len(lines)]
    print(json.dumps(reached))


def covered(name: str) -> Iterator[Path]:
    """Yield the files whose lines a target is meant to reach."""
    for pattern in TARGETS[name].covers:
        yield from sorted(ROOT.glob(pattern))


if __name__ == "__main__":
    main(*sys.argv[1:])
