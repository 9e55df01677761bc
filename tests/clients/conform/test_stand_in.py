"""No rule of a relay is without a case that keeps it and fails once a fault breaks it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest

from clients.conform.case import Case
from clients.conform.catalogue import SIDES, planted
from clients.conform.cli import every_rule
from clients.conform.runner import Result, Verdict, play_one
from clients.conform.server import run as server_run
from clients.conform.server.scene import Scene, scene
from clients.conform.sheet import failure
from tests.clients.conform.again import judged
from tests.clients.conform.stand_in import bounds, codes, entering, frames, order, room, tables
from tests.clients.conform.stand_in.fault import Fault
from tests.clients.conform.stand_in.faults import FAULTS
from tests.clients.conform.stand_in.relay import stand_in
from tests.helpers.node import ROOT
from tests.helpers.relay import IS_PORTABLE, relay_process

PATIENCE = 2.0  # seconds: what a fault keeps back is missed soon
SLOW = 15.0  # seconds for a relay without a fault, or a second look, on a busy machine
JOBS = 16  # faults at a time
SLOW_JOBS = 3  # likewise, of those that move megabytes, and upon a second look
KINDS = {
    each.__name__.rpartition(".")[2]: each.FAULTS
    for each in (bounds, codes, entering, frames, order, room, tables)
}
OF_PLAIN_ASGI = {"S18.1", "S19.6"} if IS_PORTABLE else set()
"""What a relay on plain ASGI cannot keep; see test_runs."""

pytestmark = pytest.mark.timeout(480)


def test_every_rule_of_a_relay_is_kept_and_broken_or_says_why_not() -> None:
    known = planted("server").none
    one_sided = [rule.id for rule in every_rule().values() if "server" in rule.one_sided]
    assert one_sided == list(known)


def test_the_list_of_faults_is_that_of_the_catalogue() -> None:
    listed = planted("server").faults
    assert {name: fault.rules for name, fault in FAULTS.items()} == {
        name: tuple(rules) for name, rules in listed.items()
    }
    assert sum(map(len, KINDS.values())) == len(FAULTS)


def test_the_guide_says_how_many_rules_and_faults_there_are() -> None:
    guide = " ".join((ROOT / "docs" / "guide" / "conformance.md").read_text().split())
    bound = [rule for rule in every_rule().values() if "server" in SIDES[rule.binds]]
    without = sum("server" in rule.open + rule.one_sided for rule in bound)
    known = f"Of the {len(bound)} rules that are judged on a relay, {len(bound) - without} are both"
    assert known in guide
    assert f"The other {without} say why not. Our tests plant {len(FAULTS)} faults" in guide


@pytest.mark.parametrize("kind", KINDS)
async def test_the_rules_that_a_fault_breaks_are_named(kind: str) -> None:
    await all_are_noticed({name: each for name, each in KINDS[kind].items() if not each.is_long})


@pytest.mark.long
async def test_the_rules_that_a_slow_fault_breaks_are_named() -> None:
    await all_are_noticed({name: each for name, each in FAULTS.items() if each.is_long}, SLOW_JOBS)


async def test_without_fault_a_stand_in_changes_nothing() -> None:
    await all_pass([case for case in server_run.cases() if not case.is_slow])


@pytest.mark.long
async def test_without_fault_a_stand_in_changes_nothing_in_slow_cases() -> None:
    await all_pass(server_run.cases(), SLOW_JOBS)


async def all_are_noticed(faults: dict[str, Fault], jobs: int = JOBS) -> None:
    """Judge relays with these faults.

    On a busy machine cases fail early, for want of time: what they miss gets a second look.
    """
    with relay_process() as relay:
        url = f"ws{relay.url.removeprefix('http')}"
        missed = await all_missed(url, faults, PATIENCE, jobs)
        again = {name: faults[name] for name in missed}
        assert await all_missed(url, again, SLOW, SLOW_JOBS) == {}


async def all_missed(
    relay: str, faults: dict[str, Fault], patience: float, jobs: int
) -> dict[str, list[str]]:
    """Judge relays with faults, some at a time. Returns: what is unnoticed, by fault."""
    limit = asyncio.Semaphore(jobs)

    async def judge(fault: Fault) -> list[str]:
        async with limit:
            return await unnoticed(relay, fault, patience)

    found = await asyncio.gather(*map(judge, faults.values()))
    return {name: rules for name, rules in zip(faults, found, strict=True) if rules}


async def all_pass(cases: Iterable[Case[Scene]], jobs: int = JOBS) -> None:
    """Judge a relay through a stand-in without a fault."""

    async def play(cases: list[Case[Scene]], jobs: int) -> list[Result[Scene]]:
        return await server_run.run(url, cases, jobs, SLOW, lambda result: None)

    with relay_process() as relay:
        async with stand_in(f"ws{relay.url.removeprefix('http')}", Fault("")) as url:
            chosen = [case for case in cases if case.number not in OF_PLAIN_ASGI]
            results = await judged(play, chosen, jobs)
    failed = [failure(each) for each in results if each.verdict is Verdict.FAILED]
    assert failed == []


async def unnoticed(relay: str, fault: Fault, patience: float) -> list[str]:
    """Return the rules of a fault of which no case that keeps them fails and names the fault."""
    ended: dict[str, Result[Scene]] = {}
    missing = []
    for rule in fault.rules:
        for case in keeping(rule):
            if case.number not in ended:
                ended[case.number] = await play(relay, fault, case, patience)
            if ended[case.number].rule in fault.rules:
                break
        else:
            seen = [f"{each.case.number} {each.rule} {each.text}" for each in ended.values()]
            missing.append(f"{rule}: {seen}")
    return missing


def keeping(rule: str) -> list[Case[Scene]]:
    """Return the cases that keep a rule, quick ones first."""
    cases = [case for case in server_run.cases() if rule in case.keeps]
    return sorted(cases, key=lambda case: case.is_slow)


async def play(relay: str, fault: Fault, case: Case[Scene], patience: float) -> Result[Scene]:
    """Play one case against a relay with a fault."""
    async with stand_in(relay, fault) as url:

        async def lane(case: Case[Scene]) -> None:
            async with scene(url, case, patience) as own:
                await case.play(own)

        return await play_one(case, lane)
