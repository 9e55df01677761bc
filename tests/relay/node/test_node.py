"""What outlives a connection, on real sockets: seats, resumes, rooms."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import AsyncIterator, Callable
from itertools import count

import pytest

from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Ack,
    Deliver,
    Error,
    Host,
    Joined,
    Left,
    LeftReason,
    Live,
    Presence,
    PresenceChanged,
    PresenceState,
    RoomOptions,
    Send,
    Update,
    Volatile,
    Welcome,
)
from relay.history.history import History
from relay.room import membership
from relay.room.room import Room
from tests.helpers.peers import Party, Peer, new_seat, party, until

names = (f"ROOM-{number}" for number in count())


@pytest.fixture(scope="module")
async def at() -> AsyncIterator[Party]:
    async with party() as at:
        yield at


@pytest.fixture
def room() -> str:
    """Name a room of this test's own."""
    return next(names)


def the(at: Party, name: str) -> Room:
    """Return the room of this name, which is there."""
    room = at.node.registry.find(name)
    assert room is not None
    return room


class TestResuming:
    async def test_a_seat_without_a_secret_ends_with_its_connection(
        self, at: Party, room: str
    ) -> None:
        ann, bob = await at.enters(room), await at.enters(room)
        bob.raw.reset()
        left = await ann.hears(Left)
        assert (left.player, left.reason) == (bob.me, LeftReason.GONE)

    async def test_a_resume_replays_what_was_missed(self, at: Party, room: str) -> None:
        seat = new_seat()
        ann, bob = await at.enters(room), await at.enters(room, seat=seat)
        bob.says(Ack(bob.position[1]), Send(None, b"mine"))
        await bob.catches_up()
        bob.raw.reset()
        await ann.hears(PresenceChanged)
        ann.says(Send(bob.me, b"to you"), Send((ann.me,), b"to me"), Volatile(1, None, b"here"))
        await ann.catches_up()

        again = await at.connects(room)
        again.greets(seat=seat, position=bob.position)
        await again.hears(Update)
        welcome, lost, deliver, here, live, update = again.heard
        assert isinstance(welcome, Welcome)
        assert (welcome.player, welcome.seq) == (bob.me, bob.position[1])
        assert (welcome.session.resumed, welcome.session.taken) == (True, 1)
        assert isinstance(lost, PresenceChanged)
        assert isinstance(here, PresenceChanged)
        assert (lost.state, here.state) == (PresenceState.LOST, PresenceState.HERE)
        assert deliver == Deliver(lost.seq + 1, ann.me, b"to you")
        assert live == Live(here.seq)
        assert update == Update(1, ann.me, b"here")

    async def test_a_reloaded_page_has_its_seat_and_a_fresh_stream(
        self, at: Party, room: str
    ) -> None:
        seat = new_seat()
        before = await at.enters(room, seat=seat, name="Ann")
        before.says(Send(None, b"x"))
        await before.catches_up()
        before.raw.abort()
        after = await at.enters(room, seat=seat, name="Beth")
        session = after.welcome.session
        assert (after.me, after.welcome.seq) == (before.me, 0)
        assert (session.resumed, session.taken) == (False, 1)
        assert after.all(Joined)[0].info.name == "Ann"

    async def test_an_unseen_welcome_is_the_same_seat(self, at: Party, room: str) -> None:
        seat = new_seat()
        unseen = await at.connects(room)
        unseen.greets(seat=seat)
        await unseen.raw.send_raw(b"")
        await until(lambda: at.node.registry.find(room))
        unseen.raw.reset()
        assert (await at.enters(room, seat=seat)).me == 1

    async def test_a_room_that_is_gone_is_not_made_by_a_resume(self, at: Party, room: str) -> None:
        peer = await at.connects(room)
        peer.greets(seat=new_seat(), position=(b"an epoch", 7))
        error = await peer.next()
        assert isinstance(error, Error)
        assert (error.seq, error.code) == (0, ErrorCode.ROOM_GONE)
        assert at.node.registry.find(room) is None
        peer.greets(seat=new_seat())
        await peer.hears(Live)
        assert peer.me == 1

    async def test_another_order_is_refused_and_a_hello_without_position_follows(
        self, at: Party, room: str
    ) -> None:
        seat = new_seat()
        ann = await at.enters(room, seat=seat)
        epoch, seq = ann.position
        peer = await at.connects(room)
        for position in ((b"an epoch", seq), (epoch, seq + 1)):
            peer.greets(seat=seat, position=position)
            error = await peer.next()
            assert isinstance(error, Error)
            assert (error.seq, error.code) == (0, ErrorCode.EPOCH_CHANGED)
            assert await ann.catches_up() == []  # nothing has happened to the seat
        peer.greets(seat=seat)
        await peer.hears(Live)
        assert await ann.ends() == (CloseCode.REPLACED, "replaced")
        assert peer.me == ann.me

    async def test_after_a_refused_resume_hello_is_due_in_time_again(self) -> None:
        async with party(hello_seconds=1.0) as at:
            peer = await at.connects("R")
            peer.greets(seat=new_seat(), position=(b"an epoch", 7))
            await peer.hears(Error)
            assert await peer.ends() == (CloseCode.NO_HELLO, "no_hello")

    async def test_a_seat_that_is_no_more_is_made_anew(self, at: Party, room: str) -> None:
        seat = new_seat()
        ann = await at.enters(room, create=RoomOptions(hold=0))
        bob = await at.enters(room, seat=seat)
        bob.raw.reset()
        left = await ann.hears(Left)
        assert (left.player, left.reason) == (bob.me, LeftReason.EXPIRED)
        again = await at.connects(room)
        again.greets(seat=seat, position=bob.position)
        await again.hears(Live)
        assert [type(frame) for frame in again.heard[:2]] == [Error, Welcome]
        assert again.all(Error)[0].code == ErrorCode.SEAT_EXPIRED
        assert (again.me, again.welcome.seq, again.welcome.session.resumed) == (3, 0, False)

    async def test_a_history_that_is_too_short_is_refused_and_the_seat_stays(
        self, at: Party, room: str
    ) -> None:
        seat = new_seat()
        ann, bob = await at.enters(room), await at.enters(room, seat=seat)
        bob.says(Send(None, b"x"))
        await bob.catches_up()
        bob.raw.reset()
        await ann.hears(PresenceChanged)
        the(at, room).history = History(max_frames=2)
        ann.says(*[Send(None, b"y")] * 3)
        await ann.catches_up()
        again = await at.connects(room)
        again.greets(seat=seat, position=bob.position)
        await again.hears(Live)
        assert [type(frame) for frame in again.heard[:2]] == [Error, Welcome]
        assert again.all(Error)[0].code == ErrorCode.HISTORY_TRIMMED
        assert (again.me, again.welcome.session.taken) == (bob.me, 1)
        assert not again.welcome.session.resumed
        assert again.payloads == []


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
        await until(lambda: not the(at, room).seats)
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


async def test_players_in_many_rooms_do_not_hear_each_other(at: Party) -> None:
    rooms = [[await at.enters(name) for _ in range(3)] for name in (next(names), next(names))]
    for number, players in enumerate(rooms):
        for player in players:
            player.says(Send(None, b"%d" % number))
    for number, players in enumerate(rooms):
        await heard_by(players, lambda player: len(player.payloads) == 2)
        assert {payload for player in players for payload in player.payloads} == {b"%d" % number}


async def heard_by(players: list[Peer], condition: Callable[[Peer], bool]) -> None:
    """Let players read until the condition holds for each."""
    for player in players:
        while not condition(player):
            await player.next()
