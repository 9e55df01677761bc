"""Late joiners, snapshots and slow readers: both clients and a real relay, over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

import anyio
import pytest

from clients.python import (
    EVERYONE,
    OTHERS,
    Live,
    Message,
    Notice,
    NoticeKind,
    PresenceChanged,
    PresenceState,
    Refused,
    RoomOptions,
    SnapshotReceived,
    SnapshotWanted,
)
from clients.python.base_room import BaseRoom
from clients.python.core.commands import To
from protocol.error_codes import ErrorCode
from relay.policy.config import Settings
from tests.helpers.cable import cable_to
from tests.helpers.players import Enter, TestPlayer, enter_async
from tests.helpers.relay import RunningRelay, running_relay

FULL = RoomOptions(history="full")
SNAPSHOT = RoomOptions(history="snapshot")
KIB = 1024


@pytest.fixture
async def relay() -> AsyncIterator[RunningRelay]:
    async with running_relay() as relay:
        yield relay


def give(value: object, room: BaseRoom[object]) -> object:
    return room.give_snapshot(value)


def told(player: TestPlayer) -> list[object]:
    """Return what a program knows: all that a snapshot held, and every message's value."""
    values: list[object] = []
    for event in player.taken:
        match event:
            case SnapshotReceived(value=held):
                values = list(held)
            case Message(value=value):
                values.append(value)
    return values


def knows(player: TestPlayer, value: object, room: BaseRoom[object]) -> bool:
    return value in told(player)


async def says(player: TestPlayer, *values: object, to: To = EVERYONE) -> None:
    for value in values:
        await player.send(value, to=to)


class TestHistory:
    async def test_who_comes_late_hears_it_before_live(
        self, relay: RunningRelay, enter: Enter
    ) -> None:
        async with enter(relay.url, room="R", name="Ann", create=FULL) as ann:
            assert ann.room.options.history == "full"
            await says(ann, 1, 2, 3)
            await ann.hears(Message, lambda event: event.value == 3)
            async with enter(relay.url, room="R", name="Bob") as bob:
                await bob.hears(Live)
                assert told(bob) == [1, 2, 3]
                await says(ann, 4)
                now = await bob.hears(Message)
                assert not now.is_history
                past = [event for event in bob.seen if isinstance(event, Message)][:-1]
                assert all(event.is_history and event.player.name == "Ann" for event in past)

    async def test_what_was_for_some_is_no_history(self, relay: RunningRelay, enter: Enter) -> None:
        async with enter(relay.url, room="R", create=FULL) as ann:
            await says(ann, "to myself", to=1)
            await says(ann, "to the others", to=OTHERS)
            await says(ann, "to all")
            await ann.hears(Message, lambda event: event.value == "to all")
            async with enter(relay.url, room="R") as bob:
                await bob.hears(Live)
                assert told(bob) == ["to the others", "to all"]

    @pytest.mark.parametrize("made", [RoomOptions(), SNAPSHOT], ids=["none", "snapshot"])
    async def test_a_room_that_keeps_none_tells_none(
        self, relay: RunningRelay, enter: Enter, made: RoomOptions
    ) -> None:
        async with enter(relay.url, room="R", create=made) as ann:
            await says(ann, 1, 2, 3)
            await ann.hears(Message, lambda event: event.value == 3)
            async with enter(relay.url, room="R") as bob:
                await bob.hears(Live)
                assert told(bob) == []

    async def test_a_room_that_is_made_anew_has_the_same_history(self, enter: Enter) -> None:
        made = RoomOptions(history="full", write="host")
        async with (
            running_relay() as first,
            running_relay() as second,
            cable_to(first.url) as cable,
            enter(cable.url, room="R", create=made) as ann,
        ):
            await ann.hears(Live)
            cable.lead_to(second.url)
            cable.cut()
            await ann.hears(Live)
            assert ann.room.options == made


class TestSnapshots:
    async def test_a_late_joiner_hears_it_and_what_came_behind(
        self, relay: RunningRelay, enter: Enter
    ) -> None:
        async with (
            enter(relay.url, room="R", create=SNAPSHOT) as ann,
            enter(relay.url, room="R") as bob,
        ):
            await says(bob, 1, 2)
            await ann.hears(Message, lambda event: event.value == 2)
            await ann.do(partial(give, [1, 2]))
            await says(ann, 3)
            await bob.hears(Message, lambda event: event.value == 3)
            async with enter(relay.url, room="R") as cyd:
                live = await cyd.hears(Live)
                (snapshot,) = [e for e in cyd.seen if isinstance(e, SnapshotReceived)]
                assert snapshot.seq < live.seq
                assert told(cyd) == [1, 2, 3]

    async def test_it_holds_what_its_giver_has_read_and_no_more(
        self, relay: RunningRelay, enter: Enter
    ) -> None:
        async with (
            enter(relay.url, room="R", create=SNAPSHOT) as ann,
            enter(relay.url, room="R") as bob,
        ):
            await says(bob, *range(50))
            await ann.hears(Message, lambda event: event.value == 19)
            await bob.hears(Message, lambda event: event.value == 49)
            await ann.do(partial(give, told(ann)))
            await given(ann)
            async with enter(relay.url, room="R") as cyd:
                await cyd.hears(Live)
                assert told(cyd) == list(range(50))

    async def test_frames_of_its_giver_are_in_it_whether_he_heard_them_or_not(
        self, relay: RunningRelay, enter: Enter
    ) -> None:
        async with enter(relay.url, room="R", create=SNAPSHOT) as ann:
            await says(ann, 1, 2, to=OTHERS)
            await ann.do(partial(give, [1, 2]))
            await says(ann, 3, to=OTHERS)
            await given(ann)
            async with enter(relay.url, room="R") as bob:
                await bob.hears(Live)
                assert told(bob) == [1, 2, 3]

    @pytest.mark.parametrize("size", [0, 16 * KIB, 200 * KIB])
    async def test_of_any_size_it_arrives_whole(
        self, relay: RunningRelay, enter: Enter, size: int
    ) -> None:
        payload = bytes(n % 251 for n in range(size))
        async with enter(relay.url, room="R", create=FULL) as ann:
            await ann.do(lambda room: room.give_snapshot_bytes(payload))
            await given(ann)
            async with enter(relay.url, room="R") as bob:
                snapshot = await bob.hears(SnapshotReceived)
                assert snapshot.payload == payload

    async def test_only_the_host_gives_one(self, relay: RunningRelay, enter: Enter) -> None:
        async with enter(relay.url, room="R", create=FULL), enter(relay.url, room="R") as bob:
            count = await bob.do(partial(give, "mine"))
            refused = await bob.hears(Refused)
            assert (refused.code, refused.frame) == (ErrorCode.NOT_HOST, count)

    async def test_a_room_without_history_takes_none(
        self, relay: RunningRelay, enter: Enter
    ) -> None:
        async with enter(relay.url, room="R") as ann:
            count = await ann.do(partial(give, "mine"))
            refused = await ann.hears(Refused)
            assert (refused.code, refused.frame) == (ErrorCode.NOT_AVAILABLE, count)

    async def test_a_host_who_is_asked_keeps_late_joiners_in_the_know(self, enter: Enter) -> None:
        settings = Settings(profile="bench", history_frames=200)
        async with (
            running_relay(settings) as relay,
            enter(relay.url, room="R", create=SNAPSHOT) as ann,
            enter(relay.url, room="R") as bob,
        ):
            for begin in range(0, 1000, 100):
                await says(bob, *range(begin, begin + 100))
                await ann.sees(partial(knows, ann, begin + 99))
                if any(isinstance(event, SnapshotWanted) for event in ann.taken[-150:]):
                    await ann.do(partial(give, told(ann)))
                    await given(ann)
            assert any(isinstance(event, SnapshotWanted) for event in ann.taken)
            async with enter(relay.url, room="R") as cyd:
                await cyd.hears(Live)
                assert told(cyd) == list(range(1000))

    async def test_all_know_the_same_whenever_they_come(self, enter: Enter) -> None:
        last = 399

        async def talk(bob: TestPlayer) -> None:
            for n in range(last + 1):
                await bob.send(n, to=EVERYONE)
                await anyio.sleep(0.001)

        async def remember(ann: TestPlayer) -> None:
            while (await ann.hears(Message)).value != last:
                if len(ann.seen) % 40 == 0:
                    await ann.do(partial(give, told(ann)))

        async def look_in(url: str, after: float) -> None:
            await anyio.sleep(after)
            async with enter(url, room="R") as cyd:
                await cyd.sees(partial(knows, cyd, last))
                assert told(cyd) == list(range(last + 1))

        async with (
            running_relay(Settings(profile="bench")) as relay,
            enter(relay.url, room="R", create=FULL) as ann,
            enter(relay.url, room="R") as bob,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(talk, bob)
            tasks.start_soon(remember, ann)
            for n in range(8):
                tasks.start_soon(look_in, relay.url, n * 0.07)


class TestWhoMayWrite:
    async def test_properties_may_be_the_hosts_alone(
        self, relay: RunningRelay, enter: Enter
    ) -> None:
        async with (
            enter(relay.url, room="R", create=RoomOptions(write="host")) as ann,
            enter(relay.url, room="R") as bob,
        ):
            await bob.do(lambda room: room.set_property("map", "mine"))
            assert (await bob.hears(Refused)).code == ErrorCode.NOT_HOST
            await bob.do(lambda room: room.set_property("colour", "red", player=2))
            await ann.do(lambda room: room.set_property("map", "ice"))
            # Two connections: either write may come first.
            await bob.sees(lambda room: room.properties.get("map") == "ice")
            await bob.sees(lambda room: room.properties_of(2).get("colour") == "red")


class TestSlowReaders:
    async def test_he_and_the_others_are_told_until_he_keeps_up(self, enter: Enter) -> None:
        settings = Settings(profile="bench", slow_seconds=60)
        async with (
            running_relay(settings) as relay,
            cable_to(relay.url) as cable,
            enter(cable.url, room="R") as ann,
            enter_async(relay.url, room="R") as bob,
        ):
            cable.stall()
            for _ in range(3000):
                await bob.do(lambda room: room.send_bytes(bytes(4000)))
            lagging = await bob.hears(PresenceChanged)
            assert (lagging.player.number, lagging.player.state) == (1, PresenceState.LAGGING)
            cable.flow()
            warned = await ann.hears(Notice)
            assert (warned.kind, warned.detail.dropped) == (NoticeKind.LAG, None)
            assert 50_000 < (warned.detail.after or 0) <= 60_000
            relieved = await ann.hears(Notice)
            assert (relieved.kind, relieved.detail.dropped) == (NoticeKind.LAG, 0)
            await bob.hears(PresenceChanged, lambda e: e.player.state == PresenceState.HERE)
            await ann.sees(lambda room: room.players[1].state == PresenceState.HERE)
            assert sum(isinstance(event, Message) for event in ann.seen) == 3000


async def given(player: TestPlayer) -> None:
    """Wait until the relay has taken what a player sent."""
    await player.send("done", to=player.room.me)
    await player.hears(Message, lambda event: event.value == "done")
    player.seen.pop()
