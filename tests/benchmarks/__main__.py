"""`make bench`: what the relay costs, as ratios against something real in the same run.

python -m tests.benchmarks            a table
python -m tests.benchmarks --json     one JSON object
python -m tests.benchmarks --quick    a second or two: does the bench itself work?
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
from dataclasses import asdict

import psutil

from tests.benchmarks import load, micro, stuck

Pair = tuple[stuck.Side, stuck.Side]
"""A run without players who never read, and one with them."""

SHAPES = (load.Shape(10, 8, 10), load.Shape(10, 8, 30))
ROUNDS = 3
PAIRS = 5


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="one short round of each")
    arguments = parser.parse_args()
    if (os.cpu_count() or 1) > 1:
        psutil.Process().cpu_affinity([1])
    ratios = [*micro.codec(), micro.fan_out(8), micro.fan_out(64)]
    costs = asyncio.run(run_loads(1 if arguments.quick else ROUNDS, arguments.quick))
    pairs = asyncio.run(run_stuck(1 if arguments.quick else PAIRS))
    if arguments.json:
        print(as_json(ratios, costs, pairs))
    else:
        print_table(ratios, costs)
        print_stuck(pairs)


def as_json(ratios: list[micro.Ratio], costs: list[load.Cost], pairs: list[Pair]) -> str:
    return json.dumps(
        {
            "ratios": [asdict(ratio) | {"ratio": ratio.ratio} for ratio in ratios],
            "costs": [asdict(cost) for cost in costs],
            "stuck": [{"without": asdict(one), "with": asdict(other)} for one, other in pairs],
        },
        indent=2,
    )


async def run_stuck(pairs: int) -> list[Pair]:
    measured = []
    for turn in range(pairs):
        print(f"without and with stuck players, pair {turn + 1} of {pairs}", file=sys.stderr)
        measured.append((await stuck.run(with_stuck=False), await stuck.run(with_stuck=True)))
    return measured


async def run_loads(rounds: int, quick: bool) -> list[load.Cost]:
    costs = []
    for shape in SHAPES[:1] if quick else SHAPES:
        for turn in range(rounds):
            for name in ("relay", "tutorial"):
                print(f"{shape}: {name}, round {turn + 1} of {rounds}", file=sys.stderr)
                costs.append(await load.measure(name, shape))
    return costs


def print_table(ratios: list[micro.Ratio], costs: list[load.Cost]) -> None:
    print(f"{'in the process':46} {'ours us':>8} {'theirs':>8} {'ratio':>6}")
    for r in ratios:
        print(f"{r.what:46} {r.ours:8.2f} {r.theirs:8.2f} {r.ratio:6.2f}  {r.against}")
    print(f"\n{'over sockets, 64 bytes':46} {'us/delivery':>11} {'delivered':>9} {'load CPU':>8}")
    for shape in dict.fromkeys(cost.shape for cost in costs):
        for name in ("relay", "tutorial"):
            mine = [cost for cost in costs if (cost.shape, cost.server) == (shape, name)]
            us = statistics.median(cost.us_per_delivery for cost in mine)
            share = sum(cost.delivered for cost in mine) / sum(cost.expected for cost in mine)
            cpu = max(cost.load_cpu for cost in mine)
            print(f"{shape + ': ' + name:46} {us:11.1f} {share:9.1%} {cpu:8.0%}")


def print_stuck(pairs: list[Pair]) -> None:
    players, readers = stuck.ROOMS * stuck.HEALTHY, stuck.ROOMS * stuck.STUCK
    print(
        f"\n{f'{players} players at {stuck.HZ} Hz':33} {'p50 ms':>8} {'p99 ms':>8} {'delivered':>9}"
        f" {'MiB grown':>9} late"
    )
    for name, sides in (
        ("alone", [one for one, _ in pairs]),
        (f"beside {readers} who never read", [other for _, other in pairs]),
    ):
        p50, p99 = (statistics.median(getattr(side, q) for side in sides) for q in ("p50", "p99"))
        share = min(side.delivered for side in sides)
        grown, late = (max(getattr(side, q) for side in sides) for q in ("grown", "grown_late"))
        print(f"{name:33} {p50:8.1f} {p99:8.1f} {share:9.1%} {grown:9.1f} {late:4.1f}")


if __name__ == "__main__":
    main()
