"""Bots that wander make a living game, which outlives its hosts."""

from __future__ import annotations

from clients.python import Left, Message, PropertyChanged, Updated, connect
from clients.python.bots.loader import load
from clients.python.bots.swarm import Swarm
from tests.clients.python.bots.swarms import plan, played, until
from tests.helpers.peers import until as holds
from tests.helpers.relay import RunningRelay


class TestWandering:
    async def test_a_room_of_bots_alone_is_a_living_game(self, relay: RunningRelay) -> None:
        async def watch() -> None:
            async with connect(relay.url, room="BOTS", role="spectator") as room:
                await until(room, lambda e: isinstance(e, Updated) and e.key == 0)
                await until(room, lambda e: isinstance(e, Message) and has_score(e))
                await until(room, lambda e: isinstance(e, PropertyChanged) and e.value)
                await holds(lambda: swarm.tally.joined == 8 and swarm.tally.events > 100)

        swarm = Swarm(plan(relay, load("wander"), 8, hz=30.0))
        report = await played(swarm, watch())
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
