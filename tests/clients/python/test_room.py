"""What both clients do with a real relay, over real sockets."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from clients.python import (
    EVERYONE,
    HOST,
    Closed,
    HostChanged,
    Joined,
    Kicked,
    Left,
    LeftReason,
    Live,
    LocalProtocolError,
    Message,
    NoSuchRoom,
    Player,
    PresenceChanged,
    PresenceState,
    PropertyChanged,
    Refused,
    RemoteProtocolError,
    RoomClosed,
    RoomFull,
    RoomLocked,
    RoomOptions,
    Unreachable,
    Updated,
    WrongPassword,
    group,
)
from clients.python.base_room import BaseRoom
from protocol.error_codes import ErrorCode
from tests.helpers.players import Enter, enter_async
from tests.helpers.relay import RunningRelay
from tests.helpers.rooms import values

MISTAKES: list[Callable[[BaseRoom[object]], object]] = [
    lambda room: room.send("x", to="bob"),  # type: ignore[arg-type]
    lambda room: room.send(object()),
    lambda room: room.send(bytes(room.limits.max_frame)),
    lambda room: room.send_bytes("text"),  # type: ignore[arg-type]
    lambda room: room.volatile(256, 0),
    lambda room: room.volatile(0, bytes(room.limits.max_frame)),
    lambda room: room.kick("bob"),  # type: ignore[arg-type]
    lambda room: room.presence(PresenceState.LOST),
]


class TestPlaying:
    async def test_who_enters_finds_the_room_as_it_stands(
        self, relay: RunningRelay, enter: Enter
    ) -> None:
        async with (
            enter_async(relay.url, room="k7qf", name="Ann"),
            enter(relay.url, room="K7QF", name="Bob") as bob,
        ):
            assert (bob.room.code, bob.room.me, bob.room.state) == ("K7QF", 2, "live")
            assert {p.number: p.name for p in bob.room.players.values()} == {1: "Ann", 2: "Bob"}
            assert bob.room.players[1] == Player(1, "Ann", is_host=True)
            assert (bob.room.host, bob.room.is_host, bob.room.term) == (1, False, 1)
            assert bob.room.limits.window == 256
            assert bob.room.options.capacity == 64
            await bob.hears(Live)
            assert [type(event) for event in bob.seen] == [Joined, HostChanged, Joined, Live]

    async def test_a_printed_room_says_who_is_there(
        self, relay: RunningRelay, enter: Enter
    ) -> None:
        async with (
            enter(relay.url, room="k7qf", name="Ann"),
            enter(relay.url, room="K7QF", name="Bob") as bob,
        ):
            kind, _, known = str(bob.room).partition("(")
            assert kind == type(bob.room).__name__
            assert (
                known
                == "code='K7QF', player=2, host=1, players={1: 'Ann', 2: 'Bob'}, state='live')"
            )
            await bob.do(lambda room: room.set_property("map", {"w": 16}))
            await bob.hears(PropertyChanged)
            assert str(bob.room.properties) == "Properties({'map': {'w': 16}})"

    async def test_values_arrive_as_they_were_sent(self, relay: RunningRelay, enter: Enter) -> None:
        value = {"t": "say", "text": "hä?", "n": [1, -2.5, None, True], "raw": b"\x00\xff"}
        async with (
            enter(relay.url, room="R", name="Ann") as ann,
            enter(relay.url, room="R", name="Bob") as bob,
        ):
            assert await ann.send(value) == 1
            message = await bob.hears(Message)
            assert (message.value, message.sender, message.player.name) == (value, 1, "Ann")

    async def test_bytes_arrive_as_bytes(self, relay: RunningRelay, enter: Enter) -> None:
        async with enter(relay.url, room="R") as ann:
            await ann.do(lambda room: room.send_bytes(b"\xc1", to=EVERYONE))
            message = await ann.hears(Message)
            assert message.payload == b"\xc1"
            with pytest.raises(RemoteProtocolError):
                _ = message.value

    async def test_a_target_is_who_hears(self, relay: RunningRelay, enter: Enter) -> None:
        async with (
            enter(relay.url, room="R") as ann,
            enter(relay.url, room="R") as bob,
            enter(relay.url, room="R") as cyd,
        ):
            await cyd.do(lambda room: room.subscribe(7))
            for to in (HOST, 2, bob.room.players[2], [1, 2], group(7), EVERYONE):
                await cyd.send(str(to), to=to)
            heard = {}
            for player in (ann, bob, cyd):
                await player.hears(Message, lambda m: m.value == str(EVERYONE))
                heard[player.room.me] = values(player)
            assert heard[1] == [str(to) for to in (HOST, [1, 2], EVERYONE)]
            assert heard[2] == [str(to) for to in (2, bob.room.players[2], [1, 2], EVERYONE)]
            assert heard[3] == [str(to) for to in (group(7), EVERYONE)]

    async def test_all_hear_the_same_order(self, relay: RunningRelay, enter: Enter) -> None:
        async with (
            enter(relay.url, room="R") as ann,
            enter(relay.url, room="R") as bob,
        ):
            for n in range(50):
                await ann.send(["ann", n], to=EVERYONE)
                await bob.send(["bob", n], to=EVERYONE)
            orders = []
            for player in (ann, bob):
                while len(values(player)) < 100:
                    await player.hears(Message)
                orders.append(values(player))
            assert orders[0] == orders[1]

    async def test_volatile_values_reach_who_is_there_and_who_comes_later(
        self, relay: RunningRelay, enter: Enter
    ) -> None:
        async with enter(relay.url, room="R") as ann, enter(relay.url, room="R") as bob:
            await ann.do(lambda room: room.volatile(3, [1.5, 2]))
            update = await bob.hears(Updated)
            assert (update.key, update.sender, update.value) == (3, 1, [1.5, 2])
            await ann.do(lambda room: room.volatile_bytes(4, b"raw"))
            async with enter(relay.url, room="R") as late:
                first, second = await late.hears(Updated), await late.hears(Updated)
                assert {first.key: first.payload, second.key: second.payload} == {
                    3: update.payload,
                    4: b"raw",
                }

    async def test_presence_is_told(self, relay: RunningRelay, enter: Enter) -> None:
        async with enter(relay.url, room="R") as ann, enter(relay.url, room="R") as bob:
            await ann.do(lambda room: room.presence(PresenceState.AWAY))
            event = await bob.hears(PresenceChanged)
            assert (event.player.number, event.player.state) == (1, PresenceState.AWAY)
            assert bob.room.players[1].state is PresenceState.AWAY

    async def test_properties_are_told_and_kept(self, relay: RunningRelay, enter: Enter) -> None:
        async with enter(relay.url, room="R") as ann, enter(relay.url, room="R") as bob:
            await ann.do(lambda room: room.set_property("map", {"w": 16}))
            await ann.do(lambda room: room.set_property("hp", 9, player=1))
            told = await bob.hears(PropertyChanged, lambda event: event.scope == 1)
            assert (told.key, told.value, told.by) == ("hp", 9, 1)
            assert dict(bob.room.properties) == {"map": {"w": 16}}
            assert dict(bob.room.properties_of(ann.room.players[1])) == {"hp": 9}
            version = bob.room.properties.version("map")
            await bob.do(lambda room: room.set_property("map", "new", expected=version))
            await ann.sees(lambda room: room.properties.get("map") == "new")
            await ann.do(lambda room: room.delete_property("map"))
            await bob.sees(lambda room: "map" not in room.properties)

    async def test_a_write_that_came_too_late_is_refused_by_name(
        self, relay: RunningRelay, enter: Enter
    ) -> None:
        async with enter(relay.url, room="R") as ann:
            count = await ann.do(lambda room: room.set_property("map", 1, expected=0))
            stale = await ann.do(lambda room: room.set_property("map", 2, expected=0))
            refused = await ann.hears(Refused)
            assert (refused.code, refused.frame) == (ErrorCode.STALE_VERSION, stale)
            assert stale == count + 1
            assert ann.room.properties["map"] == 1

    async def test_relay_time_is_known(self, relay: RunningRelay, enter: Enter) -> None:
        began = time.monotonic()
        async with enter(relay.url, room="R") as ann, enter(relay.url, room="R") as bob:
            one, other = ann.room.clock, bob.room.clock
            first, between, last = one.now(), other.now(), one.now()
            wrong = (one.rtt + other.rtt) // 2 + 2  # at most: each by half of its round trip
            assert first - wrong <= between <= last + wrong
            assert 0 < one.rtt < 1e6 * (time.monotonic() - began)


class TestHosting:
    async def test_the_host_moves_when_he_leaves(self, relay: RunningRelay, enter: Enter) -> None:
        async with (
            enter(relay.url, room="R", name="Ann") as ann,
            enter(relay.url, room="R", name="Bob") as bob,
        ):
            await ann.leave()
            left = await bob.hears(Left)
            assert (left.player.name, left.reason) == ("Ann", LeftReason.LEFT)
            await bob.sees(lambda room: room.is_host)
            assert bob.room.term == 2

    async def test_the_host_may_give_it_away(self, relay: RunningRelay, enter: Enter) -> None:
        async with enter(relay.url, room="R") as ann, enter(relay.url, room="R") as bob:
            await ann.sees(lambda room: 2 in room.players)
            await ann.do(lambda room: room.transfer(2))
            changed = await bob.hears(HostChanged, lambda event: event.term == 2)
            assert changed.player == bob.room.players[2]
            assert bob.room.host == 2

    async def test_a_kick_ends_the_room_for_good(self, relay: RunningRelay, enter: Enter) -> None:
        async with enter(relay.url, room="R") as ann, enter(relay.url, room="R") as bob:
            await ann.do(lambda room: room.kick(2, "rude"))
            closed = await bob.hears(Closed)
            assert (closed.code, closed.may_return) == (4503, False)
            assert bob.room.state == "closed"
            with pytest.raises(RoomClosed):
                await bob.send("hello?")
            with pytest.raises(Kicked):
                async with enter(relay.url, room="R", seat=bob.room.seat):
                    pass

    async def test_who_is_not_host_is_refused(self, relay: RunningRelay, enter: Enter) -> None:
        async with enter(relay.url, room="R"), enter(relay.url, room="R") as bob:
            count = await bob.do(lambda room: room.kick(1))
            refused = await bob.hears(Refused)
            assert (refused.code, refused.frame) == (ErrorCode.NOT_HOST, count)
            assert refused.text

    async def test_a_spectator_sees_and_cannot_act(self, relay: RunningRelay, enter: Enter) -> None:
        async with (
            enter(relay.url, room="R") as ann,
            enter(relay.url, room="R", role="spectator") as bob,
        ):
            await ann.send("show")
            await bob.hears(Message)
            await bob.send("boo")
            refused = await bob.hears(Refused)
            assert refused.code == ErrorCode.READ_ONLY
            assert bob.room.players[bob.room.me].role == "spectator"


class TestRefusals:
    async def test_a_room_that_is_not_there(self, relay: RunningRelay, enter: Enter) -> None:
        with pytest.raises(NoSuchRoom, match="create=True") as caught:
            async with enter(relay.url, room="NONE", create=False):
                pass
        assert caught.value.closed.code == 4507

    async def test_a_wrong_password(self, relay: RunningRelay, enter: Enter) -> None:
        made = RoomOptions(password="sesame")
        async with enter(relay.url, room="R", create=made, password="sesame"):
            with pytest.raises(WrongPassword, match="password"):
                async with enter(relay.url, room="R", password="Sesame"):
                    pass
            async with enter(relay.url, room="R", password="sesame") as bob:
                assert bob.room.me == 2

    async def test_a_full_room(self, relay: RunningRelay, enter: Enter) -> None:
        async with enter(relay.url, room="R", create=RoomOptions(capacity=1)):
            with pytest.raises(RoomFull):
                async with enter(relay.url, room="R"):
                    pass

    async def test_a_locked_room(self, relay: RunningRelay, enter: Enter) -> None:
        async with enter(relay.url, room="R") as ann:
            await ann.do(lambda room: room.set_property("@locked", True))
            await ann.hears(PropertyChanged)
            with pytest.raises(RoomLocked):
                async with enter(relay.url, room="R"):
                    pass

    async def test_nothing_at_all(self, enter: Enter) -> None:
        with pytest.raises(Unreachable, match="nothing listens"):
            async with enter("127.0.0.1:1", room="R"):
                pass

    async def test_a_server_that_is_no_relay(self, relay: RunningRelay, enter: Enter) -> None:
        with pytest.raises(Unreachable, match="HTTP 40"):
            async with enter(f"{relay.url}/healthz", room="R"):
                pass

    async def test_an_address_without_a_room(self, relay: RunningRelay, enter: Enter) -> None:
        with pytest.raises(ValueError, match="names no room"):
            async with enter(relay.url):
                pass

    async def test_mistakes_raise_at_the_call(self, relay: RunningRelay, enter: Enter) -> None:
        async with enter(relay.url, room="R") as ann:
            for mistake in MISTAKES:
                with pytest.raises(LocalProtocolError):
                    mistake(ann.room)
            assert await ann.send("fine") == 1
