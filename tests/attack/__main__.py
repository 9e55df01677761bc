"""Attacks a relay in every way that it promises to survive, and measures what players notice."""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import sys
from collections.abc import Awaitable
from dataclasses import asdict

import uvloop

from tests.attack.attacks import ATTACKS, FULL
from tests.attack.stage import allow_many_files, measure_alone
from tests.attack.verdict import Row

MAX_SECONDS = 180.0
"""Seconds for one attack. No attack takes half of them."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.attack", description=__doc__)
    parser.add_argument("--only", help=f"some of {','.join(ATTACKS)}, with commas between")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    names = arguments.only.split(",") if arguments.only else list(ATTACKS)
    if unknown := set(names) - set(ATTACKS):
        parser.error(f"no attacks: {', '.join(sorted(unknown))}")
    allow_many_files()
    measure_alone()
    rows = [attack(name, quiet=arguments.json) for name in names]
    if arguments.json:
        print(json.dumps([as_dict(row) for row in rows], indent=2))
    else:
        held = sum(row.holds for row in rows)
        print(f"{held} of {len(rows)} attacks are within their bounds")
    return 0 if all(row.holds for row in rows) else 1


def attack(name: str, *, quiet: bool) -> Row:
    """Run one attack in a loop of its own, and print its result."""
    print(f"{name} ...", file=sys.stderr)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        row = runner.run(_within(ATTACKS[name](FULL[name])))
    if not quiet:
        show(row)
    return row


async def _within(attacking: Awaitable[Row]) -> Row:
    async with asyncio.timeout(MAX_SECONDS):
        return await attacking


def show(row: Row) -> None:
    print(f"\n{row.name}  {row.title}")
    for check in row.checks:
        mark = "ok" if check.holds else "NOT WITHIN ITS BOUND"
        measured, bound = (f"{value:.4g}" for value in (check.measured, check.bound))
        print(f"    {check.what:48} {measured:>8}  at most {bound:>6} {check.unit:4} {mark}")


def as_dict(row: Row) -> dict[str, object]:
    """JSON has no infinite numbers, so they become null."""
    checks = [asdict(check) | {"holds": check.holds} for check in row.checks]
    for check in checks:
        if math.isinf(check["measured"]):
            check["measured"] = None
    return {"name": row.name, "title": row.title, "holds": row.holds, "checks": checks}


if __name__ == "__main__":
    sys.exit(main())
