"""A part of `make chaos`, and relays that break a promise on purpose: the checker finds each."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from functools import partial

import pytest

from tests.chaos.batch import complain, run_batch
from tests.chaos.browser import BrowserPlayer, page_stage
from tests.chaos.cluster import storm
from tests.chaos.damaged import DAMAGES
from tests.chaos.official import OfficialPlayer
from tests.chaos.proxy import Address
from tests.chaos.relays import RelayProcess
from tests.chaos.report import Report
from tests.chaos.scenario import Outcome, Plan, Scenario
from tests.helpers.browser import Tabs

LAST_SEED = 4
GENTLE = Plan(seed=1, frames=20, cuts=8, seconds=8.0)

FOUND_AS = {
    "skip": "lost",
    "double": "doubled",
    "swap": "reordered",
    "renumber": "reordered",
    "misdeliver": "misdelivered",
    "vanish": "lost",
    "forget": "lost",
    "shorten": "lost",
    "replace": "unexplained",
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("course", ["steady", "long", "shaped", "drained", "killed"])
async def test_nothing_is_lost_doubled_or_reordered(course: str) -> None:
    result = await run_batch(range(1, 4), GENTLE, course)
    assert result.report.violations == []
    assert result.complaints == ""
    assert result.cuts > 0
    assert result.report.delivered > 0
    assert (result.report.past > 0) == (course == "long")


def test_a_course_that_was_not_what_it_is_named_for_says_so() -> None:
    nothing_trimmed = Report(resets=Counter(RELOADED=3))
    assert complain("forgotten", nothing_trimmed) == (
        "the course forgotten showed no HISTORY_TRIMMED\n"
    )
    assert complain("forgotten", Report(resets=Counter(HISTORY_TRIMMED=1))) == ""
    assert complain("hurried", Report(notices=Counter(THROTTLE=1))) == ""
    nobody_slow = Report(notices=Counter(THROTTLE=1))
    assert complain("flooded", nobody_slow) == "the course flooded showed no LAG\n"


@pytest.mark.timeout(300)
async def test_nor_is_anything_in_a_page(tabs: Tabs) -> None:
    tabs.expected = ("WebSocket connection to",)  # Chromium logs every lost connection
    async with (
        RelayProcess() as relay,
        page_stage(tabs, "http://{}:{}".format(*relay.address)) as stage,
    ):
        clients = (partial(BrowserPlayer, stage), OfficialPlayer)
        outcome = await Scenario(GENTLE, relay.address, clients).run()
    assert outcome.report.violations == []
    assert outcome.cuts > 0
    assert outcome.report.delivered > 0


async def damaged_rooms() -> dict[str, Outcome]:
    """Live through a room of each damage, all at once over one relay."""
    # Enough cuts, so that each kind of damage finds a resume.
    plan = replace(GENTLE, cuts=30, seconds=20.0, history="full")
    hasty = replace(plan, patience=3.0)  # what is left out never arrives
    plans = [replace(plan, room="whole"), *(replace(hasty, room=name) for name in DAMAGES)]
    async with (
        RelayProcess(module="tests.chaos.damaged") as relay,
        asyncio.TaskGroup() as tasks,
    ):
        running = {
            each.room: tasks.create_task(damaged_room(each, relay.address)) for each in plans
        }
        await asyncio.wait(running.values())
    return {name: task.result() for name, task in running.items()}


async def damaged_room(plan: Plan, upstream: Address) -> Outcome:
    """Run one room, and others if no player was there to be harmed."""
    outcome = await Scenario(plan, upstream).run()
    found_as = FOUND_AS.get(plan.room)
    while found_as and not getattr(outcome.report, found_as) and outcome.plan.seed < LAST_SEED:
        again = replace(plan, seed=outcome.plan.seed + 1)
        outcome = await Scenario(again, upstream).run()
    return outcome


@pytest.mark.timeout(300)
async def test_each_damage_to_a_relay_is_found_out_and_none_in_a_whole_one() -> None:
    """One test: processes that share the tests would each live through all rooms."""
    reports = {name: outcome.report for name, outcome in (await damaged_rooms()).items()}
    assert reports.pop("whole").violations == []
    assert reports.keys() == DAMAGES.keys() == FOUND_AS.keys()
    missed = {
        name: report.violations
        for name, report in reports.items()
        if not getattr(report, FOUND_AS[name])
    }
    assert missed == {}


@pytest.mark.timeout(300)
async def test_a_cluster_keeps_every_promise_while_parts_of_it_die() -> None:
    acts = ("kill-relay", "freeze-relay", "kill-leader", "split-off")
    found = await storm(1, 3.0, 0.02, acts)
    assert found.result.report.violations == []
    assert found.result.complaints == ""
    assert len(found.done) == len(acts)
    assert found.result.report.delivered > 0
