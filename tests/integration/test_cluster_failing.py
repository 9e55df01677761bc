"""Relays and nats-servers that share rooms die, end or freeze, and the rooms go on."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import AsyncIterator, Iterator
from itertools import count
from random import Random

import httpx
import pytest

from protocol.close_codes import CloseCode
from protocol.frames import (
    Ack,
    Deliver,
    Left,
    LeftReason,
    Live,
    NoticeKind,
    Pong,
    PresenceChanged,
    PresenceState,
    RoomOptions,
    Send,
    Taken,
    Update,
    Volatile,
)
from relay.cluster.nats.watch import TROUBLE_SECONDS
from tests.chaos.cluster_harm import Cluster
from tests.helpers.clustered import clustered, hears_notice, hears_payload
from tests.helpers.looking import until_seen
from tests.helpers.measuring import fastest
from tests.helpers.nats import NatsServer, nats_cluster, nats_server
from tests.helpers.peers import Party, new_seat, party_at
from tests.helpers.relay import RelayProcess

FAST = 3.0
"""Seconds within which players of a relay that died are live elsewhere."""
ELECTIONS_SECONDS = 60.0
"""For some elections, of up to 9 s each, and for a look at the streams after them."""


@pytest.fixture(scope="module")
def server() -> Iterator[NatsServer]:
    with nats_server() as server:
        yield server


@pytest.fixture(scope="module")
def relay(server: NatsServer) -> Iterator[RelayProcess]:
    """Run the relay that stays."""
    with clustered(server) as relay:
        yield relay


@pytest.fixture
async def here(relay: RelayProcess) -> AsyncIterator[Party]:
    async with party_at(relay.url) as here:
        yield here


async def test_players_of_a_relay_that_is_killed_go_on_at_another(
    server: NatsServer, here: Party
) -> None:
    turns = count()
    assert await fastest(lambda: goes_on_elsewhere(server, here, next(turns)), FAST) < FAST


async def goes_on_elsewhere(server: NatsServer, here: Party, turn: int) -> float:
    """Kill a relay. Returns: the seconds until its player hears a word at another."""
    seat = new_seat()
    ann = await here.enters(f"KILLED-{turn}")
    with clustered(server) as relay:
        async with party_at(relay.url) as there:
            bob = await there.enters(f"KILLED-{turn}", seat=seat)
            lonely = await there.enters(f"LONELY-{turn}", seat=seat)
            for who, word in ((bob, b"from bob"), (lonely, b"alone")):
                who.says(Ack(who.position[1]), Send(None, word))
                await who.hears(Taken)
            relay.process.kill()
            await bob.ends()
    began = time.monotonic()
    again = await here.connects(f"KILLED-{turn}")
    again.greets(seat=seat, position=bob.position)
    ann.says(Send(None, b"onwards"))
    await hears_payload(again, b"onwards")
    took = time.monotonic() - began
    back = await here.connects(f"LONELY-{turn}")
    back.greets(seat=seat, position=(lonely.welcome.session.epoch, 0))
    await back.hears(Live)
    assert (back.me, back.welcome.session.taken) == (lonely.me, 1)
    return took


async def test_those_who_stay_away_are_lost_to_the_others(server: NatsServer, here: Party) -> None:
    ann = await here.enters("MISSED", create=RoomOptions(hold=1))
    with clustered(server) as relay:
        async with party_at(relay.url) as there:
            bob = await there.enters("MISSED", seat=new_seat())
            relay.process.kill()
    lost = await ann.hears(PresenceChanged)
    assert (lost.player, lost.state) == (bob.me, PresenceState.LOST)
    assert (await ann.hears(Left)).reason == LeftReason.EXPIRED


async def test_a_relay_that_ends_lets_its_players_go_on_at_once_elsewhere(
    server: NatsServer, here: Party
) -> None:
    ann, seat = await here.enters("DRAINED"), new_seat()
    with clustered(server, "--drain-seconds", "0.2") as relay:
        async with party_at(relay.url) as there:
            bob = await there.enters("DRAINED", seat=seat)
            bob.says(Send(None, b"last"))
            relay.process.send_signal(signal.SIGTERM)
            after = (await hears_notice(bob, NoticeKind.DRAIN)).after
            assert after is not None
            assert after <= 200
            assert (await bob.ends())[0] == CloseCode.DRAIN
            again = await here.connects("DRAINED")
            again.greets(seat=seat, position=bob.position)
            ann.says(Send(None, b"next"))
            await hears_payload(again, b"next")
            assert again.welcome.session.resumed
        assert relay.end() == 0
    assert b"last" in [*ann.payloads, (await ann.hears(Deliver)).payload]


async def test_players_are_told_while_nothing_is_stored(server: NatsServer) -> None:
    with clustered(server) as relay:
        async with party_at(relay.url) as at:
            ann = await at.enters("STALLED")
            server.freeze()
            try:
                ann.says(Send(None, b"waits"))
                await hears_notice(ann, NoticeKind.STALLED)
                assert not ann.payloads
            finally:
                server.thaw()
            await hears_notice(ann, NoticeKind.GOES_ON)
            if not ann.all(Taken):  # the notice and the entry take different ways
                await ann.hears(Taken)
            await ann.catches_up()
            assert ann.all(Pong)[-1].taken == 1


async def test_a_leader_that_dies_loses_nothing_and_its_rooms_are_told() -> None:
    with nats_cluster() as servers, clustered(servers[0], *others(servers)) as relay:
        async with party_at(relay.url) as at:
            ann, bob = await at.enters("LED"), await at.enters("LED")
            ann.says(Send(None, b"before"))
            await hears_payload(bob, b"before")
            (await Cluster(servers, (), Random(1)).leader("ROOMS0")).kill()
            ann.says(Send(None, b"meanwhile"), Volatile(1, None, b"swift"))
            assert (await bob.hears(Update)).payload == b"swift"
            await hears_notice(bob, NoticeKind.STALLED)
            assert bob.payloads == [b"before"]
            await hears_notice(bob, NoticeKind.GOES_ON)
            if bob.payloads == [b"before"]:  # the notice and the message take different ways
                await hears_payload(bob, b"meanwhile")
            assert bob.payloads == [b"before", b"meanwhile"]
            await counts_the_leader(relay)


async def counts_the_leader(relay: RelayProcess) -> None:
    """Expect that the operator sees another leader, and the time without.

    A look that falls into the election of another stream sees nothing; a later one does. Where the
    machine is slow, the leader may change more than once.
    """
    async with httpx.AsyncClient() as http:

        async def counted() -> dict[str, float]:
            text = (await http.get(f"{relay.url}/metrics")).text
            found = re.findall(r'_(\w+_total)\{stream="ROOMS0"\} ([\d.]+)', text)
            return {name: float(value) for name, value in found}

        found = await until_seen(
            counted,
            lambda found: found.get("cluster_leader_changes_total", 0) >= 1,
            ELECTIONS_SECONDS,
        )
    assert found["cluster_waited_seconds_total"] > TROUBLE_SECONDS


def others(servers: list[NatsServer]) -> list[str]:
    return [word for server in servers[1:] for word in ("--nats", server.url)]
