"""Clients that know several relays which share their rooms."""

from __future__ import annotations

from operator import attrgetter
from typing import TypeVar

import pytest

from clients.python import blocking
from clients.python.bots.kit import Bot
from clients.python.bots.report import Report
from clients.python.bots.swarm import Plan, Swarm
from clients.python.connect import connect
from clients.python.core.address import parse_all
from clients.python.core.backoff import Backoff
from clients.python.errors import Unreachable
from clients.python.events import Message, Resumed
from clients.python.room import Room
from protocol.close_codes import CloseCode
from tests.helpers.longer import given_time
from tests.helpers.nats import nats_server
from tests.helpers.ports import free_ports
from tests.helpers.relay import relay_process

E = TypeVar("E")


def test_each_loss_leads_to_the_next_relay_and_a_round_counts_as_one_attempt() -> None:
    backoff = Backoff(lambda: 1.0, relays=2)
    found = [(backoff.lost(1006, 0.0), backoff.relay) for _ in range(5)]
    assert found == [(0.1, 1), (0.1, 0), (0.2, 1), (0.2, 0), (0.4, 1)]


def test_a_relay_that_asks_to_stay_away_says_so_of_itself() -> None:
    backoff = Backoff(lambda: 1.0, relays=2)
    backoff.wait(3.0, now=0.0)
    assert backoff.lost(CloseCode.DRAIN, now=1.0) == pytest.approx(0.1)
    assert backoff.lost(1006, now=1.0) == pytest.approx(2.1)


def test_the_first_address_may_name_the_room_for_all() -> None:
    found = parse_all(("ws://a/r/K7QF", "https://b/games"))
    assert [each.url for each in found] == ["ws://a/r/K7QF", "wss://b/games/r/K7QF"]
    with pytest.raises(ValueError, match="leads to room B"):
        parse_all(("ws://a/r/A", "ws://b/r/B"))
    with pytest.raises(ValueError, match="no address"):
        parse_all((), "A")


async def comes(room: Room, wanted: type[E]) -> E:
    """Return the next event of this kind."""
    async for event in room:
        if isinstance(event, wanted):
            return event
    raise AssertionError(f"no {wanted.__name__} has come")


async def test_nobody_is_reached_only_if_no_relay_is() -> None:
    urls = [f"127.0.0.1:{port}" for port in free_ports(2)]
    with pytest.raises(Unreachable):
        await connect(urls, room="R")


async def test_players_go_on_at_the_next_relay() -> None:
    with nats_server() as server:
        options = ("--nats", server.url, "--nats-streams", "1")
        with relay_process(*options) as first, relay_process(*options) as second:
            dead = f"127.0.0.1:{free_ports(1)[0]}"
            async with (
                connect([dead, first.url, second.url], room="R", name="Ann") as ann,
                connect(second.url, room="R", name="Bob") as bob,
            ):
                with blocking.connect([first.url, second.url], room="R", name="Eve") as eve:
                    first.process.kill()
                    await comes(ann, Resumed)
                    await ann.send("here")
                    assert (await comes(bob, Message)).value == "here"
                    eve.send("and here")
                    assert (await comes(bob, Message)).value == "and here"


async def test_bots_know_several_relays_too() -> None:
    with nats_server() as server:
        options = ("--nats", server.url, "--nats-streams", "1")
        with relay_process(*options) as relay:
            dead = f"127.0.0.1:{free_ports(1)[0]}"

            async def attempt(seconds: float) -> Report:
                plan = Plan(Bot, 2, (dead, relay.url), {"room": "BOTS"}, seconds=seconds)
                return await Swarm(plan).play()

            assert (await given_time(attempt, 0.5, attrgetter("is_good"))).is_good
