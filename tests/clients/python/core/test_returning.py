"""A client whose connection is lost comes back, and says again what was not taken."""

import pytest

from clients.python import events
from clients.python.events import Message
from protocol import frames
from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Error,
    Hello,
    Live,
    NoticeDetail,
    NoticeKind,
    Presence,
    PresenceState,
    RoomOptions,
    Send,
    Subscribe,
)
from tests.helpers.scripted_relay import (
    EPOCH,
    OTHER_EPOCH,
    SEAT,
    ScriptedRelay,
    counted,
    message,
    send,
    volatile,
    welcome,
)


class TestReturning:
    def test_a_lost_connection_comes_back_after_a_random_delay(self, relay: ScriptedRelay) -> None:
        (lost,) = relay.closes(1006, "").told()
        assert isinstance(lost, events.Reconnecting)
        assert lost.attempt == 1
        assert lost.delay == pytest.approx(0.05)
        assert relay.client.retry_at == pytest.approx(relay.now + 0.05)
        assert relay.client.phase == "reconnecting"

    def test_it_resumes_from_its_position(self, relay: ScriptedRelay) -> None:
        relay.says(message(9, "x")).closes().accepts()
        (hello,) = relay.heard()
        assert isinstance(hello, Hello)
        assert hello.options.position == (EPOCH, 9)
        assert hello.options.seat == SEAT
        relay.told()
        relay.says(welcome(seq=9, resumed=True), message(10, "missed"), Live(10))
        assert [type(event) for event in relay.told()] == [
            events.Resumed,
            events.Message,
            events.Live,
        ]
        assert set(relay.client.room.players) == {1, 2}

    def test_what_was_missed_is_no_history(self, relay: ScriptedRelay) -> None:
        relay.closes().accepts().says(welcome(seq=3, resumed=True), message(4, "missed"))
        missed = relay.told()[-1]
        assert isinstance(missed, Message)
        assert not missed.is_history
        assert relay.client.known_seq == 4

    def test_it_sends_again_what_the_relay_has_not_taken(self, relay: ScriptedRelay) -> None:
        for payload in (b"a", b"b", b"c"):
            send(relay, payload)
        relay.closes()
        send(relay, b"while away")
        relay.accepts().says(welcome(seq=3, taken=1, resumed=True))
        assert counted(relay) == [b"b", b"c", b"while away"]
        send(relay, b"later")
        assert counted(relay) == [b"later"]

    def test_trimmed_history_means_a_fresh_stream_in_the_same_seat(
        self, relay: ScriptedRelay
    ) -> None:
        send(relay, b"a")
        relay.closes().accepts()
        relay.told()
        relay.says(Error(0, ErrorCode.HISTORY_TRIMMED, "Too long ago."), welcome(seq=0))
        assert relay.told() == [events.Resumed(False, "Too long ago.")]
        assert relay.client.room.players == {}
        assert counted(relay) == [b"a"]

    def test_a_refused_position_is_forgotten_on_the_same_connection(
        self, relay: ScriptedRelay
    ) -> None:
        send(relay, b"a")
        relay.closes().accepts()
        relay.heard()
        relay.told()
        relay.says(Error(0, ErrorCode.EPOCH_CHANGED, "That was another time."))
        (hello,) = relay.heard()
        assert isinstance(hello, Hello)
        assert (hello.options.position, hello.options.create) == (None, True)
        relay.says(welcome(player=3, epoch=OTHER_EPOCH), Live(5))
        assert relay.told() == [
            events.Lost((Send(None, b"a"),)),
            events.Resumed(False, "That was another time."),
            events.Live(5),
        ]
        assert counted(relay) == []
        assert send(relay, b"b") == 1

    def test_an_expired_seat_means_a_fresh_stream_in_a_new_one(self, relay: ScriptedRelay) -> None:
        send(relay, b"a")
        relay.closes().accepts()
        relay.told()
        relay.says(Error(0, ErrorCode.SEAT_EXPIRED, "Too late."), welcome(player=3), Live(9))
        assert relay.told() == [
            events.Lost((Send(None, b"a"),)),
            events.Resumed(False, "Too late."),
            events.Live(9),
        ]
        assert relay.client.resume.player == 3

    def test_a_room_that_is_gone_is_made_again_as_it_was(self) -> None:
        relay = ScriptedRelay(create=False, password="secret")
        made = RoomOptions(title="Arena", capacity=8, locked=True, tags={"mode": "ctf"})
        relay.welcomes(options=made)
        relay.closes().accepts()
        relay.heard()
        relay.says(Error(0, ErrorCode.ROOM_GONE, "The room is gone."))
        (hello,) = relay.heard()
        assert isinstance(hello, Hello)
        assert hello.options.create == RoomOptions(
            title="Arena", capacity=8, tags={"mode": "ctf"}, password="secret"
        )

    def test_groups_are_joined_again_in_a_new_seat_only(self, relay: ScriptedRelay) -> None:
        relay.client.note_groups([1, 2], [])
        relay.client.note_groups([3], [1])
        relay.closes().accepts().says(welcome(seq=3, resumed=True))
        assert not any(isinstance(frame, Subscribe) for frame in relay.heard())
        relay.closes().accepts().says(welcome(epoch=OTHER_EPOCH))
        assert Subscribe((2, 3)) in relay.heard()

    def test_who_is_away_says_so_again(self, relay: ScriptedRelay) -> None:
        relay.client.presence(PresenceState.AWAY)
        assert relay.heard() == [Presence(1)]
        relay.closes().accepts().says(welcome(seq=3, resumed=True))
        assert Presence(1) in relay.heard()

    def test_of_volatile_values_only_the_newest_waits(self, relay: ScriptedRelay) -> None:
        relay.closes()
        volatile(relay, b"old")
        volatile(relay, b"new")
        relay.accepts().says(welcome(seq=3, resumed=True))
        assert [f for f in relay.heard() if isinstance(f, frames.Volatile)] == [
            frames.Volatile(0, None, b"new")
        ]

    def test_a_volatile_value_that_was_sent_is_said_again(self, relay: ScriptedRelay) -> None:
        volatile(relay, b"old")
        volatile(relay, b"new")
        send(relay, b"a")
        relay.heard()
        for _ in range(2):
            relay.closes().accepts().heard()
            relay.says(welcome(seq=3, resumed=True))
            assert relay.heard() == [Send(None, b"a"), frames.Volatile(0, None, b"new")]

    def test_a_value_for_a_player_who_has_left_is_said_to_nobody(
        self, relay: ScriptedRelay
    ) -> None:
        volatile(relay, b"for Bob", to=2)
        volatile(relay, b"for Bob and Cyd", to=[2, 3])
        volatile(relay, b"for Cyd", to=3)
        volatile(relay, b"for all")
        relay.says(frames.Left(4, 2, 1)).closes().accepts().heard()
        relay.says(welcome(seq=4, resumed=True))
        assert [frame.payload for frame in relay.heard() if isinstance(frame, frames.Volatile)] == [
            b"for Cyd",
            b"for all",
        ]

    def test_a_relay_that_drains_is_given_time(self, relay: ScriptedRelay) -> None:
        relay.says(frames.Notice(NoticeKind.DRAIN, NoticeDetail(after=2000)))
        assert relay.told() == [events.Notice(NoticeKind.DRAIN, NoticeDetail(after=2000))]
        relay.closes(CloseCode.DRAIN)
        assert relay.client.retry_at == pytest.approx(relay.now + 2.05)

    def test_a_connection_lost_before_live_asks_for_a_fresh_stream_again(self) -> None:
        relay = ScriptedRelay().accepts().says(welcome(seq=0)).closes().accepts()
        hello = relay.heard()[-1]
        assert isinstance(hello, Hello)
        assert hello.options.position is None
