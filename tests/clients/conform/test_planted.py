"""Each fault that is planted into the plain client makes a case fail, for every rule it breaks."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from clients.conform import catalogue
from clients.conform.case import Case
from clients.conform.client import run as client_run
from clients.conform.client import stage as stages
from clients.conform.client.stage import House, Stage
from clients.conform.runner import Result, Verdict, play_one
from tests.clients.conform.planted import entering, returning, room, tables
from tests.clients.conform.planted.faults import FAULTS
from tests.clients.conform.planted.kinds import Fault
from tests.clients.conform.planted.program import InProcess, Make

PATIENCE, RETRY = 0.6, 0.6  # seconds: what a fault keeps back is missed soon, in one process
SLOW = 6.0  # seconds for a client without a fault, on a busy machine
AT_ONCE = 16
FAILED = (Verdict.FAILED, Verdict.ADVISED)
ALONE = ("comes back at once",)
"""Faults that are too quick to be seen among others, which slow them down."""
LONG = ("never doubts a silent relay",)
"""Faults that show after 26 s."""


@dataclass
class Stand:
    """Where clients of this process are judged, several at a time."""

    house: House
    patience: float
    turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    rooms: Iterator[int] = field(default_factory=itertools.count)

    async def play(self, case: Case[Stage], make: Make | None = None) -> Result[Stage]:
        """Play one case against a client."""

        async def lane(case: Case[Stage]) -> None:
            program, room = InProcess(make), f"PL{next(self.rooms)}"
            url = f"{self.house.url}/r/{room}"
            stage = self.house.stages[room] = Stage(case, program, url, self.patience)
            try:
                await case.play(stage)
            finally:
                await program.end()
                await stage.end()

        async with self.turn:
            return await play_one(case, lane)

    async def unseen(self, fault: Fault) -> list[str]:
        """Return the rules of a fault that no case which keeps them sees broken."""
        return [rule for rule in fault.rules if not await self._is_seen(rule, fault)]

    async def _is_seen(self, rule: str, fault: Fault) -> bool:
        for case in keeping(rule):
            if (await self.play(case, fault.make)).verdict in FAILED:
                return True
        return False


def keeping(rule: str) -> list[Case[Stage]]:
    """Return the cases that keep a rule; what is about it first of all, and quick, comes first."""
    cases = [case for case in client_run.cases() if rule in case.keeps]
    return sorted(cases, key=lambda case: (case.is_slow, case.keeps.index(rule)))


async def unseen(faults: dict[str, Fault]) -> dict[str, list[str]]:
    """Return the faults of which a rule is not seen broken, with these rules."""
    house = House()
    async with house.open():
        stand = Stand(house, PATIENCE)
        together = [name for name in faults if name not in ALONE]
        found = await asyncio.gather(*(stand.unseen(faults[name]) for name in together))
        alone = {name: await stand.unseen(faults[name]) for name in faults if name in ALONE}
    unseen_rules = {**dict(zip(together, found, strict=True)), **alone}
    return {name: rules for name, rules in unseen_rules.items() if rules}


@pytest.mark.parametrize(
    "faults",
    [tables.FAULTS, entering.FAULTS, room.FAULTS, returning.FAULTS],
    ids=["tables", "entering", "room", "returning"],
)
async def test_every_fault_is_seen(
    faults: dict[str, Fault], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "RETRY", RETRY)
    assert await unseen({name: faults[name] for name in faults if name not in LONG}) == {}


@pytest.mark.long
@pytest.mark.parametrize("name", LONG)
async def test_faults_that_take_long_are_seen(name: str) -> None:
    assert await unseen({name: FAULTS[name]}) == {}


async def test_the_client_without_a_fault_passes_all_that_is_quick() -> None:
    house = House()
    async with house.open():
        stand = Stand(house, SLOW)
        cases = [case for case in client_run.cases() if not case.is_slow]
        results = await asyncio.gather(*(stand.play(case) for case in cases))
    assert [f"{each.case.number}: {each.text}" for each in results
            if each.verdict is not Verdict.PASSED] == []  # fmt: skip


def test_the_list_that_users_get_is_that_of_the_faults() -> None:
    faults = {name: list(fault.rules) for name, fault in FAULTS.items()}
    assert catalogue.planted("client").faults == faults
