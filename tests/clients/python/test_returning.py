"""What both clients do when a connection is lost, over real sockets."""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import partial

import anyio
import pytest

from clients.python import (
    Closed,
    Left,
    LeftReason,
    Live,
    Lost,
    Message,
    PresenceChanged,
    PresenceState,
    PropertyChanged,
    Reconnecting,
    Resumed,
    RoomOptions,
    Updated,
)
from protocol.codec import unpack
from protocol.frames import Send
from relay.policy.config import Settings
from tests.helpers.cable import Cable, cable_to
from tests.helpers.players import PATIENCE, Enter, enter_async
from tests.helpers.relay import RunningRelay, running_relay
from tests.helpers.rooms import reaches, values, volatile


class TestReturning:
    async def test_a_cut_connection_comes_back_and_misses_nothing(
        self, relay: RunningRelay, cable: Cable, enter: Enter
    ) -> None:
        async with (
            enter(cable.url, room="R", name="Ann") as ann,
            enter_async(relay.url, room="R", name="Bob") as bob,
        ):
            await ann.sees(lambda room: 2 in room.players)
            cable.cut()
            lost = await ann.hears(Reconnecting)
            assert lost.attempt == 1
            resumed = await ann.hears(Resumed)
            await ann.hears(Live)
            assert resumed.resumed
            assert ann.room.me == 1
            assert set(ann.room.players) == {1, 2}
            await ann.send("back")
            assert (await bob.hears(Message)).value == "back"

    async def test_a_dropped_connection_comes_back_and_misses_no_change(
        self, relay: RunningRelay, enter: Enter
    ) -> None:
        async with (
            enter(relay.url, room="R", name="Ann") as ann,
            enter_async(relay.url, room="R", name="Bob") as bob,
        ):
            await ann.sees(lambda room: 2 in room.players)
            await ann.do(lambda room: room.drop())
            await bob.hears(PresenceChanged, lambda event: event.player.number == 1)
            await bob.do(lambda room: room.set_property("map", "first"))
            await bob.do(lambda room: room.set_property("map", "second"))
            assert (await ann.hears(Reconnecting)).attempt == 1
            assert (await ann.hears(Resumed)).resumed
            for value in ("first", "second"):
                assert (await ann.hears(PropertyChanged)).value == value

    async def test_a_room_that_is_left_has_no_connection_to_drop(
        self, relay: RunningRelay, enter: Enter
    ) -> None:
        async with enter(relay.url, room="R") as ann:
            await ann.leave()
            await ann.do(lambda room: room.drop())
            await ann.hears(Closed)
            assert ann.room.state == "closed"

    async def test_what_was_sent_while_away_arrives_once(
        self, relay: RunningRelay, cable: Cable, enter: Enter
    ) -> None:
        async with (
            enter(cable.url, room="R", name="Ann") as ann,
            enter_async(relay.url, room="R", name="Bob") as bob,
        ):
            await ann.send(0)
            cable.unplug()
            await ann.hears(Reconnecting)
            assert ann.room.state == "reconnecting"
            for n in range(1, 20):
                await ann.send(n)
                await ann.do(partial(volatile, n))
            cable.plug()
            await bob.hears(Message, lambda m: m.value == 19)
            await bob.hears(Updated, lambda u: u.value == 19)
            assert values(bob) == list(range(20))

    async def test_cuts_in_the_middle_of_a_stream_lose_and_double_nothing(
        self, relay: RunningRelay, cable: Cable, enter: Enter
    ) -> None:
        async with (
            enter(cable.url, room="R", name="Ann") as ann,
            enter_async(relay.url, room="R", name="Bob") as bob,
        ):
            for n in range(200):
                await ann.send(n)
                if n % 50 == 25:
                    await bob.hears(Message, partial(reaches, n - 20))
                    cable.cut()
                    await ann.hears(Live)
            await bob.hears(Message, lambda m: m.value == 199)
            assert values(bob) == list(range(200))

    async def test_a_relay_started_anew_has_its_players_back(self, enter: Enter) -> None:
        made = RoomOptions(title="Arena", capacity=8)
        async with AsyncExitStack() as stack:
            first, second = [await stack.enter_async_context(running_relay()) for _ in range(2)]
            cable = await stack.enter_async_context(cable_to(first.url))
            players = [
                await stack.enter_async_context(enter(cable.url, room="R", name=name, create=how))
                for name, how in (("Ann", made), ("Bob", False))
            ]
            cable.lead_to(second.url)
            cable.cut()
            for player in players:
                resumed = await player.hears(Resumed)
                assert not resumed.resumed
                assert resumed.reason
                await player.hears(Live)
                assert player.room.options.title == "Arena"
            ann, bob = players
            await bob.sees(lambda room: len(room.players) == 2)
            await bob.send("we meet again")
            assert (await ann.hears(Message)).player.name == "Bob"

    async def test_a_relay_started_anew_is_told_the_newest_volatile_values(
        self, enter: Enter
    ) -> None:
        async with AsyncExitStack() as stack:
            first, second = [await stack.enter_async_context(running_relay()) for _ in range(2)]
            cable = await stack.enter_async_context(cable_to(first.url))
            ann = await stack.enter_async_context(enter(cable.url, room="R", name="Ann"))
            for number in (1, 2):
                await ann.do(partial(volatile, number))
            bob = await stack.enter_async_context(enter_async(first.url, room="R", name="Bob"))
            await bob.hears(Updated, lambda u: u.value == 2)
            cable.lead_to(second.url)
            cable.cut()
            await ann.hears(Live)
            cyd = await stack.enter_async_context(enter_async(second.url, room="R", name="Cyd"))
            assert (await cyd.hears(Updated)).value == 2

    async def test_a_second_connection_of_a_seat_ends_the_first(
        self, relay: RunningRelay, enter: Enter
    ) -> None:
        async with (
            enter(relay.url, room="R") as ann,
            enter(relay.url, room="R", seat=ann.room.seat) as again,
        ):
            closed = await ann.hears(Closed)
            assert (closed.code, closed.reason) == (4502, "replaced")
            assert again.room.me == 1
            assert await again.send("mine now") == 1

    async def test_leaving_gives_the_seat_up_at_once(
        self, relay: RunningRelay, enter: Enter
    ) -> None:
        async with enter_async(relay.url, room="R") as ann:
            async with enter(relay.url, room="R") as bob:
                await bob.send("bye")
                await bob.leave()
                closed = await bob.hears(Closed)
                assert closed.code == 1000
            left = await ann.hears(Left)
            assert left.reason == LeftReason.LEFT
            assert any(isinstance(event, Message) for event in ann.seen)

    async def test_what_was_sent_while_away_arrives_though_one_leaves(
        self, relay: RunningRelay, cable: Cable, enter: Enter
    ) -> None:
        async with (
            enter_async(relay.url, room="R") as bob,
            enter(cable.url, room="R") as ann,
            anyio.create_task_group() as tasks,
        ):
            cable.unplug()
            await ann.hears(Reconnecting)
            for n in range(20):
                await ann.send(n)
            tasks.start_soon(ann.leave)
            cable.plug()
            left = await bob.hears(Left)
            assert values(bob) == list(range(20))
            assert left.reason == LeftReason.LEFT
            await ann.hears(Closed)
            assert not any(isinstance(event, Lost) for event in ann.seen)

    async def test_what_cannot_arrive_any_more_is_told_as_lost(
        self, relay: RunningRelay, cable: Cable, enter: Enter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("clients.python.io.driver.LEAVE_PATIENCE", 0.2)
        async with enter(cable.url, room="R") as ann:
            cable.unplug()
            await ann.hears(Reconnecting)
            for n in range(20):
                await ann.send(n)
            with anyio.fail_after(PATIENCE / 2):
                await ann.leave()
            lost = await ann.hears(Lost)
            sent = [frame for frame in lost.messages if isinstance(frame, Send)]
            assert [unpack(frame.payload) for frame in sent] == list(range(20))
            await ann.hears(Closed)

    async def test_who_leaves_while_away_leaves_no_ghost(
        self, relay: RunningRelay, cable: Cable, enter: Enter
    ) -> None:
        async with (
            enter_async(relay.url, room="R") as bob,
            enter(cable.url, room="R") as ann,
            anyio.create_task_group() as tasks,
        ):
            cable.unplug()
            await ann.hears(Reconnecting)
            tasks.start_soon(ann.leave)
            cable.plug()
            left = await bob.hears(Left)
            assert left.reason == LeftReason.LEFT
            await ann.hears(Closed)

    async def test_leaving_works_without_a_connection(
        self, cable: Cable, relay: RunningRelay, enter: Enter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("clients.python.io.driver.LEAVE_PATIENCE", 0.2)
        async with enter(cable.url, room="R") as ann:
            cable.unplug()
            await ann.hears(Reconnecting)
        assert ann.room.state == "closed"

    async def test_too_slow_a_reader_is_told_and_comes_back(self, enter: Enter) -> None:
        settings = Settings(profile="bench")
        async with (
            running_relay(settings) as relay,
            cable_to(relay.url) as cable,
            enter(cable.url, room="R") as ann,
            enter_async(relay.url, room="R") as bob,
        ):
            cable.stall()
            for _ in range(3000):
                await bob.do(lambda room: room.send_bytes(bytes(1000)))
            await bob.hears(PresenceChanged, lambda e: e.player.state == PresenceState.LOST)
            cable.flow()
            await ann.hears(Resumed)
            await ann.hears(Live)
            await bob.send("still there?")
            await ann.hears(Message, lambda m: len(m.payload) < 100)
