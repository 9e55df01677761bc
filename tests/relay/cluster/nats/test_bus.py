"""Who counts as living on the bus over NATS."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest

from relay.cluster.nats.bus import BEAT_SECONDS, LIVE_SECONDS
from relay.cluster.nats.joining import joined
from relay.cluster.nats.options import Servers
from tests.helpers.logs import LAYOUT, nodes_at
from tests.helpers.measuring import fastest
from tests.helpers.nats import NatsServer, nats_server, until


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[NatsServer]:
    with nats_server() as server:
        yield server


async def test_a_node_that_leaves_is_gone_at_once(server: NatsServer) -> None:
    async with nodes_at(server, 1) as (stays,):

        async def leaving() -> float:
            async with joined(Servers((server.url,)), "leaves", LAYOUT):
                await until(lambda: stays.bus.others == {"leaves"})
                left = time.monotonic()
            await until(lambda: not stays.bus.others)
            return time.monotonic() - left

        assert await fastest(leaving, LIVE_SECONDS) < LIVE_SECONDS


async def test_a_node_whose_beats_end_is_gone_after_a_while(server: NatsServer) -> None:
    async with nodes_at(server, 2) as (stays, ends):
        end = time.monotonic()
        ends.connection.publish("bus.beat.ghost", b"+")
        await until(lambda: "ghost" in stays.bus.others)
        await until(lambda: "ghost" not in stays.bus.others)
        assert time.monotonic() - end > LIVE_SECONDS - BEAT_SECONDS
        assert stays.bus.others == {ends.bus.name}


async def test_a_node_that_is_cut_off_forgets_nobody(server: NatsServer) -> None:
    async with nodes_at(server, 3) as (one, two, three):
        server.kill()
        await until(lambda: not one.connection.is_up)
        cut = time.monotonic()
        await until(lambda: time.monotonic() - cut > 2 * LIVE_SECONDS)
        assert one.bus.others == {two.bus.name, three.bus.name}
        server.start()
        await until(lambda: one.connection.is_up and two.connection.is_up)
        await until(lambda: one.bus.others == {two.bus.name, three.bus.name})


async def test_what_a_server_passes_on_late_is_dropped(server: NatsServer) -> None:
    """It stood still, and its node has given newer messages to another one."""
    async with nodes_at(server, 2) as (hears, speaks):
        heard: list[tuple[str, bytes]] = []
        hears.bus.subscribe("word", lambda node, data: heard.append((node, data)))
        await hears.connection.settled()
        numbered = ((1, b"one"), (3, b"three"), (2, b"two"), (4, b"four"))
        for number, data in numbered:
            speaks.connection.publish("bus.all.word", data, f"bus.from.{number}.ghost")
        for data in (b"of an", b"older node"):
            speaks.connection.publish("bus.all.word", data, "bus.from.elder")
        speaks.connection.publish("bus.all.word", b"of nobody")
        speaks.bus.publish("word", b"end")
        await until(lambda: (speaks.bus.name, b"end") in heard)
        said = [data for node, data in heard if node == "ghost"]
        assert said == [b"one", b"three", b"four"]
        assert ("", b"of nobody") in heard
        assert [data for node, data in heard if node == "elder"] == [b"of an", b"older node"]
