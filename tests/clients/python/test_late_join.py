"""Whoever enters a room with a long past gets in and hears all of it: both clients, and bots."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator

import pytest

from clients.python import Joined, Live, Message, PropertyChanged, RoomOptions
from clients.python.bots.loader import load
from clients.python.bots.swarm import Plan, Swarm
from clients.python.options import Options
from protocol.frames import Send, Set
from relay.policy.config import Settings
from tests.helpers.peers import Party, Peer, party_at, until
from tests.helpers.players import Enter, TestPlayer
from tests.helpers.relay import RelayProcess, relay_process, running_relay

FULL = RoomOptions(history="full")
NUMBER = struct.Struct(">I")
CHUNK = 500  # frames that a peer sends before it waits for the relay


@pytest.fixture(scope="module")
def relay() -> Iterator[RelayProcess]:
    with relay_process("--profile", "bench") as relay:
        yield relay


async def fill(peer: Peer, payloads: list[bytes]) -> None:
    """Send to all others what becomes the room's past."""
    for begin in range(0, len(payloads), CHUNK):
        peer.says(*(Send(None, payload) for payload in payloads[begin : begin + CHUNK]))
        await peer.catches_up()


async def fill_properties(at: Party, room: str, players: int, size: int) -> None:
    """Let a host write 250 properties of each player, itself included."""
    host = await at.enters(room, create=FULL)
    for _ in range(players - 1):
        await at.enters(room)
    value = bytes(size)
    for player in range(1, players + 1):
        host.says(*(Set(player, f"key{n}", value, False) for n in range(250)))
        await host.catches_up()


def past(player: TestPlayer) -> list[bytes]:
    return [event.payload for event in player.seen if isinstance(event, Message)]


def numbered(count: int, size: int) -> list[bytes]:
    return [NUMBER.pack(n).ljust(size, b".") for n in range(count)]


MANY = [pytest.param(numbered(3000, 60), id="3000 of 60 B")]
MANY += [pytest.param([bytes([n % 251]) for n in range(5000)], id="5000 of 1 B")]


@pytest.mark.parametrize("payloads", MANY)
async def test_all_of_a_long_history_is_heard_in_order(
    relay: RelayProcess, enter: Enter, payloads: list[bytes]
) -> None:
    room = f"PAST-{len(payloads)}-{enter.__name__}"
    async with party_at(relay.url) as at:
        peer = await at.enters(room, create=FULL)
        await fill(peer, payloads)
        async with enter(relay.url, room=room) as player:
            assert player.room.state == "live"
            peer.says(Send(None, b"now"))
            assert (await player.hears(Message, lambda e: not e.is_history)).payload == b"now"
            assert past(player) == [*payloads, b"now"]
            assert player.room.complete_from == 0
            told = [event for event in player.seen if isinstance(event, Joined | Message)]
            assert all(isinstance(event, Joined) for event in told[:2])


async def test_a_room_of_many_properties_is_known_at_once(
    relay: RelayProcess, enter: Enter
) -> None:
    room = f"PROPS-{enter.__name__}"
    async with party_at(relay.url) as at:
        await fill_properties(at, room, players=8, size=200)
        async with enter(relay.url, room=room) as player:
            assert [len(player.room.properties_of(n)) for n in range(1, 9)] == [250] * 8
            await player.hears(Live)
            assert sum(isinstance(event, PropertyChanged) for event in player.seen) == 2000


async def test_bots_enter_it(relay: RelayProcess) -> None:
    async with party_at(relay.url) as at:
        await fill(await at.enters("PAST-BOTS", create=FULL), numbered(3000, 60))
        plan = Plan(load("idle"), 3, relay.url, Options(room="PAST-BOTS"), joins_per_second=100)
        swarm = Swarm(plan)
        async with asyncio.TaskGroup() as tasks:
            playing = tasks.create_task(swarm.play())
            try:
                await until(lambda: swarm.tally.events >= 3 * 3000)
            finally:
                swarm.stop()
        assert playing.result().is_good


@pytest.mark.long
async def test_the_longest_past_that_a_room_keeps(relay: RelayProcess, enter: Enter) -> None:
    payloads = numbered(65_536, 230)  # with its heads 16 MiB
    room = f"LONGEST-{enter.__name__}"
    async with party_at(relay.url) as at:
        peer = await at.enters(room, create=FULL)
        await fill(peer, payloads)
        async with enter(relay.url, room=room) as player:
            peer.says(Send(None, b"now"))
            await player.hears(Message, lambda event: not event.is_history)
            heard = past(player)
            # The oldest may be forgotten, as JOINED and HOST are facts as well.
            assert heard[:-1] == payloads[-len(heard) + 1 :]
            assert len(heard) > 65_000
            first = next(event.seq for event in player.seen if isinstance(event, Message))
            assert player.room.complete_from in (0, first - 1)
            assert (player.room.complete_from == 0) == (len(heard) > len(payloads))


@pytest.mark.long
async def test_a_room_that_is_full_of_properties(relay: RelayProcess, enter: Enter) -> None:
    room = f"FULL-{enter.__name__}"
    async with party_at(relay.url) as at:
        await fill_properties(at, room, players=60, size=200)
        async with enter(relay.url, room=room) as player:
            scopes = [len(player.room.properties_of(n)) for n in range(1, 61)]
            assert scopes == [250] * 60


async def test_a_joiner_is_told_that_the_past_was_cut(enter: Enter) -> None:
    settings = Settings(profile="bench", history_frames=200)
    async with (
        running_relay(settings) as short,
        party_at(short.url) as at,
    ):
        await fill(await at.enters("CUT", create=FULL), numbered(500, 8))
        async with enter(short.url, room="CUT") as player:
            await player.hears(Live)
            first = next(event for event in player.seen if isinstance(event, Message))
            assert NUMBER.unpack(first.payload[:4])[0] > 0
            assert player.room.complete_from == first.seq - 1
            assert player.room.limits.history_frames == 200
