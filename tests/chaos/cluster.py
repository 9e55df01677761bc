"""`make chaos-cluster`: rooms over three relays and three nats-servers, all of which are harmed.

Processes die and stand still, and the network between them comes apart.

python -m tests.chaos.cluster                    twenty storms, and a table
python -m tests.chaos.cluster --seed 7           the storm of one seed again
python -m tests.chaos.cluster --acts kill-relay  with this harm alone
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import traceback
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random

from tests.chaos.__main__ import print_table
from tests.chaos.batch import Result
from tests.chaos.browser import BrowserPlayer, node_stage
from tests.chaos.cluster_harm import ACTS, Cluster, harm
from tests.chaos.partitions import CONFIGURATION, Net
from tests.chaos.player import MakePlayer
from tests.chaos.relays import RelayProcess
from tests.chaos.report import Report
from tests.chaos.scenario import CLIENTS, Outcome, Plan, Scenario
from tests.helpers.nats import nats_cluster

RELAYS = 3
ROOMS = 3
STORMS = 20
SECONDS = 30.0
DROPPED = (0.0, 0.02, 0.3)
"""Shares of what NATS republishes that never arrive: of the storms in turn."""
ENDS_WITHIN = 240.0
PLAN = Plan(seed=0, room="cluster", cuts=1_000_000, seconds=ENDS_WITHIN, patience=60.0)
"""A storm ends when its harm is done."""

ENOUGH = 10
"""Leaders that were killed, from which on some room must have waited for one."""

BAD_SIGNS = ("Traceback", "is skipped", "is lost: its log")
"""Lines of a relay's log that no harm explains. Others tell of the harm."""


@dataclass(slots=True)
class Storm:
    """What was done and what came of it."""

    result: Result = field(default_factory=Result)
    done: Counter[str] = field(default_factory=Counter)

    def __iadd__(self, other: Storm) -> Storm:
        self.result += other.result
        self.done += other.done
        return self


async def storm(seed: int, seconds: float, dropped: float, acts: Sequence[str]) -> Storm:
    """Live through one storm.

    Args:
        seconds: for which harm begins, at least.
        dropped: the share of what NATS republishes that never arrives.
        acts: the harm that is done, by its names.
    """
    found, began = Storm(), asyncio.get_running_loop().time()
    async with AsyncExitStack() as stack:
        net = await stack.enter_async_context(Net(RELAYS))
        servers = stack.enter_context(nats_cluster(CONFIGURATION, net.routing))
        net.serve(server.port for server in servers)
        relays = [_relay(net.urls(number), dropped) for number in range(RELAYS)]
        for relay in relays:
            await stack.enter_async_context(relay)
        stage = await stack.enter_async_context(node_stage())
        cluster = Cluster(servers, relays, Random(f"cluster {seed}"), net)
        clients: tuple[MakePlayer, ...] = (*CLIENTS, partial(BrowserPlayer, stage))
        plans = [replace(PLAN, seed=seed * ROOMS + number) for number in range(ROOMS)]
        scenarios = [Scenario(each, cluster.some_relay, clients) for each in plans]
        async with asyncio.TaskGroup() as tasks:
            rooms = [tasks.create_task(_live_through(each)) for each in scenarios]
            found.done = await harm(cluster, acts, seconds)
            for each in scenarios:
                each.calm()
        for room in rooms:
            found.result.add(room.result(), f"{dropped:.0%} dropped")
        found.result.restarts = sum(relay.starts - 1 for relay in relays)
        found.result.complaints = "".join(_bad_signs(relay) for relay in relays)
    found.result.seconds = asyncio.get_running_loop().time() - began
    return found


def _relay(urls: Sequence[str], dropped: float) -> RelayProcess:
    options = ["--nats-streams", "2", "--drain-seconds", "0.5"]
    options += [word for url in urls for word in ("--nats", url)]
    return RelayProcess(*options, module="tests.chaos.lossy", environment={"DROPPED": f"{dropped}"})


async def _live_through(scenario: Scenario) -> Outcome:
    try:
        async with asyncio.timeout(ENDS_WITHIN):
            return await scenario.run()
    except Exception as error:
        report = Report()
        report.violate("unexplained", "".join(traceback.format_exception(error)))
        return Outcome(scenario.plan, report)


def _bad_signs(relay: RelayProcess) -> str:
    log = relay.complaints()
    return log if any(sign in log for sign in BAD_SIGNS) else ""


def main() -> None:
    arguments = _parse()
    seeds = [arguments.seed] if arguments.seed is not None else range(1, arguments.storms + 1)
    total = asyncio.run(_run(seeds, arguments))
    if total.done["kill-leader"] >= ENOUGH and not total.result.report.notices["STALLED"]:
        total.result.complaints += "nobody was told that their room waits for a leader\n"
    print_table(total.result)
    for name, times in sorted(total.done.items()):
        print(f"{name:24} {times:>9,}")
    sys.exit(not total.result.is_clean)


async def _run(seeds: Sequence[int], arguments: argparse.Namespace) -> Storm:
    total = Storm()
    for seed in seeds:
        dropped = DROPPED[seed % len(DROPPED)] if arguments.drop is None else arguments.drop
        total += await storm(seed, arguments.seconds, dropped, arguments.acts or [*ACTS])
        report = total.result.report
        print(
            f"storm {seed}, {dropped:.0%} dropped: {report.delivered} delivered so far,"
            f" {report.lost} lost, {report.doubled} doubled, {report.reordered} reordered"
            f" ({total.result.seconds:.0f} s)",
            file=sys.stderr,
        )
    return total


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.cluster", description=__doc__)
    parser.add_argument("--seed", type=int, help="the storm of this seed alone")
    parser.add_argument("--storms", type=int, default=STORMS, help="a seed each")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each storm")
    parser.add_argument("--drop", type=float, help="share of deliveries that never arrive")
    parser.add_argument("--acts", nargs="+", choices=ACTS, help="this harm alone")
    return parser.parse_args()


if __name__ == "__main__":
    main()
