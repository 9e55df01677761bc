"""`make bench`: the load that the relay bears, and its cost, beside others on the same machine.

python -m tests.benchmarks            tables on stdout, progress on stderr, and results.svg
python -m tests.benchmarks --json     one JSON object instead of the tables
python -m tests.benchmarks --quick    a second or two of each, to test the bench itself
python -m tests.benchmarks --only "Node ws" --only Bun    only some of the others
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from dataclasses import asdict
from pathlib import Path

from clients.bench.shape import Shape
from clients.bench.survey import Report, Survey
from tests.benchmarks import (
    codec,
    codec_node,
    late,
    micro,
    moving,
    plot,
    results,
    stuck,
    watched,
)
from tests.benchmarks.compare import Comparison
from tests.benchmarks.peer import LOAD_CORE, OURS, PEERS_OF_OURS, install, pin, running

Pair = tuple[stuck.Side, stuck.Side]
"""A run without players who never read, and one with them."""

PAIRS = 5
PICTURE = Path(__file__).parent / "results.svg"


def main() -> None:
    arguments = read_arguments()
    pin(os.getpid(), LOAD_CORE)
    quick = arguments.quick
    ratios = [*micro.codec(), *codec.rows(), micro.fan_out(8), micro.fan_out(64)]
    ratios += codec_node.rows(1 if quick else codec_node.MILLISECONDS)
    ratios.append(moving.row(20) if quick else moving.row())
    ratios += [watched.in_process(), *watched.rows(1 if quick else watched.PAIRS)]
    report = survey(Shape(2, 4, 10) if quick else Shape(50, 8, 10), 1.0 if quick else 4.0)
    pairs = [pair(turn, 1.0 if quick else stuck.SECONDS) for turn in range(1 if quick else PAIRS)]
    joins = late.run((100,), 1) if quick else late.run()
    comparison = Comparison([])
    if not quick:
        install()
        chosen = [peer for peer in PEERS_OF_OURS if peer.name in (arguments.only or [peer.name])]
        comparison = Comparison([OURS, *chosen])
        comparison.run()
    if arguments.json:
        print(as_json(ratios, report, pairs, joins, comparison))
    else:
        print_ratios(ratios)
        print(f"\nRoomwire\n{report}")
        print_stuck(pairs)
        print(f"\n{late.table(joins)}")
    standings = list(comparison.standings.values())
    if standings:
        plot.draw(standings, PICTURE)
        if not arguments.json:
            print(f"\n{results.table(standings, comparison.rounds)}")


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--quick", action="store_true", help="no comparison, and the rest shortened"
    )
    names = [peer.name for peer in PEERS_OF_OURS]
    parser.add_argument("--only", action="append", choices=names, help="compare with this one")
    return parser.parse_args()


def survey(shape: Shape, seconds: float) -> Report:
    with running(OURS) as server:
        return Survey(server.base, shape, "send", seconds, server.gauge, say).full()


def pair(turn: int, seconds: float) -> Pair:
    say(f"without and with stuck players, pair {turn + 1}")
    return stuck.run(with_stuck=False, seconds=seconds), stuck.run(with_stuck=True, seconds=seconds)


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def as_json(
    ratios: list[micro.Ratio],
    report: Report,
    pairs: list[Pair],
    joins: list[late.Late],
    comparison: Comparison,
) -> str:
    return json.dumps(
        {
            "ratios": [asdict(ratio) | {"ratio": ratio.ratio} for ratio in ratios],
            "roomwire": report.as_dict(),
            "stuck": [{"without": asdict(one), "with": asdict(other)} for one, other in pairs],
            "late": [asdict(row) for row in joins],
            "rounds": comparison.rounds,
            "servers": results.as_dict(list(comparison.standings.values())),
        },
        indent=2,
    )


def print_ratios(ratios: list[micro.Ratio]) -> None:
    print(f"{'in the process':46} {'ours us':>8} {'theirs':>8} {'ratio':>6}")
    for r in ratios:
        print(f"{r.what:46} {r.ours:8.2f} {r.theirs:8.2f} {r.ratio:6.2f}  {r.against}")


def print_stuck(pairs: list[Pair]) -> None:
    shape = stuck.SHAPE
    print(f"\n{shape!s:33} {'p50 ms':>8} {'p99 ms':>8} {'delivered':>9} {'MiB grown':>9} late load")
    for name, sides in (
        ("alone", [one for one, _ in pairs]),
        (f"beside {shape.rooms * stuck.STUCK} who never read", [other for _, other in pairs]),
    ):
        p50, p99 = (statistics.median(getattr(side, q) for side in sides) for q in ("p50", "p99"))
        share = min(side.delivered for side in sides)
        grown, late, load = (
            max(getattr(side, q) for side in sides) for q in ("grown", "grown_late", "load_cpu")
        )
        print(f"{name:33} {p50:8.1f} {p99:8.1f} {share:9.1%} {grown:9.1f} {late:4.1f} {load:.0%}")


if __name__ == "__main__":
    main()
