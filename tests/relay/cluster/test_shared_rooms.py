"""Rooms over two relays, with players on real sockets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Ack,
    Deliver,
    Error,
    Joined,
    Kick,
    Leave,
    Left,
    LeftReason,
    Ping,
    Pong,
    PresenceChanged,
    PresenceState,
    RoomOptions,
    Send,
    Taken,
    Update,
    Volatile,
)
from relay.cluster.bus import Bus
from relay.cluster.log_broker import LogBroker
from relay.cluster.values import SUBJECT
from relay.history.memory_budget import ELSEWHERE, HISTORY, PROPOSALS
from relay.lobby.elsewhere import RemoteRoom
from relay.node.tending import sweeping
from relay.room.entries import Join, NodeGone
from tests.helpers.cluster.wire import parties
from tests.helpers.peers import Party, new_seat, until

Two = list[tuple[Party, LogBroker]]


@pytest.fixture
async def two() -> AsyncIterator[Two]:
    async with parties(2) as found:
        yield found


async def test_players_at_two_nodes_are_in_one_room(two: Two) -> None:
    (here, _), (there, _) = two
    ann = await here.enters("R", name="Ann")
    bob = await there.enters("R", name="Bob")
    assert (ann.me, bob.me) == (1, 2)
    assert [each.info.name for each in bob.all(Joined)] == ["Ann", "Bob"]
    assert (await ann.hears(Joined, lambda joined: joined.player == 2)).info.name == "Bob"
    ann.says(Send(None, b"to bob"))
    assert (await bob.hears(Deliver)).payload == b"to bob"
    bob.says(Send((1,), b"to ann"))
    assert (await ann.hears(Deliver)).payload == b"to ann"
    assert here.room("R").summary() == there.room("R").summary()


async def test_what_is_sent_is_acknowledged_when_it_is_ordered(two: Two) -> None:
    (here, _), (there, _) = two
    ann, bob = await here.enters("R"), await there.enters("R")
    for who in (ann, bob):
        who.says(Send(None, b"x"))
        taken = await who.hears(Taken)
        assert taken.taken == 1


async def test_volatile_values_pass_between_nodes_and_are_kept_there(two: Two) -> None:
    (here, _), (there, _) = two
    ann, bob = await here.enters("R"), await there.enters("R")
    await ann.hears(Joined, lambda joined: joined.player == 2)
    ann.says(Volatile(1, None, b"up"), Volatile(2, (2,), b"left"))
    heard = {(await bob.hears(Update)).payload, (await bob.hears(Update)).payload}
    assert heard == {b"up", b"left"}
    late = await there.enters("R")
    assert (await late.hears(Update)).payload == b"up"


async def test_the_newest_value_of_a_key_is_told_last_whomever_it_is_for(two: Two) -> None:
    (here, _), (there, _) = two
    ann, bob = await here.enters("R"), await there.enters("R")
    await ann.hears(Joined, lambda joined: joined.player == 2)
    ann.says(Volatile(1, None, b"1"), Volatile(1, (2,), b"2"), Volatile(1, None, b"3"))
    ann.says(Send(None, b"end"))
    await bob.hears(Deliver)
    assert [update.payload for update in bob.all(Update)][-1] == b"3"


async def test_a_player_comes_back_through_another_node(two: Two) -> None:
    (here, _), (there, _) = two
    seat = new_seat()
    ann, bob = await here.enters("R"), await there.enters("R", seat=seat)
    bob.says(Ack(bob.position[1]), Send(None, b"1"), Send(None, b"2"))
    await ann.hears(Deliver)
    await ann.hears(Deliver)
    bob.raw.reset()
    lost = await ann.hears(PresenceChanged)
    assert (lost.player, lost.state) == (bob.me, PresenceState.LOST)
    ann.says(Send(None, b"missed"))
    again = await here.connects("R")
    again.greets(seat=seat, position=bob.position)
    assert (await again.hears(Deliver)).payload == b"missed"
    session = again.welcome.session
    assert (session.resumed, session.taken) == (True, 2)


async def test_the_newest_connection_wins_on_whatever_node(two: Two) -> None:
    (here, _), (there, _) = two
    seat = new_seat()
    first = await here.enters("R", seat=seat)
    await there.enters("R", seat=seat)
    assert (await first.ends())[0] == CloseCode.REPLACED


async def test_a_password_holds_at_every_node(two: Two) -> None:
    (here, _), (there, _) = two
    await here.enters("R", create=RoomOptions(password="sesame"), password="sesame")
    stranger = await there.connects("R")
    stranger.greets()
    error, code = await stranger.is_turned_away()
    assert (error.code, code) == (ErrorCode.WRONG_PASSWORD, CloseCode.WRONG_PASSWORD)
    assert (await there.enters("R", password="sesame")).me == 2


async def test_who_makes_a_room_at_once_makes_one(two: Two) -> None:
    (here, _), (there, _) = two
    ann, bob = await asyncio.gather(here.enters("R"), there.enters("R"))
    assert {ann.me, bob.me} == {1, 2}
    assert here.room("R").epoch == there.room("R").epoch


async def test_a_kick_reaches_the_other_node(two: Two) -> None:
    (here, _), (there, _) = two
    ann, bob = await here.enters("R"), await there.enters("R")
    ann.says(Kick(bob.me))
    assert (await bob.ends())[0] == CloseCode.KICKED
    left = await ann.hears(Left)
    assert (left.player, left.reason) == (bob.me, LeftReason.KICKED)


async def test_a_node_that_is_taken_for_dead_lets_all_go_and_they_come_back(two: Two) -> None:
    (here, alive), (there, dead) = two
    seat = new_seat()
    ann, bob = await here.enters("R"), await there.enters("R", seat=seat)
    other = await there.enters("ELSEWHERE", seat=new_seat())
    before = dead.incarnation
    alive.append("R", NodeGone(before))
    assert (await bob.ends())[0] == CloseCode.MOVED
    assert (await other.ends())[0] == CloseCode.MOVED
    assert dead.incarnation != before
    again = await there.enters("R", seat=seat)
    assert again.me == bob.me
    again.says(Send(None, b"here"))
    assert (await ann.hears(Deliver)).payload == b"here"


async def test_a_room_ends_at_all_nodes(two: Two) -> None:
    (here, _), (there, _) = two
    ann = await here.enters("R", create=RoomOptions(keep=0))
    bob = await there.enters("R")
    ann.raw.abort()
    bob.raw.abort()
    await until(lambda: not len(here.node.registry) and not len(there.node.registry))
    assert (await there.enters("R")).me == 1


async def test_who_goes_while_their_entry_is_on_its_way_leaves_no_seat(two: Two) -> None:
    (here, _), (there, _) = two
    ann = await here.enters("R")
    for _ in range(5):
        hasty = await there.connects("R")
        hasty.greets()
        hasty.raw.abort()
    await ann.catches_up()
    await until(lambda: not there.node.connections)
    await until(lambda: len(here.room("R").seats) == 1)


async def test_a_ping_is_answered_with_what_the_room_has_taken(two: Two) -> None:
    (here, _), (there, _) = two
    await here.enters("R")
    bob = await there.enters("R")
    bob.says(Send(None, b"x"))
    await bob.hears(Taken)
    await bob.catches_up()
    assert bob.all(Pong)[-1].taken == 1


async def test_what_comes_after_leave_is_ignored_until_it_is_answered(two: Two) -> None:
    (here, _), _ = two
    ann = await here.enters("R")
    ann.says(Leave(), Ping(1), Send(None, b"late"))
    assert (await ann.ends())[0] == CloseCode.NORMAL
    assert not ann.all(Error)


async def test_an_older_hello_takes_no_seat_from_a_newer_one(two: Two) -> None:
    (here, broker), _ = two
    seat = new_seat()
    ann = await here.enters("R", seat=seat)
    room = here.room("R")
    late = Join(broker.next_attachment(), room.seats[ann.me].key, at=1)
    broker.append("R", late)
    await ann.catches_up()
    assert (await here.enters("R", seat=new_seat())).me == 2
    assert room.seats[ann.me].attachment != late.attachment


async def test_a_hello_that_is_read_late_takes_no_seat_from_a_later_connection(two: Two) -> None:
    """Its relay stood still, or the way to it, until its client gave it up and came anew."""
    (here, _), (there, _) = two
    seat, other = new_seat(), await there.enters("R")
    given_up = await here.connects("R")
    (connection,) = here.node.connections.values()
    await until(lambda: time.time_ns() // 1_000_000 > connection.entrance.began)
    ann = await there.enters("R", seat=seat)
    given_up.greets(seat=seat)
    error, code = await given_up.is_turned_away()
    assert (error.code, code) == (ErrorCode.RELAY_FULL, CloseCode.RELAY_FULL)
    other.says(Send(None, b"still here?"))
    assert (await ann.hears(Deliver)).payload == b"still here?"


async def test_a_number_of_a_connection_is_not_given_twice(two: Two) -> None:
    (here, broker), _ = two
    seat = new_seat()
    lost, stays = await here.enters("R", seat=seat), await here.enters("R")
    lost.says(Ack(lost.position[1]))
    lost.raw.reset()
    await stays.hears(PresenceChanged)
    assert not here.room("R").seats.attached.keys() - here.node.connections.keys()
    vars(broker)["_connections"] = 0  # as after 4 million connections
    again = await here.connects("R")  # with the number of the connection that was lost
    again.greets()
    error, _ = await again.is_turned_away()
    assert error.detail.retry
    another = await here.enters("R")  # the number of the one who stays is left out
    another.says(Send(None, b"hi"))
    assert (await stays.hears(Deliver)).payload == b"hi"


async def test_a_value_of_an_older_connection_is_told_to_nobody(two: Two) -> None:
    """Its node stood still. Meanwhile the sender had moved, told newer ones, and came back."""
    (here, _), (there, broker) = two
    seat, bob = new_seat(), await there.enters("R")
    told: list[bytes] = []
    bus: Bus = vars(vars(broker)["_values"])["_bus"]
    bus.subscribe(SUBJECT + "R", lambda node, data: told.append(data))
    ann = await here.enters("R", seat=seat)
    ann.says(Volatile(1, None, b"old"))
    assert (await bob.hears(Update)).payload == b"old"
    moved = await there.enters("R", seat=seat)
    moved.says(Volatile(1, None, b"new"))
    assert (await bob.hears(Update)).payload == b"new"
    vars(broker)["_values"]._hear(there.room("R"), told[0])
    back = await here.enters("R", seat=seat)
    back.says(Send(None, b"back"))
    await bob.hears(Deliver)
    assert [each.payload for each in bob.all(Update)] == [b"old", b"new"]


async def test_a_room_that_came_from_another_node_counts_in_the_memory_of_this_one(
    two: Two,
) -> None:
    (here, _), (there, _) = two
    ann = await here.enters("R", create=RoomOptions(history="full"))
    ann.says(*[Send(None, bytes(1000))] * 50)
    await ann.catches_up()
    assert not there.node.memory.used
    bob = await there.enters("R")
    assert there.node.memory.kinds[HISTORY] > 50_000
    before = there.node.memory.kinds[HISTORY]
    ann.says(*[Send(None, bytes(1000))] * 50)
    await bob.catches_up()
    await until(lambda: there.node.memory.kinds[HISTORY] > before + 20_000)
    bob.says(Leave())
    await bob.ends()


async def test_what_no_room_pays_for_counts_in_memory_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sweeping, "SWEEP_SECONDS", 0.01)
    async with parties(1) as ((at, broker),):
        ann = await at.enters("R")
        at.node.rooms.elsewhere.tell("X", RemoteRoom("X", RoomOptions()))
        vars(vars(broker)["_log"])["publish"] = lambda room, id, data: None  # a log that is away
        ann.says(Send(None, bytes(10_000)))
        kinds = at.node.memory.kinds
        await until(lambda: kinds[PROPOSALS] > 10_000 and kinds[ELSEWHERE] > 0)


async def test_a_stale_value_is_told_to_nobody(two: Two) -> None:
    (here, _), (there, _) = two
    seat = new_seat()
    ann, bob = await here.enters("R", seat=seat), await there.enters("R")
    ann.says(Volatile(1, None, b"old"))
    await bob.hears(Update)
    bob.says(Leave())
    await bob.ends()
    # Nobody is there who would hear it: the other relay must not tell the old one.
    ann.says(Volatile(1, None, b"new"))
    await ann.catches_up()
    again = await there.enters("R")
    assert [each.payload for each in again.all(Update)] in ([], [b"new"])
    if not again.all(Update):
        assert (await again.hears(Update)).payload == b"new"
