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

from tests.benchmarks import load, micro

SHAPES = (load.Shape(10, 8, 10), load.Shape(10, 8, 30))
ROUNDS = 3


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="one short round of each")
    arguments = parser.parse_args()
    if (os.cpu_count() or 1) > 1:
        psutil.Process().cpu_affinity([1])
    ratios = [*micro.codec(), micro.fan_out(8), micro.fan_out(64)]
    costs = asyncio.run(run_loads(1 if arguments.quick else ROUNDS, arguments.quick))
    if arguments.json:
        print(json.dumps({"ratios": [asdict(r) | {"ratio": r.ratio} for r in ratios],
                          "costs": [asdict(cost) for cost in costs]}, indent=2))  # fmt: skip
    else:
        print_table(ratios, costs)


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


if __name__ == "__main__":
    main()
