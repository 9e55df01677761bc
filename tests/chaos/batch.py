"""Runs many seeds: some rooms at a time over one relay, which may be ended and started again."""

from __future__ import annotations

import asyncio
import signal
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from tests.chaos.browser import BrowserPlayer, node_stage
from tests.chaos.courses import COURSES, Course
from tests.chaos.player import MakePlayer
from tests.chaos.proxy import Harm
from tests.chaos.relays import RelayProcess
from tests.chaos.report import Report
from tests.chaos.scenario import CLIENTS, Outcome, Plan, Scenario

ENDS_WITHIN = 300.0  # seconds: several times as long as a storm and its end take on a busy machine


ENOUGH = 10  # from this many rooms on, at least one of a batch shows what its course is named for


@dataclass(slots=True)
class Result:
    """The result of a batch, or of several added up."""

    rooms: int = 0
    report: Report = field(default_factory=Report)
    harms: Counter[Harm] = field(default_factory=Counter)
    cuts: int = 0
    connections: int = 0
    restarts: int = 0
    seconds: float = 0.0
    failed: list[tuple[int, str]] = field(default_factory=list)
    """Seeds and their courses."""
    complaints: str = ""
    """Lines that relays logged (there should be none), and what courses failed to show."""

    def add(self, outcome: Outcome, course: str) -> None:
        """Add the result of one room."""
        self.rooms += 1
        self.report += outcome.report
        self.harms += outcome.harms
        self.cuts += outcome.cuts
        self.connections += outcome.connections
        if not outcome.report.is_clean:
            self.failed.append((outcome.plan.seed, course))

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
    seeds: Sequence[int], plan: Plan, courses: Sequence[str], at_once: int
) -> AsyncIterator[Result]:
    """Run all seeds, `at_once` rooms to a relay; yield the result of each batch.

    Args:
        plan: for every seed.
        courses: of the batches in turn.
    """
    for index in range(0, len(seeds), at_once):
        course = courses[index // at_once % len(courses)]
        yield await run_batch(seeds[index : index + at_once], plan, course)


async def run_batch(seeds: Sequence[int], plan: Plan, course: str) -> Result:
    """Run some seeds at the same time over one relay."""
    how, result, loop = COURSES[course], Result(), asyncio.get_running_loop()
    began = loop.time()
    with TemporaryDirectory() as folder:
        state = ("--state", str(Path(folder) / "state")) if how.keeps_state else ()
        async with (
            RelayProcess(*how.options, *state) as relay,
            node_stage() as stage,
        ):
            clients: tuple[MakePlayer, ...] = (*CLIENTS, partial(BrowserPlayer, stage))
            plans = [replace(plan, seed=seed, **how.plan) for seed in seeds]
            scenarios = [Scenario(each, relay.address, clients) for each in plans]
            async with asyncio.TaskGroup() as tasks:
                running = [tasks.create_task(_live_through(each, how)) for each in scenarios]
                if how.ends is not None:
                    tasks.create_task(_restart(relay, scenarios, how.ends))
            result.complaints = relay.complaints()
            result.restarts = relay.starts - 1
    for task in running:
        result.add(task.result(), course)
    if len(seeds) >= ENOUGH:
        result.complaints += complain(course, result.report)
    result.seconds = loop.time() - began
    return result


def complain(course: str, report: Report) -> str:
    """Say what a course should have shown and did not, so that nothing of it is proved."""
    missing = COURSES[course].shows - report.resets.keys() - report.notices.keys()
    return f"the course {course} showed no {', '.join(sorted(missing))}\n" if missing else ""


async def _live_through(scenario: Scenario, course: Course) -> Outcome:
    """Run one room. A client's crash is its result, and the other rooms go on."""
    try:
        async with asyncio.timeout(ENDS_WITHIN):
            return await scenario.run(course.resets)
    except Exception as error:
        report = Report()
        report.violate("unexplained", "".join(traceback.format_exception(error)))
        return Outcome(scenario.plan, report)


async def _restart(relay: RelayProcess, scenarios: Sequence[Scenario], how: signal.Signals) -> None:
    """End the relay in the middle of a storm, and start its successor."""
    random = Random(f"restart {scenarios[0].plan.seed}")
    share = random.uniform(0.2, 0.7)
    async with asyncio.TaskGroup() as tasks:
        rooms = [
            tasks.create_task(each.until_cut(int(share * each.plan.cuts))) for each in scenarios
        ]
        # The first room is enough: to wait for all would wait for rooms whose storm is over.
        await asyncio.wait(rooms, return_when=asyncio.FIRST_COMPLETED)
        for room in rooms:
            room.cancel()
    loop = asyncio.get_running_loop()
    ended = loop.time()
    for scenario in scenarios:
        scenario.pause()
    await relay.end(how)
    await relay.start()
    for scenario in scenarios:
        scenario.go_on(relay.address, paused=loop.time() - ended)
