"""`make chaos`: rooms whose connections are cut all the time, and whether every promise was kept.

python -m tests.chaos                          all of it, and a table
python -m tests.chaos --from 1001              the same with other seeds
python -m tests.chaos --seed 17                the storm of one seed again
python -m tests.chaos --rooms 20 --cuts 100    fewer and harder ones
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace

from tests.chaos.batch import Result, run
from tests.chaos.courses import COURSES
from tests.chaos.scenario import Plan

ROOMS = 200
AT_ONCE = 10
PLAN = Plan(seed=0)
TURNS = (
    "steady", "drained", "told", "killed", "long",
    "flooded", "hurried", "forgotten", "drained", "fleeting",
)  # fmt: skip
"""The courses of the batches."""


def main() -> None:
    arguments = _parse()
    seeds = seeds_of(arguments)
    print(f"seeds {seeds[0]} to {seeds[-1]}", file=sys.stderr)
    plan = replace(PLAN, players=arguments.players, frames=arguments.frames, cuts=arguments.cuts)
    courses = (arguments.course,) if arguments.course else TURNS
    result = asyncio.run(_run(seeds, plan, courses, arguments.at_once))
    if arguments.json:
        print(json.dumps(as_json(result), indent=2))
    else:
        print_table(result)
    for seed, course in result.failed:
        print(f"again: python -m tests.chaos --seed {seed} --course {course} "
              f"--players {plan.players} --frames {plan.frames} --cuts {plan.cuts}")  # fmt: skip
    sys.exit(not result.is_clean)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, help="run this seed alone")
    parser.add_argument("--from", type=int, default=1, dest="first", help="the first room's seed")
    parser.add_argument("--rooms", type=int, default=ROOMS, help="rooms, a seed each")
    parser.add_argument("--at-once", type=int, default=AT_ONCE, help="rooms at a time")
    parser.add_argument("--players", type=int, default=PLAN.players, help="of each room")
    parser.add_argument("--frames", type=int, default=PLAN.frames, help="of each player, at least")
    parser.add_argument("--cuts", type=int, default=PLAN.cuts, help="of each room, at least")
    parser.add_argument("--course", choices=COURSES, help="of all rooms, instead of each in turn")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


def seeds_of(arguments: argparse.Namespace) -> Sequence[int]:
    """Return the seeds of the rooms that are asked for."""
    if arguments.seed is not None:
        return [arguments.seed]
    return range(arguments.first, arguments.first + arguments.rooms)


async def _run(seeds: Sequence[int], plan: Plan, courses: Sequence[str], at_once: int) -> Result:
    total = Result()
    async for result in run(seeds, plan, courses, at_once):
        total += result
        report = total.report
        print(
            f"{total.rooms} of {len(seeds)} rooms, {total.cuts} cuts, {report.delivered} delivered:"
            f" {report.lost} lost, {report.doubled} doubled, {report.reordered} reordered"
            f" ({total.seconds:.0f} s)",
            file=sys.stderr,
        )
    return total


def as_json(result: Result) -> dict[str, object]:
    """Return the result as one flat object."""
    harms = {harm.value: count for harm, count in sorted(result.harms.items(), key=str)}
    return {
        **{name: value for name, value in asdict(result).items() if name not in ("report",)},
        **asdict(result.report),
        "harms": harms,
        "failed": [{"seed": seed, "course": course} for seed, course in result.failed],
        "clean": result.is_clean,
    }


def print_table(result: Result) -> None:
    """Print the counts of the run."""
    report, harms = result.report, result.harms
    rows = {
        "rooms": result.rooms,
        "players": report.players,
        "relay restarts": result.restarts,
        "connections": result.connections,
        "cuts": result.cuts,
        **{f"  {harm.value}": count for harm, count in sorted(harms.items(), key=str)},
        "resumes": report.resumes,
        "streams begun anew": report.resets.total(),
        **{f"  {reason.lower()}": count for reason, count in sorted(report.resets.items())},
        "notices": report.notices.total(),
        **{f"  {kind.lower()}": count for kind, count in sorted(report.notices.items())},
        "frames sent": report.sent,
        "  acknowledged": report.acknowledged,
        "  refused": report.refused,
        "  given up, announced": report.given_up,
        "deliveries": report.delivered,
        "  of the past": report.past,
        "  lost": report.lost,
        "  doubled": report.doubled,
        "  reordered": report.reordered,
        "  misdelivered": report.misdelivered,
        "  unexplained": report.unexplained,
        "seconds": round(result.seconds),
    }
    for name, value in rows.items():
        print(f"{name:24} {value:>9,}")
    for text in (*report.violations, *result.complaints.splitlines()[:40]):
        print(text)


if __name__ == "__main__":
    main()
