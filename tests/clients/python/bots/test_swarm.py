"""Many bots in one event loop, at a real relay: all enter, and one that breaks breaks alone."""

from __future__ import annotations

import pytest

from clients.python import LocalProtocolError, Updated, connect
from clients.python.bots import Bot
from clients.python.bots.kit import bot
from clients.python.bots.loader import load
from clients.python.bots.report import Report
from clients.python.bots.swarm import Plan, Swarm
from clients.python.options import Options
from protocol.frames import RoomOptions
from tests.clients.python.bots.swarms import PATIENCE, plan, played, until
from tests.helpers.longer import given_time
from tests.helpers.peers import until as holds
from tests.helpers.relay import RunningRelay


async def test_two_hundred_idle_bots_fit_in_a_process(relay: RunningRelay) -> None:
    options = Options(room="BOTS", create=RoomOptions(capacity=256))
    idle = Plan(load("idle"), 200, relay.url, options, joins_per_second=1000)

    async def look() -> None:
        await until(room, lambda e: len(room.players) == 201)
        await holds(lambda: swarm.tally.joined == 200)  # the last ones hear of it a little later

    async with connect(relay.url, **options) as room:
        swarm = Swarm(idle)
        assert (await played(swarm, look())).joined == 200


async def test_a_bot_that_breaks_is_reported_and_the_others_play_on(
    relay: RunningRelay, capfd: pytest.CaptureFixture[str]
) -> None:
    @bot(hz=50)
    async def fragile(self: Bot, dt: float) -> None:
        if self.number % 2:
            raise RuntimeError("that was too\u202e\x1b much")
        self.room.volatile(0, self.number)

    async def watch() -> None:
        async with connect(relay.url, room="BOTS") as room:
            await until(room, lambda e: isinstance(e, Updated) and e.value == 2)
            await until(room, lambda e: isinstance(e, Updated) and e.value == 4)
            await until(room, lambda e: len(swarm.tally.complaints) == 2)

    swarm = Swarm(plan(relay, fragile, 4))
    report = await played(swarm, watch())
    assert not report.is_good
    assert str(report).endswith("2 x  fragile broke with RuntimeError: that was too much")
    written = capfd.readouterr().err
    assert written.count("Traceback") == 1
    assert written.endswith("RuntimeError: that was too much\n")


async def test_bots_that_cannot_enter_say_why(relay: RunningRelay) -> None:
    options = Options(room="NONE", create=False)
    report = await Swarm(Plan(load("idle"), 2, relay.url, options)).play()
    assert (report.joined, report.is_good) == (0, False)
    assert all("no room NONE" in complaint for complaint in report.complaints)


async def test_a_run_ends_when_its_time_is_up(relay: RunningRelay) -> None:
    async def attempt(seconds: float) -> Report:
        report = await Swarm(plan(relay, load("idle"), 2, seconds=seconds)).play()
        assert seconds <= report.seconds < seconds + PATIENCE
        return report

    assert (await given_time(attempt, 0.5, lambda report: report.joined == 2)).is_good


async def test_mistakes_in_a_bot_are_mistakes(relay: RunningRelay) -> None:
    @bot(hz=50)
    async def mistaken(self: Bot, dt: float) -> None:
        await self.room.send("x", to="bob")  # type: ignore[arg-type]

    report = await Swarm(plan(relay, mistaken, 1)).play()
    assert report.complaints
    assert LocalProtocolError.__name__ in report.complaints[0]
