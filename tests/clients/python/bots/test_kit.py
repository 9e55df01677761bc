"""A bot of one's own, playing in a real relay."""

from __future__ import annotations

from random import Random

from clients.python import Message, Updated, connect
from clients.python.bots import Bot
from clients.python.bots.kit import bot
from clients.python.bots.swarm import Swarm
from clients.python.events import Event, Joined
from clients.python.room import Room
from tests.clients.python.bots.swarms import plan, played, until
from tests.helpers.relay import RunningRelay


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
