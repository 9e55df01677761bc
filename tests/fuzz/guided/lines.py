"""How many lines of the files of a target a corpus reaches: JSON, by file.

    python -m tests.fuzz.guided.lines TARGET FOLDER...

It is a process of its own, for coverage.py must be there before the target is imported.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import coverage

from tests.fuzz.guided import generated
from tests.fuzz.targets import CODEC, TARGETS, Target, load

ROOT = Path(__file__).parents[3]


def main(name: str, *folders: str) -> None:
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "generated"
        made.mkdir()
        print(json.dumps(dict(reached(name, map(Path, folders), made))))


def reached(
    name: str, folders: Iterable[Path], made: Path
) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield each file, with the number of lines that are reached, and of all.

    Args: made: where the codec's readers get files.
    """
    files = [*covered(name)]
    include = [*map(str, files), f"{made}/*"]
    meter = coverage.Coverage(data_file=None, config_file=False, include=include)
    with meter.collect():
        target = load(name)
        if {*CODEC} <= {*TARGETS[name].covers}:
            files += generated.give_files(made)
        check(target, folders)
    for file in files:
        _, lines, _, missed, _ = meter.analysis2(str(file))
        told = file.relative_to(made.parent if file.parent == made else ROOT)
        yield str(told), (len(lines) - len(missed), len(lines))


def check(target: Target, folders: Iterable[Path]) -> None:
    """Give a target all files in some folders."""
    for folder in folders:
        for path in folder.iterdir():
            with contextlib.suppress(Exception):  # a finding: the search has told it
                target.check(path.read_bytes())


def covered(name: str) -> Iterator[Path]:
    """Yield the files whose lines a target is meant to reach."""
    for pattern in TARGETS[name].covers:
        yield from sorted(ROOT.glob(pattern))


if __name__ == "__main__":
    main(*sys.argv[1:])
