"""Each fault that is planted into the plain client makes cases fail, and each case finds faults."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import pytest

from clients.conform import catalogue
from clients.conform.case import Case
from clients.conform.cli import every_rule
from clients.conform.client import run as client_run
from clients.conform.client import stage as stages
from clients.conform.client.stage import House, Stage
from clients.conform.runner import Result, Verdict, play_one
from tests.clients.conform.again import judged
from tests.clients.conform.planted.faults import FAULTS
from tests.clients.conform.planted.program import InProcess, Make

PATIENCE, RETRY = 0.6, 0.6  # seconds: what a fault keeps back is missed soon, in one process
SLOW = 15.0  # seconds for a client without a fault, or a second look, on a busy machine
AT_ONCE, FEW = 32, 8  # plays: those of a client without a fault measure its time
FAILED = (Verdict.FAILED, Verdict.ADVISED)
ALONE = ("comes back at once",)
"""Faults that are too quick to be seen among others, which slow them down."""
LONG = ("never doubts a silent relay",)
"""Faults that show after 26 s."""

Pair = tuple[Case[Stage], str]
"""A case, and the name of a fault."""

Claims = dict[tuple[str, str], list[Pair]]
"""Pairs of which a case should find the fault in one, by what that shows."""


class Missed(NamedTuple):
    """What was not found."""

    claims: Claims
    faults: list[str]


@dataclass
class Stand:
    """Where clients of this process are judged, several at a time."""

    house: House
    tasks: asyncio.TaskGroup
    patience: float
    turn: asyncio.Semaphore
    rooms: Iterator[int] = field(default_factory=itertools.count)
    plays: dict[tuple[str, str], asyncio.Task[Result[Stage]]] = field(default_factory=dict)
    """What was played, by the case's number and the fault's name."""

    async def play(self, case: Case[Stage], make: Make | None = None) -> Result[Stage]:
        """Play one case against a client."""

        async def lane(case: Case[Stage]) -> None:
            program, room = InProcess(self.tasks, make), f"PL{next(self.rooms)}"
            url = f"{self.house.url}/r/{room}"
            stage = self.house.stages[room] = Stage(case, program, url, self.patience)
            try:
                await case.play(stage)
            finally:
                await program.end()
                await stage.end()

        async with self.turn:
            return await play_one(case, lane)

    async def result(self, case: Case[Stage], fault: str) -> Result[Stage]:
        """Return how a case ends with a fault; it is played once."""
        play = self.plays.get((case.number, fault))
        if play is None:
            play = self.tasks.create_task(self.play(case, FAULTS[fault].make))
            self.plays[(case.number, fault)] = play
        return await play

    async def finds_any(self, pairs: list[Pair]) -> bool:
        """Say whether a case finds its fault in any pair; the likeliest is played first."""
        for case, fault in likeliest(pairs):
            if (await self.result(case, fault)).verdict in FAILED:
                return True
        return False

    async def names(self, fault: str) -> bool:
        """Say whether a case that finds a fault names a rule that the fault breaks."""
        pairs = [(case, fault) for case in client_run.cases() if shared(case, fault)]
        for case, _ in likeliest(pairs):
            if (await self.result(case, fault)).rule in FAULTS[fault].rules:
                return True
        return False

    async def misses(self, claims: Claims, faults: list[str]) -> Missed:
        """Return the claims of which no pair is found, and the faults that no case names."""
        found = await asyncio.gather(*map(self.finds_any, claims.values()))
        named = await asyncio.gather(*map(self.names, faults))
        return Missed(
            {claim: claims[claim] for claim, holds in zip(claims, found, strict=True) if not holds},
            [fault for fault, holds in zip(faults, named, strict=True) if not holds],
        )


@asynccontextmanager
async def stand(patience: float, at_once: int) -> AsyncIterator[Stand]:
    house = House()
    async with house.open(), asyncio.TaskGroup() as tasks:
        yield Stand(house, tasks, patience, asyncio.Semaphore(at_once))


def shared(case: Case[Stage], fault: str) -> set[str]:
    """Return the rules that a case keeps and a fault breaks."""
    return set(case.keeps) & set(FAULTS[fault].rules)


def likeliest(pairs: list[Pair]) -> list[Pair]:
    """Return pairs in the order in which a case is likely to find its fault."""
    return sorted(pairs, key=lambda pair: -len(shared(*pair)))


def broken(faults: Iterable[str]) -> Claims:
    """Return, for each rule that a fault breaks, the cases that should find the fault."""
    return {
        (fault, rule): [(case, fault) for case in client_run.cases() if rule in case.keeps]
        for fault in faults
        for rule in FAULTS[fault].rules
    }


def kept(faults: Iterable[str]) -> Claims:
    """Return, for each rule that a case keeps, the faults of which it should find one."""
    rules = every_rule()
    late = {rule for fault in LONG for rule in FAULTS[fault].rules}
    return {
        (case.number, rule): [(case, fault) for fault in faults if rule in FAULTS[fault].rules]
        for case in client_run.cases()
        for rule in case.keeps
        if "client" in catalogue.SIDES[rules[rule].binds]
        and "client" not in rules[rule].unbroken
        and rule not in late
    }


@pytest.mark.timeout(480)
async def test_every_fault_is_found_and_every_case_finds_faults_of_all_that_it_keeps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A busy machine delays clients: what is missed in haste is looked for again, with patience."""
    together = [name for name in FAULTS if name not in LONG + ALONE]
    claims = {**kept(together), **broken(together)}
    assert len(claims) > 600
    with monkeypatch.context() as patched:
        patched.setattr(stages, "RETRY", RETRY)
        async with stand(PATIENCE, AT_ONCE) as here:
            missed = await here.misses(claims, together)
    async with stand(SLOW, FEW) as here:
        assert await here.misses(*missed) == ({}, [])
        assert await here.misses(broken(ALONE), list(ALONE)) == ({}, [])


@pytest.mark.long
async def test_faults_that_take_long_are_found() -> None:
    async with stand(PATIENCE, 1) as here:
        for claim, pairs in broken(LONG).items():
            assert await here.finds_any(pairs), claim


async def test_the_client_without_a_fault_passes_all_that_is_quick() -> None:
    async def play(cases: list[Case[Stage]], at_once: int) -> list[Result[Stage]]:
        async with stand(SLOW, at_once) as here:
            return await asyncio.gather(*map(here.play, cases))

    results = await judged(play, [case for case in client_run.cases() if not case.is_slow], FEW)
    assert [f"{each.case.number}: {each.text}" for each in results
            if each.verdict is not Verdict.PASSED] == []  # fmt: skip


def test_the_list_that_users_get_is_that_of_the_faults() -> None:
    faults = {name: list(fault.rules) for name, fault in FAULTS.items()}
    assert catalogue.planted("client").faults == faults
