"""The rooms of a node: how they are made and let go of, and how many there may be."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.frames import Ack, Host, Joined, Presence, PresenceState, RoomOptions
from relay.history.memory_budget import ROOM_BYTES
from relay.lobby.listing import Filter
from relay.lobby.rooms import Rooms
from relay.node.node import Node
from relay.policy.config import Settings
from relay.room import membership
from relay.room.refusals import Refusal
from relay.room.room import Room
from tests.helpers.peers import Party, new_seat, party, until
from tests.helpers.playbook import room_of, sends

LAN, OTHER = "192.168.1.77", "192.168.2.78"


@asynccontextmanager
async def rooms_with(**settings: Any) -> AsyncIterator[Rooms]:
    """Yield the rooms of a node with these settings, to which nobody connects."""
    node = Node(Settings(**settings))
    yield node.rooms
    node.close()


async def refusal_of(making: Awaitable[Room]) -> Refusal:
    with pytest.raises(Refusal) as refused:
        await making
    return refused.value


class TestMaking:
    async def test_a_room_is_found_and_listed_until_it_goes(self) -> None:
        async with rooms_with(history_frames=7, max_frame=1000) as rooms:
            before = rooms.memory.used
            room = await rooms.create(RoomOptions(title="Duel"), "duel", LAN)
            assert rooms.registry.get("DUEL") is room
            assert rooms.listing.page(Filter(), only_open=False, limit=9)[0] == [room]
            assert (room.history.max_frames, room.max_frame) == (7, 1000)
            assert rooms.memory.used >= before + ROOM_BYTES
            rooms.remove(room)
            assert rooms.registry.get("DUEL") is None
            assert rooms.listing.page(Filter(), only_open=False, limit=9)[0] == []
            assert rooms.memory.used == before

    async def test_a_name_is_made_up_and_no_two_rooms_have_one(self) -> None:
        async with rooms_with() as rooms:
            made = [await rooms.create(RoomOptions(), None, LAN) for _ in range(10)]
            assert len({room.name for room in made}) == len({room.epoch for room in made}) == 10
            refused = await refusal_of(rooms.create(RoomOptions(), made[0].name.lower(), LAN))
            assert refused.code == ErrorCode.NOT_AVAILABLE
            assert rooms.registry.get(made[0].name) is made[0]

    async def test_of_a_password_only_its_hash_is_kept(self) -> None:
        async with rooms_with() as rooms:
            room = await rooms.create(RoomOptions(password="sesame"), "A", LAN)
            assert room.options.password == ""
            assert room.password_hash.startswith("$argon2id$")
            assert (await rooms.create(RoomOptions(), "B", LAN)).password_hash == ""


class TestHowMany:
    async def test_a_full_relay_lets_a_room_go_that_nobody_has_entered(self) -> None:
        async with rooms_with(max_rooms=2) as rooms:
            entered = await rooms.create(RoomOptions(), "A", LAN)
            rooms.enter(entered)
            await rooms.create(RoomOptions(), "B", LAN)
            third = await rooms.create(RoomOptions(), "C", OTHER)
            assert rooms.registry.get("B") is None
            rooms.enter(third)
            refused = await refusal_of(rooms.create(RoomOptions(), "D", LAN))
            assert (refused.code, refused.close) == (ErrorCode.RELAY_FULL, CloseCode.RELAY_FULL)
            assert len(rooms.registry) == 2

    async def test_an_address_has_so_many_and_one_that_goes_makes_place(self) -> None:
        async with rooms_with(rooms_per_address=2) as rooms:
            first = await rooms.create(RoomOptions(), "A", LAN)
            await rooms.create(RoomOptions(), "B", LAN)
            refused = await refusal_of(rooms.create(RoomOptions(), "C", LAN))
            assert (refused.code, refused.close) == (ErrorCode.TOO_FAST, CloseCode.TOO_FAST)
            await rooms.create(RoomOptions(), "C", OTHER)
            rooms.remove(first)
            await rooms.create(RoomOptions(), "D", LAN)

    async def test_an_address_that_has_all_the_memory_it_may_have_makes_none(self) -> None:
        async with rooms_with() as rooms:
            rooms.memory.limit = 4 * ROOM_BYTES
            await rooms.create(RoomOptions(), "A", LAN)
            await rooms.create(RoomOptions(), "B", LAN)
            refused = await refusal_of(rooms.create(RoomOptions(), "C", LAN))
            assert (refused.code, refused.close) == (ErrorCode.RELAY_FULL, CloseCode.RELAY_FULL)
            assert rooms.registry.get("C") is None

    async def test_a_room_of_another_relay_gets_this_ones_bounds_and_account(self) -> None:
        async with rooms_with(history_frames=3) as rooms:
            witness = room_of(2).witness
            for _ in range(10):
                witness.apply(sends(1, None, b"hi"))
            room = witness.room
            rooms.adopt(room)
            assert rooms.registry.get(room.name) is room
            assert len(room.history) == room.history.max_frames == 3
            assert rooms.memory.used == room.account.used > 0


class TestRooms:
    async def test_names_are_the_same_in_any_case(self, at: Party, room: str) -> None:
        upper, lower = await at.enters(room.upper()), await at.enters(room.lower())
        assert (upper.me, lower.me) == (1, 2)
        assert lower.welcome.session.room == room.upper()

    async def test_a_room_is_as_its_maker_says(self, at: Party, room: str) -> None:
        wanted = RoomOptions(title="Duel", capacity=2, hold=9, keep=1, tags={"mode": "ctf"})
        ann = await at.enters(room, create=wanted, app="tanks")
        assert ann.welcome.session.options == dataclasses.replace(wanted, app="tanks")

    async def test_a_room_without_options_is_as_the_settings_say(self) -> None:
        async with party(room_capacity=3, room_hold=1) as at:
            options = (await at.enters("R")).welcome.session.options
            assert (options.capacity, options.hold) == (3, 1)

    async def test_an_empty_room_is_gone_with_its_order(self, at: Party, room: str) -> None:
        ann = await at.enters(room, create=RoomOptions(keep=0))
        ann.raw.reset()
        await until(lambda: at.node.registry.find(room) is None)
        again = await at.enters(room)
        assert again.me == 1
        assert again.welcome.session.epoch != ann.welcome.session.epoch

    async def test_an_empty_room_is_kept_for_a_while(self, at: Party, room: str) -> None:
        ann = await at.enters(room)
        ann.raw.reset()
        await until(lambda: not at.room(room).seats)
        again = await at.enters(room, create=False)
        assert again.me == 2
        assert again.welcome.session.epoch == ann.welcome.session.epoch

    async def test_a_room_whose_maker_is_not_let_in_goes_too(self, at: Party, room: str) -> None:
        maker = await at.connects(room)
        maker.greets(role="spectator", create=RoomOptions(spectators=0, keep=0))
        error, _ = await maker.is_turned_away()
        assert error.code == ErrorCode.ROOM_FULL
        await until(lambda: at.node.registry.find(room) is None)

    async def test_a_host_who_is_away_is_followed_after_a_while(self, at: Party, room: str) -> None:
        host = await at.enters(room, create=RoomOptions(host_away=1))
        heir = await at.enters(room)
        host.says(Presence(PresenceState.AWAY))
        began = time.monotonic()
        told = await heir.hears(Host, lambda told: told.player == heir.me)
        assert (told.term, time.monotonic() - began >= 0.9) == (2, True)

    async def test_a_room_of_those_who_cannot_be_host_has_none(self, at: Party, room: str) -> None:
        ann = await at.enters(room, can_host=False)
        assert ann.all(Host) == []
        assert not ann.all(Joined)[0].info.can_host
        bob = await at.enters(room)
        assert (await ann.hears(Host)).player == bob.me

    async def test_a_lost_host_is_followed_after_a_while(
        self, at: Party, room: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(membership, "HOST_PATIENCE", 0.05)
        host, heir = await at.enters(room, seat=new_seat()), await at.enters(room)
        host.says(Ack(1))
        began = time.monotonic()
        host.raw.reset()
        told = await heir.hears(Host, lambda told: told.player == heir.me)
        assert (told.term, time.monotonic() - began >= 0.05) == (2, True)
