"""Relays that share their rooms over real nats-servers: `relay serve --nats`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack
from functools import partial

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
    Notice,
    NoticeKind,
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
from relay.policy.operators import find_token
from tests.helpers.clustered import clustered, hears_notice, hears_payload
from tests.helpers.looking import until_equal
from tests.helpers.nats import NatsServer, nats_server
from tests.helpers.operators import operator_at
from tests.helpers.peers import Party, Peer, new_seat, party_at
from tests.helpers.raw import Closed
from tests.helpers.relay import RelayProcess
from tests.helpers.watchers import watcher


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


def token_of(relay: RelayProcess) -> str:
    token = find_token(relay.port)
    assert token is not None
    return token


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
        assert (await hears_notice(ann, NoticeKind.OPERATOR)).said == "hello"
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

    async with AsyncExitStack() as stack:
        operator = await stack.enter_async_context(operator_at(here.url, token_of(relays[0])))
        await operator.asks("PUT", path, {"player": bob.me, "up": {"lag_ms": 100}})
        assert (await hears_notice(bob, NoticeKind.SHAPED)).said == "up lag_ms 100; seed 0"
        began = time.monotonic()
        await bob.catches_up()
        assert time.monotonic() - began > 0.08
        late = stack.enter_context(clustered(server))
        other = await stack.enter_async_context(operator_at(late.url, token_of(late)))
        while not (await other.asks("GET", path))["shapes"]:
            pass  # it asks the others a few times a second
        await other.asks("DELETE", path)
        assert (await hears_notice(bob, NoticeKind.SHAPED)).said is None
        await ann.catches_up()
        assert not [each for each in ann.all(Notice) if each.kind == NoticeKind.SHAPED]


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
    assert (await enters_at_last(here, "ENDS")).welcome.session.epoch != epoch
    assert (await there.enters("ENDS")).me == 2


async def enters_at_last(at: Party, room: str) -> Peer:
    """Come again, as clients do, where the room ends that one is just about to enter."""
    while True:
        try:
            return await at.enters(room)
        except Closed as closed:
            if closed.code != CloseCode.MOVED:
                raise


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

        async def shows(relay: RelayProcess) -> list[str]:
            page = (await http.get(f"{relay.url}/api/rooms?limit=200")).json()
            return [each["host"] for each in page["rooms"] if each["room"] == "LISTED"]

        for relay in relays:
            await until_equal(partial(shows, relay), ["Ann"])
        made = (await http.post(f"{relays[0].url}/api/match", json=wanted)).json()
        room = f"/api/rooms/{made['room']}"

        async def knows() -> int:
            return (await http.get(relays[1].url + room)).status_code

        await until_equal(knows, 200)
        found = (await http.post(f"{relays[1].url}/api/match", json=wanted)).json()
        assert (found["created"], found["room"]) == (False, made["room"])
        bob = await two[1].enters(made["room"])
        bob.says(Leave())
        await bob.ends()
    ann.says(Leave())
    await ann.ends()
