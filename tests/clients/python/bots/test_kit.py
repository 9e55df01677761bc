"""Bots, playing in a real relay."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import anyio
import pytest

from clients.python import Left, LocalProtocolError, Message, PropertyChanged, Updated, connect
from clients.python.bots import Bot
from clients.python.bots.kit import bot
from clients.python.bots.loader import load
from clients.python.bots.report import Report
from clients.python.bots.swarm import Plan, Swarm
from clients.python.events import Event, Joined
from clients.python.options import Options
from clients.python.room import Room
from protocol.frames import RoomOptions
from relay.policy.config import Settings
from tests.helpers.relay import RunningRelay, running_relay

PATIENCE = 30.0


@pytest.fixture
async def relay() -> AsyncIterator[RunningRelay]:
    async with running_relay(Settings(profile="bench")) as relay:
        yield relay


def plan(relay: RunningRelay, script: type[Bot], count: int, **more: Any) -> Plan:
    options = Options(room="BOTS")
    return Plan(script, count, relay.url, options, joins_per_second=1000, **more)


async def until(room: Room, condition: Any) -> Event:
    """Read events until one is such."""
    with anyio.fail_after(PATIENCE):
        while True:
            event = await anext(room)
            if condition(event):
                return event


async def played(swarm: Swarm, meanwhile: Any) -> Report:
    """Let a swarm play until something was seen."""
    async with asyncio.TaskGroup() as tasks:
        playing = tasks.create_task(swarm.play())
        try:
            await meanwhile
        finally:
            swarm.stop()
    return playing.result()


class TestWandering:
    async def test_a_room_of_bots_alone_is_a_living_game(self, relay: RunningRelay) -> None:
        async def watch() -> None:
            async with connect(relay.url, room="BOTS", role="spectator") as room:
                await until(room, lambda e: isinstance(e, Updated) and e.key == 0)
                await until(room, lambda e: isinstance(e, Message) and has_score(e))
                await until(room, lambda e: isinstance(e, PropertyChanged) and e.value)

        report = await played(Swarm(plan(relay, load("wander"), 8, hz=30.0)), watch())
        assert report.is_good, report
        assert report.events > 100
        assert report.round_trip.p50 is None or report.round_trip.p50 > 0

    async def test_the_game_goes_on_when_its_host_leaves(self, relay: RunningRelay) -> None:
        async def watch() -> None:
            async with connect(relay.url, room="BOTS", role="spectator") as room:
                await until(room, lambda e: isinstance(e, Message) and has_score(e))
                host = room.host
                await swarm.rooms[swarm_number(swarm, host)].leave()
                await until(room, lambda e: isinstance(e, Left))
                await until(
                    room,
                    lambda e: (
                        isinstance(e, Message)
                        and e.sender not in (0, host)
                        and e.value.get("t") == "orbs"
                        and str(host) not in e.value["scores"]
                    ),
                )

        swarm = Swarm(plan(relay, load("wander"), 6, hz=30.0))
        await played(swarm, watch())


def has_score(event: Message) -> bool:
    value = event.value
    return bool(value.get("t") == "orbs" and value["scores"])


def swarm_number(swarm: Swarm, player: int) -> int:
    return next(number for number, room in swarm.rooms.items() if room.me == player)


async def test_echo_answers_byte_for_byte(relay: RunningRelay) -> None:
    async def ask() -> None:
        async with connect(relay.url, room="BOTS") as room:
            await until(room, lambda e: len(room.players) == 3)
            await room.send_bytes(b"\xc1 anyone?")
            for _ in range(2):
                answer = await until(room, lambda e: isinstance(e, Message))
                assert isinstance(answer, Message)
                assert answer.payload == b"\xc1 anyone?"

    report = await played(Swarm(plan(relay, load("echo"), 2)), ask())
    assert report.is_good
    assert report.sent > 0


async def test_two_hundred_idle_bots_fit_in_a_process(relay: RunningRelay) -> None:
    async def look() -> None:
        async with connect(relay.url, **options) as room:
            await until(room, lambda e: len(room.players) == 201)

    options = Options(room="BOTS", create=RoomOptions(capacity=256))
    idle = Plan(load("idle"), 200, relay.url, options, joins_per_second=1000)
    assert (await played(Swarm(idle), look())).joined == 200


class Eager(Bot):
    hz = 50.0

    def __init__(self, number: int, seed: int = 0) -> None:
        super().__init__(number, seed)
        self.name = f"eager {number}"

    async def on_join(self) -> None:
        await self.room.send("here I am")

    async def on_event(self, event: Event) -> None:
        if isinstance(event, Joined):
            self.room.volatile(1, event.player.number)

    async def on_tick(self, dt: float) -> None:
        assert dt > 0
        self.room.volatile(2, self.random.random())


async def test_a_bot_of_ones_own_does_as_it_is_told(relay: RunningRelay) -> None:
    async def watch(room: Room) -> None:
        hello = await until(room, lambda e: isinstance(e, Message))
        assert isinstance(hello, Message)
        assert (hello.value, hello.player.name) == ("here I am", "eager 1")
        await until(room, lambda e: isinstance(e, Updated) and e.key == 1)
        tick = await until(room, lambda e: isinstance(e, Updated) and e.key == 2)
        assert isinstance(tick, Updated)
        assert 0 <= tick.value < 1

    async with connect(relay.url, room="BOTS") as room:
        assert (await played(Swarm(plan(relay, Eager, 1)), watch(room))).is_good


def test_the_same_seed_has_the_same_whims() -> None:
    assert [Bot(3, seed=7).random.random() for _ in range(2)] == [Random("7/3").random()] * 2
    assert Bot(3, seed=7).random.random() != Bot(4, seed=7).random.random()


async def test_a_tick_alone_makes_a_bot(relay: RunningRelay) -> None:
    @bot(hz=50)
    async def blinker(self: Bot, dt: float) -> None:
        self.room.volatile(0, self.number)

    async def watch() -> None:
        async with connect(relay.url, room="BOTS") as room:
            await until(room, lambda e: isinstance(e, Updated))

    assert (blinker.__name__, blinker.hz) == ("blinker", 50)
    assert (await played(Swarm(plan(relay, blinker, 1)), watch())).is_good


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
    seconds = 1.0  # in which bots must have entered
    report = await Swarm(plan(relay, load("idle"), 2, seconds=seconds)).play()
    assert report.is_good
    assert seconds <= report.seconds < PATIENCE


async def test_mistakes_in_a_bot_are_mistakes(relay: RunningRelay) -> None:
    @bot(hz=50)
    async def mistaken(self: Bot, dt: float) -> None:
        await self.room.send("x", to="bob")  # type: ignore[arg-type]

    report = await Swarm(plan(relay, mistaken, 1)).play()
    assert report.complaints
    assert LocalProtocolError.__name__ in report.complaints[0]
