"""Many seeds: some rooms at a time over one relay, which may itself be ended and started again."""

from __future__ import annotations

import asyncio
import signal
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from tests.chaos.proxy import Harm
from tests.chaos.relays import RelayProcess
from tests.chaos.report import Report
from tests.chaos.scenario import Outcome, Plan, Scenario


class Restart(Enum):
    """What happens to the relay in the middle of the storm."""

    NONE = "none"
    KILL = "kill"
    """It is killed and begins anew: every room has another epoch, and all are told."""
    DRAIN = "drain"
    """It drains, writes its state, and its successor reads it: nobody loses anything."""


RESETS = {
    Restart.NONE: frozenset[str](),
    Restart.KILL: frozenset({"EPOCH_CHANGED", "ROOM_GONE"}),
    Restart.DRAIN: frozenset[str](),
}
"""Why streams may begin anew then."""


@dataclass(slots=True)
class Result:
    """What came of a batch, or of several added up."""

    rooms: int = 0
    report: Report = field(default_factory=Report)
    harms: Counter[Harm] = field(default_factory=Counter)
    cuts: int = 0
    connections: int = 0
    restarts: int = 0
    seconds: float = 0.0
    failed: list[tuple[int, Restart]] = field(default_factory=list)
    complaints: str = ""
    """What relays logged, which should be nothing."""

    def add(self, outcome: Outcome, restart: Restart) -> None:
        """Count what came of one room."""
        self.rooms += 1
        self.report += outcome.report
        self.harms += outcome.harms
        self.cuts += outcome.cuts
        self.connections += outcome.connections
        if not outcome.report.is_clean:
            self.failed.append((outcome.seed, restart))

    def __iadd__(self, other: Result) -> Result:
        for name in ("rooms", "report", "harms", "cuts", "connections", "restarts", "seconds"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.failed += other.failed
        self.complaints += other.complaints
        return self

    @property
    def is_clean(self) -> bool:
        """Whether every promise was kept in every room."""
        return self.report.is_clean and not self.complaints


async def run(
    seeds: Sequence[int], plan: Plan, restarts: Sequence[Restart], at_once: int
) -> AsyncIterator[Result]:
    """Run all seeds, `at_once` rooms to a relay; yield the result of each batch.

    Args:
        plan: for every seed.
        restarts: of the batches in turn.
    """
    for index in range(0, len(seeds), at_once):
        restart = restarts[index // at_once % len(restarts)]
        yield await run_batch(seeds[index : index + at_once], plan, restart)


async def run_batch(seeds: Sequence[int], plan: Plan, restart: Restart) -> Result:
    """Run some seeds at the same time over one relay."""
    result = Result()
    loop = asyncio.get_running_loop()
    began = loop.time()
    with TemporaryDirectory() as folder:
        state = ("--state", str(Path(folder) / "state")) if restart is Restart.DRAIN else ()
        async with RelayProcess(*state) as relay:
            scenarios = [Scenario(replace(plan, seed=seed), relay.address) for seed in seeds]
            async with asyncio.TaskGroup() as tasks:
                running = [tasks.create_task(_live_through(each, restart)) for each in scenarios]
                if restart is not Restart.NONE:
                    tasks.create_task(_restart(relay, scenarios, restart, result))
            result.complaints = relay.complaints()
    for task in running:
        result.add(task.result(), restart)
    result.seconds = loop.time() - began
    return result


async def _live_through(scenario: Scenario, restart: Restart) -> Outcome:
    """Run one room; a crash of a client is its outcome, and not the end of all the others."""
    try:
        return await scenario.run(RESETS[restart])
    except Exception as error:
        report = Report()
        report.violate("unexplained", "".join(traceback.format_exception(error)))
        return Outcome(scenario.plan.seed, report)


async def _restart(
    relay: RelayProcess, scenarios: Sequence[Scenario], restart: Restart, result: Result
) -> None:
    """End the relay once each room has seen some of its storm, and start its successor."""
    random = Random(f"restart {scenarios[0].plan.seed}")
    share = random.uniform(0.2, 0.7)
    for scenario in scenarios:
        await scenario.until_cut(int(share * scenario.plan.cuts))
    await relay.end(signal.SIGKILL if restart is Restart.KILL else signal.SIGTERM)
    await relay.start()
    for scenario in scenarios:
        scenario.proxy.upstream = relay.address
    result.restarts += 1
