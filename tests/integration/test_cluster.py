"""Relays that share their rooms over real nats-servers: `relay serve --nats`."""

from __future__ import annotations

import asyncio
import re
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, AsyncExitStack, ExitStack
from functools import partial
from random import Random

import httpx
import pytest

from protocol.close_codes import CloseCode
from protocol.frames import (
    Ack,
    Deliver,
    Host,
    Kick,
    Leave,
    Left,
    LeftReason,
    Live,
    Notice,
    NoticeKind,
    Pong,
    PresenceChanged,
    PresenceState,
    Property,
    RoomOptions,
    Send,
    Set,
    Snapshot,
    Taken,
    Update,
    Volatile,
)
from relay.cluster.nats.jetstream_log import LOOK_SECONDS
from relay.cluster.nats.watch import TROUBLE_SECONDS
from relay.policy.operators import find_token
from tests.chaos.cluster_harm import Cluster
from tests.helpers.nats import NatsServer, nats_cluster, nats_server
from tests.helpers.operators import operator_at
from tests.helpers.peers import Party, Peer, new_seat, party_at
from tests.helpers.relay import RelayProcess, relay_process
from tests.helpers.watchers import watcher

FAST = 3.0
"""Seconds within which players of a relay that died are live elsewhere."""


@pytest.fixture(scope="module")
def server() -> Iterator[NatsServer]:
    with nats_server() as server:
        yield server


@pytest.fixture(scope="module")
def relays(server: NatsServer) -> Iterator[list[RelayProcess]]:
    with ExitStack() as stack:
        yield [stack.enter_context(clustered(server)) for _ in range(2)]


@pytest.fixture
async def two(relays: list[RelayProcess]) -> AsyncIterator[list[Party]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(party_at(each.url)) for each in relays]


STREAMS = ("--nats-streams", "1")


def clustered(server: NatsServer, *options: str) -> AbstractContextManager[RelayProcess]:
    return relay_process("--nats", server.url, *STREAMS, *options)


def token_of(relay: RelayProcess) -> str:
    token = find_token(relay.port)
    assert token is not None
    return token


async def hears_payload(peer: Peer, payload: bytes) -> Deliver:
    return await peer.hears(Deliver, lambda deliver: deliver.payload == payload)


async def test_players_at_two_relays_are_in_one_room(two: list[Party]) -> None:
    here, there = two
    ann, bob = await here.enters("ONE", name="Ann"), await there.enters("ONE", name="Bob")
    assert (ann.me, bob.me) == (1, 2)
    assert ann.welcome.session.epoch == bob.welcome.session.epoch
    ann.says(Send(None, b"reliable"), Set(0, "map", b"cave"), Volatile(1, None, b"swift"))
    assert (await bob.hears(Deliver)).payload == b"reliable"
    assert (await bob.hears(Property)).value == b"cave"
    assert (await ann.hears(Taken)).taken == 2
    bob.says(Volatile(1, None, b"back"))
    assert (await ann.hears(Update)).payload == b"back"


async def test_any_relay_shows_a_room(two: list[Party], relays: list[RelayProcess]) -> None:
    ann = await two[0].enters("SHOWN")
    where = [(relay.url, token_of(relay)) for relay in relays]
    async with AsyncExitStack() as stack:
        watchers = [
            await stack.enter_async_context(watcher(url, "SHOWN", token=token))
            for url, token in where
        ]
        for each in watchers:
            await each.hears("players")
        await asyncio.gather(*(each.hears("rates") for each in watchers))
        ann.says(Send(None, b"reliable"), Volatile(1, None, b"swift"))
        for each in watchers:
            assert sorted(frame["op"] for frame in await each.sees(2)) == ["DELIVER", "UPDATE"]


async def test_a_host_kicks_and_leaves_over_relays(two: list[Party]) -> None:
    here, there = two
    ann, bob = await here.enters("HOSTED"), await there.enters("HOSTED")
    eve = await there.enters("HOSTED")
    ann.says(Kick(eve.me))
    assert (await eve.ends())[0] == CloseCode.KICKED
    left = await bob.hears(Left)
    assert (left.player, left.reason) == (eve.me, LeftReason.KICKED)
    ann.says(Leave())
    assert (await bob.hears(Host, lambda host: host.player == bob.me)).player == bob.me


async def test_an_operator_sees_and_acts_at_any_relay(
    relays: list[RelayProcess], two: list[Party]
) -> None:
    here, there = two
    ann, bob = await here.enters("OPERATED", name="Ann"), await here.enters("OPERATED")
    async with operator_at(there.url, token_of(relays[1])) as operator:
        shown = (await operator.players("OPERATED"))[1]
        assert (shown["name"], shown["outbox"]["mode"]) == ("Ann", "flowing")
        assert "nothing_said" in await operator.why("OPERATED", 1)
        await operator.asks("POST", "/OPERATED/say", {"text": "hello"})
        assert (await ann.hears(Notice)).detail.said == "hello"
        await operator.asks("POST", "/OPERATED/players/2/kick", {"reason": "enough"})
        assert await bob.ends() == (CloseCode.KICKED, "enough")
        assert "KICKED" in (await operator.why("OPERATED", 2))["last_close"]["what"]
        await operator.asks("DELETE", "/OPERATED")
        assert (await ann.ends())[0] == CloseCode.KICKED


async def test_conditions_that_one_relay_is_given_hold_at_the_other(
    relays: list[RelayProcess], two: list[Party], server: NatsServer
) -> None:
    here, there = two
    ann, bob = await here.enters("BUMPY"), await there.enters("BUMPY")
    path = "/BUMPY/conditions"

    async def told(peer: Peer) -> str | None:
        notice = await peer.hears(Notice, lambda notice: notice.kind == NoticeKind.SHAPED)
        return notice.detail.said

    async with AsyncExitStack() as stack:
        operator = await stack.enter_async_context(operator_at(here.url, token_of(relays[0])))
        await operator.asks("PUT", path, {"player": bob.me, "up": {"lag_ms": 100}})
        assert await told(bob) == "up lag_ms 100; seed 0"
        began = time.monotonic()
        await bob.catches_up()
        assert time.monotonic() - began > 0.08
        late = stack.enter_context(clustered(server))
        other = await stack.enter_async_context(operator_at(late.url, token_of(late)))
        while not (await other.asks("GET", path))["shapes"]:
            pass  # it asks the others a few times a second
        await other.asks("DELETE", path)
        assert await told(bob) is None
        assert not ann.all(Notice)


async def test_who_joins_late_at_another_relay_hears_all_of_the_past(two: list[Party]) -> None:
    here, there = two
    ann = await here.enters("PAST", create=RoomOptions(history="full"))
    for number in range(300):  # more than there are between two snapshots of a relay
        ann.says(Send(None, b"%d" % number))
        await ann.catches_up()
    bob = await there.enters("PAST")
    assert bob.payloads == [b"%d" % number for number in range(300)]


async def test_who_joins_late_at_another_relay_hears_the_snapshot(two: list[Party]) -> None:
    here, there = two
    ann = await here.enters("SNAPPED", create=RoomOptions(history="snapshot"))
    witness = await there.enters("SNAPPED")
    ann.says(Send(None, b"before"))
    seq = (await hears_payload(witness, b"before")).seq
    ann.says(Snapshot(seq, 0, 1, b"board"), Send(None, b"after"))
    await hears_payload(witness, b"after")
    bob = await there.enters("SNAPPED")
    assert [each.payload for each in bob.all(Snapshot)] == [b"board"]
    assert bob.payloads == [b"after"]


async def test_a_player_resumes_at_the_other_relay(two: list[Party]) -> None:
    here, there = two
    seat = new_seat()
    ann, bob = await here.enters("BACK"), await there.enters("BACK", seat=seat)
    bob.says(Ack(bob.position[1]), Send(None, b"1"), Send(None, b"2"))
    await hears_payload(ann, b"2")
    bob.raw.abort()
    lost = await ann.hears(PresenceChanged)
    assert (lost.player, lost.state) == (bob.me, PresenceState.LOST)
    ann.says(Send(None, b"missed"))
    again = await here.connects("BACK")
    again.greets(seat=seat, position=bob.position)
    await hears_payload(again, b"missed")
    assert (again.welcome.session.resumed, again.welcome.session.taken) == (True, 2)


async def test_a_room_ends_everywhere(two: list[Party]) -> None:
    here, there = two
    ann = await here.enters("ENDS", create=RoomOptions(keep=0))
    bob = await there.enters("ENDS")
    epoch = ann.welcome.session.epoch
    ann.says(Leave())
    await ann.ends()
    bob.says(Leave())
    await bob.ends()
    assert (await here.enters("ENDS")).welcome.session.epoch != epoch
    assert (await there.enters("ENDS")).me == 2


async def test_players_of_a_relay_that_is_killed_go_on_at_another(
    server: NatsServer, two: list[Party]
) -> None:
    here, _ = two
    seat = new_seat()
    ann = await here.enters("KILLED")
    with clustered(server) as relay:
        async with party_at(relay.url) as there:
            bob = await there.enters("KILLED", seat=seat)
            lonely = await there.enters("LONELY", seat=seat)
            for who, word in ((bob, b"from bob"), (lonely, b"alone")):
                who.says(Ack(who.position[1]), Send(None, word))
                await who.hears(Taken)
            relay.process.kill()
            await bob.ends()
    async with asyncio.timeout(FAST):
        again = await here.connects("KILLED")
        again.greets(seat=seat, position=bob.position)
        ann.says(Send(None, b"onwards"))
        await hears_payload(again, b"onwards")
    back = await here.connects("LONELY")
    back.greets(seat=seat, position=(lonely.welcome.session.epoch, 0))
    await back.hears(Live)
    assert (back.me, back.welcome.session.taken) == (lonely.me, 1)


async def test_those_who_stay_away_are_lost_to_the_others(
    server: NatsServer, two: list[Party]
) -> None:
    ann = await two[0].enters("MISSED", create=RoomOptions(hold=1))
    with clustered(server) as relay:
        async with party_at(relay.url) as there:
            bob = await there.enters("MISSED", seat=new_seat())
            relay.process.kill()
    lost = await ann.hears(PresenceChanged)
    assert (lost.player, lost.state) == (bob.me, PresenceState.LOST)
    assert (await ann.hears(Left)).reason == LeftReason.EXPIRED


async def test_a_relay_that_ends_lets_its_players_go_on_at_once_elsewhere(
    server: NatsServer, two: list[Party]
) -> None:
    here, _ = two
    ann, seat = await here.enters("DRAINED"), new_seat()
    with clustered(server, "--drain-seconds", "0.2") as relay:
        async with party_at(relay.url) as there:
            bob = await there.enters("DRAINED", seat=seat)
            bob.says(Send(None, b"last"))
            relay.process.send_signal(signal.SIGTERM)
            notice = await bob.hears(Notice)
            assert notice.kind == NoticeKind.DRAIN
            assert notice.detail.after is not None
            assert notice.detail.after <= 200
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
                notice = await ann.hears(Notice)
                assert notice.kind == NoticeKind.STALLED
                assert not ann.payloads
            finally:
                server.thaw()
            assert (await ann.hears(Notice)).kind == NoticeKind.GOES_ON
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
            assert (await bob.hears(Notice)).kind == NoticeKind.STALLED
            assert bob.payloads == [b"before"]
            assert (await bob.hears(Notice)).kind == NoticeKind.GOES_ON
            if bob.payloads == [b"before"]:  # the notice and the message take different ways
                await hears_payload(bob, b"meanwhile")
            assert bob.payloads == [b"before", b"meanwhile"]
            await counts_the_leader(relay)


async def counts_the_leader(relay: RelayProcess) -> None:
    """Expect that the operator sees the other leader, and the time without.

    A look that falls into the election of another stream sees nothing; the next one does.
    """
    async with httpx.AsyncClient() as http, asyncio.timeout(2 * LOOK_SECONDS + FAST):
        changes = 'leader_changes_total{stream="ROOMS0"} 1.0'
        while changes not in (text := (await http.get(f"{relay.url}/metrics")).text):
            pass
    waited = re.search(r'waited_seconds_total\{stream="ROOMS0"\} ([\d.]+)', text)
    assert waited
    assert float(waited[1]) > TROUBLE_SECONDS


def others(servers: list[NatsServer]) -> list[str]:
    return [word for server in servers[1:] for word in ("--nats", server.url)]


@pytest.mark.parametrize("options", [("--workers", "2"), ()])
def test_a_state_file_is_of_no_use_with_nats(options: tuple[str, ...], server: NatsServer) -> None:
    with (
        pytest.raises(AssertionError, match="did not start"),
        clustered(server, "--state", "rooms", *options),
    ):
        pass


async def test_each_worker_is_a_node(server: NatsServer, two: list[Party]) -> None:
    with clustered(server, "--workers", "2") as relay:
        async with party_at(relay.url) as there:
            for name in ("W-1", "W-2", "W-3"):
                ann, bob = await two[0].enters(name), await there.enters(name)
                bob.says(Send(None, name.encode()))
                assert (await ann.hears(Deliver)).payload == name.encode()
        assert relay.end() == 0
        assert "error" not in relay.log.lower()


async def test_lists_and_matches_are_of_all_relays(
    relays: list[RelayProcess], two: list[Party]
) -> None:
    wanted = {"tags": {"of": "all"}, "capacity": 2}
    ann = await two[0].enters("LISTED", name="Ann")
    async with httpx.AsyncClient() as http:

        async def shows(relay: RelayProcess) -> list[object]:
            page = (await http.get(f"{relay.url}/api/rooms?limit=200")).json()
            return [each["host"] for each in page["rooms"] if each["room"] == "LISTED"]

        for relay in relays:
            await comes_true(partial(shows, relay), ["Ann"])
        made = (await http.post(f"{relays[0].url}/api/match", json=wanted)).json()
        room = f"/api/rooms/{made['room']}"

        async def knows() -> int:
            return (await http.get(relays[1].url + room)).status_code

        await comes_true(knows, 200)
        found = (await http.post(f"{relays[1].url}/api/match", json=wanted)).json()
        assert (found["created"], found["room"]) == (False, made["room"])
        bob = await two[1].enters(made["room"])
        bob.says(Leave())
        await bob.ends()
    ann.says(Leave())
    await ann.ends()


async def comes_true(sees: Callable[[], Awaitable[object]], expected: object) -> None:
    """Look again until that is seen, for a while."""
    end = time.monotonic() + FAST
    while (seen := await sees()) != expected and time.monotonic() < end:
        pass
    assert seen == expected
