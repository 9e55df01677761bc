"""A relay that goes down: who is told what, who is closed when, and what goes on meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

import httpx
import pytest

from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Ack,
    Deliver,
    Host,
    Kick,
    Notice,
    NoticeKind,
    Presence,
    PresenceChanged,
    PresenceState,
    RoomOptions,
    Send,
    Transfer,
)
from relay.node import drain
from relay.policy.passwords import Passwords
from relay.room import membership
from relay.room.room import Room
from relay.saved import room_state
from tests.helpers.peers import PATIENCE, Party, Peer, new_seat, party, until

AGES = 120.0  # seconds that no test waits for: a drain that takes so long is hurried


@dataclass(frozen=True)
class Leaving:
    """What a peer heard at the end."""

    peer: Peer
    after: int
    """Milliseconds after which it was asked to come back."""
    code: int
    at: float
    """Seconds after the drain's beginning."""


@pytest.fixture
async def at() -> AsyncIterator[Party]:
    async with party() as at:
        yield at


async def leaves(peer: Peer, began: float) -> Leaving:
    code, _ = await peer.ends()
    notices = [notice for notice in peer.all(Notice) if notice.kind == NoticeKind.DRAIN]
    assert len(notices) == 1
    return Leaving(peer, notices[0].detail.after or 0, code, time.monotonic() - began)


async def leave(at: Party, peers: list[Peer], seconds: float) -> list[Leaving]:
    """Let the relay go down. Returns: how each left, the first one first."""
    began = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(at.node.drain(seconds))
        leaving = [tasks.create_task(leaves(peer, began)) for peer in peers]
    return sorted((each.result() for each in leaving), key=lambda leaving: leaving.at)


async def test_everybody_is_told_and_closed_one_after_another(at: Party) -> None:
    seconds = 1.0
    peers = [await at.enters(room) for room in ("A", "B") for _ in range(10)]
    left = await leave(at, peers, seconds)
    assert {each.code for each in left} == {CloseCode.DRAIN}
    times = [each.at for each in left]
    assert 0.3 * seconds < times[len(times) // 2]
    assert 0.8 * seconds < times[-1]
    returns = [each.after for each in left]
    assert returns == sorted(set(returns))  # who leaves first is the first to be back
    assert min(returns) >= 1000 * (seconds + drain.RESTART_SECONDS)
    assert not at.node.connections


async def test_who_goes_last_plays_on_long_after_the_first_has_gone(at: Party) -> None:
    peers = [await at.enters(room) for room in ("A", "B") for _ in range(20)]
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(at.node.drain(AGES))
        assert (await peers[1].ends())[0] == CloseCode.DRAIN
        await peers[20].catches_up()
        at.node.hurry()


async def test_rooms_go_one_after_another_and_their_hosts_last(at: Party) -> None:
    peers = [await at.enters(room) for _ in range(3) for room in ("B", "A")]
    left = [each.peer for each in await leave(at, peers, 0.3)]
    assert [peer.welcome.session.room for peer in left] == ["A"] * 3 + ["B"] * 3
    assert [peer.me for peer in left] == [2, 3, 1, 2, 3, 1]


async def test_without_any_grace_all_go_at_once(at: Party) -> None:
    peers = [await at.enters("R") for _ in range(10)]
    left = await leave(at, peers, 0)
    assert {each.code for each in left} == {CloseCode.DRAIN}
    assert left[-1].at < 5


async def test_with_nobody_there_it_is_over(at: Party) -> None:
    began = time.monotonic()
    async with asyncio.timeout(PATIENCE):
        returning = await at.node.drain(AGES)
    passed = time.monotonic() - began
    assert drain.RESTART_SECONDS - passed <= returning <= drain.RESTART_SECONDS


async def test_when_all_have_left_by_themselves_it_is_over(at: Party) -> None:
    peers = [await at.enters("R") for _ in range(3)]
    async with asyncio.TaskGroup() as tasks, asyncio.timeout(PATIENCE):
        tasks.create_task(at.node.drain(AGES))
        for peer in peers:
            await peer.hears(Notice)
            peer.raw.reset()


async def test_who_has_not_entered_yet_goes_first(at: Party) -> None:
    peer, early = await at.enters("R"), await at.connects("R")
    first, second = await leave(at, [peer, early], 0.2)
    assert (first.peer, second.peer) == (early, peer)


async def test_a_second_word_ends_it_now(at: Party) -> None:
    peers = [await at.enters("R") for _ in range(5)]
    async with asyncio.TaskGroup() as tasks, asyncio.timeout(PATIENCE):
        at.node.hurry()  # too early to mean anything
        going = tasks.create_task(at.node.drain(AGES))
        for peer in peers:
            await peer.hears(Notice)
        at.node.hurry()
        for peer in peers:
            assert (await peer.ends())[0] == CloseCode.DRAIN
        assert AGES < await going < 2 * AGES  # who comes back waits for as long as they were told


# Meanwhile.


async def test_games_go_on(at: Party) -> None:
    ann, bob = await at.enters("R"), await at.enters("R")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(at.node.drain(AGES))
        await ann.hears(Notice)
        ann.says(Send(None, b"on we go"))
        assert (await bob.hears(Deliver)).payload == b"on we go"
        at.node.hurry()


async def test_a_host_who_is_lost_is_followed_while_somebody_is_there(
    at: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "HOST_PATIENCE", 0.05)
    ann, bob = await at.enters("R", seat=new_seat()), await at.enters("R")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(at.node.drain(AGES))
        await ann.hears(Notice)
        ann.raw.reset()
        assert (await bob.hears(Host)).player == bob.me
        at.node.hurry()


async def test_nobody_enters(at: Party) -> None:
    seat = new_seat()
    ann, bob = await at.enters("R"), await at.enters("R", seat=seat)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(at.node.drain(AGES))
        await ann.hears(Notice)
        bob.raw.reset()
        for options in ({}, {"seat": seat, "position": bob.position}, {"create": False}):
            late = await at.connects("R")
            late.greets(**options)
            error, code = await late.is_turned_away()
            assert (error.code, code) == (ErrorCode.RELAY_FULL, CloseCode.RELAY_FULL)
            assert error.detail.retry
            assert 1000 * (AGES - PATIENCE) < (error.detail.after or 0) < 1000 * AGES + 5000
        at.node.hurry()


async def test_a_room_that_was_being_made_is_not_entered(
    at: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits for its password to be hashed is let go like all who have not entered."""
    is_asked, may_go_on = asyncio.Event(), asyncio.Event()

    async def hash_slowly(*_: object) -> str:
        is_asked.set()
        await may_go_on.wait()
        return "hash"

    monkeypatch.setattr(Passwords, "hash", hash_slowly)
    maker = await at.connects("R")
    maker.greets(create=RoomOptions(password="secret"))
    await is_asked.wait()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(at.node.drain(AGES))
        assert (await maker.ends())[0] == CloseCode.DRAIN
        may_go_on.set()
    room = at.node.registry.get("R")
    assert room is None or not room.seats


async def test_http_says_so(at: Party) -> None:
    ann = await at.enters("R")
    async with asyncio.TaskGroup() as tasks, httpx.AsyncClient(base_url=at.url) as http:
        assert (await http.get("/healthz")).status_code == 200
        tasks.create_task(at.node.drain(AGES))
        await ann.hears(Notice)
        health = await http.get("/healthz")
        assert (health.status_code, health.json()) == (503, {"status": "draining"})
        for path in ("/api/rooms", "/api/match"):
            answer = await http.post(path, json={})
            assert answer.status_code == 503
            assert AGES - PATIENCE < int(answer.headers["retry-after"]) < AGES + 5
            assert answer.json()["code"] == "relay_full"
        assert (await http.get("/api/rooms/R")).status_code == 200
        at.node.hurry()


async def test_no_seat_expires_and_no_room_goes(at: Party) -> None:
    ann = await at.enters("R", seat=new_seat(), create=RoomOptions(hold=0))
    ann.says(Ack(ann.position[1]))
    bob = await at.enters("EMPTY", create=RoomOptions(keep=0))
    await leave(at, [ann, bob], 0.1)
    assert {room.name: len(room.seats) for room in at.node.registry} == {"R": 1, "EMPTY": 0}


# And again.


def brought(at: Party, rooms: Iterable[Room]) -> None:
    """Give a relay that nobody has come to the rooms that another one is left with."""
    at.node.restore([room_state.load(room_state.dump(room)) for room in rooms], 0.0)


async def test_rooms_are_taken_up_by_another_relay(at: Party) -> None:
    peers = [await at.enters(room, seat=new_seat()) for room in ("A", "A", "B")]
    await leave(at, peers, 0)
    async with party() as again:
        brought(again, at.node.registry)
        rooms = list(again.node.registry)
        assert [room.host for room in rooms] == [1, 1]
        await again.enters("C")
        assert min(again.node.connections) > max(max(room.seats.lost) for room in rooms)


async def test_who_does_not_come_back_expires(at: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(membership, "RETURN_PATIENCE", 0.05)
    options = RoomOptions(hold=0, keep=0)
    peers = [await at.enters(room, seat=new_seat(), create=options) for room in "AB"]
    await leave(at, peers, 0)
    async with party() as again:
        brought(again, at.node.registry)
        assert len(again.node.registry) == 2
        await until(lambda: not len(again.node.registry))


async def test_a_host_who_was_away_has_its_time_anew_and_who_was_barred_stays_out() -> None:
    rules = RoomOptions(host_away=1, bar="address")
    async with party(limit_loopback=True) as at:
        host = await at.enters("R", seat=new_seat(), create=rules)
        kicked = await at.enters("R", source="127.0.0.2")
        seats = [new_seat(), new_seat()]
        one, two = [await at.enters("R", seat=seat, source="127.0.0.3") for seat in seats]
        host.says(Presence(PresenceState.AWAY), Kick(kicked.me), Transfer(one.me))
        assert (await kicked.ends())[0] == CloseCode.KICKED
        one.says(Presence(PresenceState.AWAY))
        two.says(Presence(PresenceState.AWAY))
        await two.hears(PresenceChanged, lambda told: told.player == two.me)
        await leave(at, [host, one, two], 0)
        async with party(limit_loopback=True) as again:
            brought(again, at.node.registry)
            back = await again.enters("R", seat=seats[0])
            back.says(Presence(PresenceState.AWAY))
            heir = await again.enters("R", seat=seats[1])
            (room,) = again.node.registry
            await until(lambda: room.host == heir.me)
            stranger = await again.connects("R", source="127.0.0.2")
            stranger.greets(seat=new_seat())
            error, code = await stranger.is_turned_away()
            assert (error.code, code) == (ErrorCode.KICKED, CloseCode.KICKED)


async def test_a_host_who_does_not_come_back_is_followed(
    at: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "RETURN_PATIENCE", 0.2)
    seat = new_seat()
    peers = [await at.enters("R", seat=new_seat()), await at.enters("R", seat=seat)]
    await leave(at, peers, 0)
    async with party() as again:
        brought(again, at.node.registry)
        heir = await again.connects("R")
        heir.greets(seat=seat, position=peers[1].position)
        # Nobody is host before it, if it takes longer to come back than the others have time.
        await heir.hears(Host, lambda told: told.player == peers[1].me)
