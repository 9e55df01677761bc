"""What outlives a connection, on real sockets: seats and resumes."""

from __future__ import annotations

from collections.abc import Callable

from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Ack,
    Deliver,
    Error,
    Joined,
    Left,
    LeftReason,
    Live,
    PresenceChanged,
    PresenceState,
    RoomOptions,
    Send,
    Update,
    Volatile,
    Welcome,
)
from relay.history.history import History
from tests.helpers.peers import Party, Peer, new_seat, party, until


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
        at.room(room).history = History(max_frames=2)
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


async def test_players_in_many_rooms_do_not_hear_each_other(at: Party, room: str) -> None:
    rooms = [[await at.enters(name) for _ in range(3)] for name in (f"{room}-A", f"{room}-B")]
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
