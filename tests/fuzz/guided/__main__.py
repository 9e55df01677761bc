"""`make fuzz`: every target searched for a while, and what the search reached.

python -m tests.fuzz.guided                        all of it, and a table
python -m tests.fuzz.guided --seconds 3600         each target for an hour
python -m tests.fuzz.guided --target room          one target
python -m tests.fuzz.guided --replay room FILE     one input again
python -m tests.fuzz.guided --save                 what it reaches, for `make test`, too
"""

from __future__ import annotations

import argparse
import importlib.util
import logging
import platform
import sys
import tempfile
from pathlib import Path

from clients.fuzz.inputs.dictionary import dictionary
from tests.fuzz.guided import typescript
from tests.fuzz.guided.search import Folders, Outcome, lines, merged, run, search
from tests.fuzz.targets import TARGETS, keep, kept, load

SECONDS = 60.0
FINE = "nothing is wrong with it"


def main() -> int:
    arguments = parsed()
    if arguments.replay:
        name, file = arguments.replay
        logging.disable(logging.CRITICAL)
        load(name).check(Path(file).read_bytes())
        print(FINE)
        return 0
    names = [arguments.target] if arguments.target else [*TARGETS, typescript.NAME]
    found = [name for name in names if searched(name, arguments.seconds, arguments.save)]
    return 1 if found else 0


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.guided", description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for each target")
    parser.add_argument("--target", choices=[*TARGETS, typescript.NAME], help="this one alone")
    parser.add_argument("--save", action="store_true", help="keep what it finds for `make test`")
    parser.add_argument("--replay", nargs=2, metavar=("TARGET", "FILE"), help="one input again")
    return parser.parse_args()


def searched(name: str, seconds: float, save: bool) -> bool:
    """Search for what is wrong with one target, and tell. Returns: whether there is something."""
    why_not = typescript.why_not() if name == typescript.NAME else why_not_here()
    if why_not:
        print(f"{name:13} not searched: {why_not}", flush=True)
        return False
    with tempfile.NamedTemporaryFile("w", suffix=".dict") as file:
        file.write(dictionary())
        file.flush()
        if name == typescript.NAME:
            return search_typescript(name, seconds, Path(file.name))
        return search_python(name, seconds, Path(file.name), save)


def search_python(name: str, seconds: float, tokens: Path, save: bool) -> bool:
    """Search without the engine first, and then with it, where the target has a use for it."""
    target = load(name)
    Folders(name).write_seeds((*target.seeds(), *kept(name)))
    ways = ("plain", "engine") if hasattr(target, "mutated") else ("plain",)
    for way in ways:
        if told(name, way, search(name, way, seconds / len(ways), tokens)):
            return True
    tell_lines(name, lines(name))
    if save:
        keep(name, (*kept(name), *merged(name)))
    return False


def search_typescript(name: str, seconds: float, tokens: Path) -> bool:
    outcome, reached = typescript.search(seconds, tokens)
    if told(name, "plain", outcome):
        return True
    tell_lines(name, reached)
    return False


def why_not_here() -> str:
    """Return why atheris cannot be used; "" where it can."""
    if importlib.util.find_spec("atheris") is not None:
        return ""
    here = f"{platform.python_implementation()} {platform.python_version()} on "
    return (
        "atheris is not installed. It has wheels for CPython 3.11 to 3.14 on Linux x86-64; "
        f"this is {here}{platform.system()} {platform.machine()}"
    )


def told(name: str, way: str, outcome: Outcome) -> bool:
    """Tell what a search did. Returns: whether it found something."""
    print(
        f"{name:13} {way:7} {outcome.executed:>10,} executions, {outcome.rate:>7,.0f} a second "
        f"of one core, {outcome.edges:,} edges, {outcome.kept:,} inputs kept",
        flush=True,
    )
    for path in outcome.findings:
        if name == typescript.NAME:
            again: tuple[str, ...] = ("-m", "tests.fuzz.guided", "--target", name)
            why = outcome.told
        else:
            again = ("-m", "tests.fuzz.guided", "--replay", name, str(path))
            why = run(*again).stdout
            if FINE in why:  # alone; so what came before it matters
                why += outcome.told
        print(f"{why}\nFOUND: {path.read_bytes().hex()}\nagain: python {' '.join(again)}")
    return bool(outcome.findings)


def tell_lines(name: str, reached: dict[str, tuple[int, int]]) -> None:
    got, there = (sum(each) for each in zip(*reached.values(), strict=True))
    print(f"{name:13} lines   {got:,} of {there:,}, {got / there:.1%}")
    for file, (few, many) in reached.items():
        if few < many:
            print(f"{'':21} {file}: {few} of {many}")


if __name__ == "__main__":
    sys.exit(main())
