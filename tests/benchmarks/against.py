"""What a delivery costs here beside another checkout: `python -m tests.benchmarks.against TREE`.

It counts instructions in user space for each delivery (instructions.py), plain and compiled, of
this checkout and of another one in turns. `make setup` and `make compiled` must have been run in
both. The clients are this checkout's for both, so that only the relays differ.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from clients.bench.load import crowd
from clients.bench.sockets.roomwire import Reliable
from tests.benchmarks.instructions import (
    Counting,
    Rounds,
    counted,
    each_round,
    need_valgrind,
    play,
    served,
)
from tests.helpers.relay import Python

HERE = Path(__file__).parents[2]
PAIRS = 3
IDLE_SECONDS = 2.0
WARM_UP = 10  # rounds
BOUND = 1.03
"""What a delivery may cost here beside there."""


class Load(NamedTuple):
    """Players in rooms, and what they say. A loaded relay has some such turn again and again."""

    what: str
    rooms: int
    players: int
    rounds: Rounds


LOADS = (
    Load("8 x 8, one speaks", 8, 8, Rounds(160, 1)),
    Load("8 x 8, all speak", 8, 8, Rounds(30, 8)),
    Load("8 x 8, all say four in one", 8, 8, Rounds(10, 8, 4)),
    Load("2 x 64, two speak", 2, 64, Rounds(96, 2)),
)
"""A relay with time to spare has the first kind of turn, and a busy one the others."""


@dataclass(frozen=True)
class Build:
    """A relay, compiled or not, of a checkout."""

    tree: Path
    is_compiled: bool

    @property
    def python(self) -> Python:
        folders = [self.tree / ".compiled"] if self.is_compiled else []
        path = ":".join(map(str, [*folders, self.tree]))
        variables = {"PYTHONPATH": path, "PYTHONSAFEPATH": "1", "PYTHONHASHSEED": "1"}
        return Python(str(self.tree / ".venv" / "bin" / "python"), variables)

    def missing(self) -> str | None:
        """Say what has to be done before it can run."""
        if not Path(self.python.path).exists():
            return f"run `make setup` in {self.tree}"
        stamp = self.tree / ".compiled" / ".built"
        if self.is_compiled and not stamp.exists():
            return f"run `make compiled` in {self.tree}"
        sources = (each for name in ("relay", "protocol") for each in self._sources(name))
        if self.is_compiled and any(
            each.stat().st_mtime > stamp.stat().st_mtime for each in sources
        ):
            return f"run `make compiled` in {self.tree}, whose sources are newer"
        return None

    def _sources(self, package: str) -> Iterator[Path]:
        return (self.tree / package).rglob("*.py")


class Served(NamedTuple):
    """A relay that is counted."""

    base: str
    counting: Counting


@contextmanager
def running(build: Build) -> Iterator[Served]:
    with served(python=build.python) as (relay, folder):
        counting = Counting(relay.process.pid, folder)
        yield Served(f"ws{relay.url.removeprefix('http')}", counting)


def costs(builds: tuple[Build, Build]) -> list[tuple[float, float]]:
    """Return the instructions for a delivery, of each load, by both."""
    with running(builds[0]) as one, running(builds[1]) as other:
        return [_costs(load, (one, other)) for load in LOADS]


def _costs(load: Load, both: tuple[Served, Served]) -> tuple[float, float]:
    """Let both take turns, round by round: the time that passes is the same for both, and with it
    what they do by timers, however busy the machine is."""
    counting = [each.counting for each in both]
    played = 0

    def work() -> None:
        nonlocal played
        rounds = (
            each_round(players, load.rounds, [each.pid])
            for players, each in zip(crowds, counting, strict=True)
        )
        played = sum(deliveries for deliveries, _ in zip(*rounds, strict=True))

    with ExitStack() as stack:
        crowds = [
            stack.enter_context(crowd(Reliable(each.base, load.players), load.rooms, load.players))
            for each in both
        ]
        for players, each in zip(crowds, counting, strict=True):
            play(players, load.rounds._replace(many=WARM_UP), [each.pid])
            each.begin()
        found = counted(counting, work, idle_seconds=IDLE_SECONDS)
        for each in counting:
            each.end()
    here, there = found.instructions
    return here / played, there / played


@dataclass(frozen=True)
class Row:
    """A load, with the instructions for a delivery here and there: pairs, of one moment each."""

    what: str
    pairs: list[tuple[float, float]]

    @property
    def ratios(self) -> list[float]:
        return sorted(here / there for here, there in self.pairs)

    @property
    def median(self) -> float:
        return statistics.median(self.ratios)

    def __str__(self) -> str:
        here, there = (statistics.median(side) for side in zip(*self.pairs, strict=True))
        interval = f"{self.ratios[0]:.3f} to {self.ratios[-1]:.3f}"
        over = f"  over {BOUND}" if self.median > BOUND else ""
        return f"{self.what:38} {here:8,.0f} {there:8,.0f} x {self.median:.3f} ({interval}){over}"


def rows(other: Path, *, is_compiled: bool, pairs: int) -> list[Row]:
    """Compare all loads, in turns."""
    builds = Build(HERE, is_compiled), Build(other, is_compiled)
    found = [costs(builds) for _ in range(pairs)]
    kind = "compiled" if is_compiled else "plain"
    return [
        Row(f"{kind}, {load.what}", [each[at] for each in found]) for at, load in enumerate(LOADS)
    ]


def main() -> None:
    """Compare, and say whether the bound holds."""
    arguments = _arguments()
    need_valgrind()
    found: list[Row] = []
    for is_compiled in arguments.builds:
        missing = [Build(tree, is_compiled).missing() for tree in (HERE, arguments.tree)]
        if any(missing):
            print("not compared:", "; ".join(filter(None, missing)), file=sys.stderr)
            continue
        for row in rows(arguments.tree, is_compiled=is_compiled, pairs=arguments.pairs):
            found.append(row)
            if not arguments.json:
                print(row, flush=True)
    if arguments.json:
        print(json.dumps([_as_dict(row) for row in found], indent=2))
    if len(found) < len(LOADS) * len(arguments.builds) or any(row.median > BOUND for row in found):
        sys.exit(1)


def _as_dict(row: Row) -> dict[str, object]:
    return {"what": row.what, "pairs": row.pairs, "ratios": row.ratios, "median": row.median}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.against")
    parser.add_argument("tree", type=lambda name: Path(name).resolve(), help="the other checkout")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="times that each is counted")
    kinds = {"plain": [False], "compiled": [True], "both": [False, True]}
    parser.add_argument("--build", choices=kinds, default="both", help="which builds to compare")
    parser.add_argument("--json", action="store_true", help="print one JSON list")
    arguments = parser.parse_args()
    arguments.builds = kinds[arguments.build]
    return arguments


if __name__ == "__main__":
    main()
