from collections.abc import Callable

import pytest

from clients.python import events
from clients.python.core import commands
from clients.python.core.clock import Clock
from clients.python.core.commands import OTHERS
from clients.python.core.heartbeat import SILENCE
from clients.python.events import Message, Updated
from protocol import frames
from protocol.close_codes import CloseCode
from protocol.codec import Role, decode, pack
from protocol.error_codes import ErrorCode
from protocol.errors import LocalProtocolError
from protocol.frames import (
    Ack,
    Error,
    ErrorDetail,
    Hello,
    HelloOptions,
    Leave,
    Live,
    NoticeDetail,
    NoticeKind,
    Ping,
    Pong,
    Presence,
    PresenceState,
    RoomOptions,
    Send,
    Snapshot,
    Subscribe,
    Taken,
    Update,
)
from tests.helpers.scripted_relay import (
    BOB,
    EPOCH,
    OTHER_EPOCH,
    SEAT,
    ScriptedRelay,
    as_it_stands,
    message,
    welcome,
)


@pytest.fixture
def relay() -> ScriptedRelay:
    return ScriptedRelay().welcomes()


def send(relay: ScriptedRelay, payload: bytes, to: commands.To = OTHERS) -> int:
    return relay.client.post(commands.send(payload, to))


def volatile(relay: ScriptedRelay, payload: bytes, to: commands.To = OTHERS) -> None:
    relay.client.volatile(*commands.volatile(0, payload, to))


def counted(relay: ScriptedRelay) -> list[bytes]:
    return [frame.payload for frame in relay.heard() if isinstance(frame, Send)]


class TestEntering:
    def test_the_first_frame_is_hello_and_nothing_follows_before_welcome(self) -> None:
        relay = ScriptedRelay(name="Ann").accepts()
        send(relay, b"early")
        assert relay.heard() == [Hello(1, HelloOptions(seat=SEAT, name="Ann"))]
        assert relay.client.phase == "connecting"

    def test_welcome_tells_who_and_where_one_is(self) -> None:
        relay = ScriptedRelay().accepts().says(welcome(player=7, seq=3))
        assert (relay.client.resume.player, relay.client.code) == (7, "K7QF")
        assert relay.told() == []
        assert relay.client.phase == "connecting"

    def test_the_room_as_it_stands_is_told_and_then_live(self) -> None:
        relay = ScriptedRelay().accepts().says(welcome(), *as_it_stands())
        assert [type(event) for event in relay.told()] == [
            events.Joined,
            events.Joined,
            events.HostChanged,
            events.Live,
        ]
        assert relay.client.phase == "live"
        assert set(relay.client.room.players) == {1, 2}

    def test_live_is_answered_with_an_acknowledgement_and_a_ping_at_once(self) -> None:
        relay = ScriptedRelay().accepts()
        relay.heard()
        relay.says(welcome(), *as_it_stands())
        assert relay.heard() == [Ping(100_000_000), Ack(3)]

    def test_what_comes_before_live_is_history(self) -> None:
        facts = as_it_stands()[:-1]
        relay = ScriptedRelay().accepts().says(welcome(), *facts, Snapshot(1, 0, 1, b"map"))
        relay.says(message(2, "old"), Live(3), message(4, "new"))
        told = relay.told()
        assert [e for e in told if isinstance(e, events.SnapshotReceived | Message)] == [
            events.SnapshotReceived(1, b"map"),
            Message(2, 2, pack("old"), BOB, is_history=True),
            Message(4, 2, pack("new"), BOB),
        ]

    def test_half_a_snapshot_is_forgotten_with_its_connection(self) -> None:
        relay = ScriptedRelay().accepts().says(welcome(), Snapshot(1, 0, 2, b"half"))
        relay.closes().accepts().says(
            welcome(), Snapshot(2, 0, 2, b"new "), Snapshot(2, 1, 2, b"one")
        )
        assert relay.told()[-1] == events.SnapshotReceived(2, b"new one")
        assert relay.client.fault is None

    def test_a_snapshot_that_is_no_snapshot_ends_the_connection(self) -> None:
        relay = ScriptedRelay().accepts().says(welcome(), Snapshot(1, 1, 2, b"half"))
        assert relay.client.fault is not None
        assert "SNAPSHOT" in relay.client.fault[1] or "snapshot" in relay.client.fault[1]

    def test_where_the_room_stands_is_known_from_live_on(self) -> None:
        relay = ScriptedRelay().accepts().says(welcome(), *as_it_stands()[:-1])
        assert relay.client.known_seq == 0
        relay.says(Live(3), message(8, "new"))
        assert relay.client.known_seq == 8

    def test_welcome_says_from_where_the_past_is_complete(self) -> None:
        relay = ScriptedRelay().welcomes(complete_from=7)
        assert relay.client.complete_from == 7

    def test_a_resume_leaves_it_and_a_fresh_stream_says_it_anew(self) -> None:
        relay = ScriptedRelay().welcomes(complete_from=7)
        relay.closes().accepts().says(welcome(seq=3, resumed=True), Live(3))
        assert relay.client.complete_from == 7
        relay.closes().accepts().says(welcome())
        assert relay.client.complete_from == 0

    def test_what_is_forgotten_on_the_way_is_told(self) -> None:
        relay = ScriptedRelay().accepts().says(welcome(complete_from=7))
        trimmed = frames.Notice(NoticeKind.TRIMMED, NoticeDetail(seq=40))
        relay.says(trimmed, *as_it_stands())
        assert relay.client.complete_from == 40
        assert relay.told()[0] == events.Notice(NoticeKind.TRIMMED, NoticeDetail(seq=40))

    def test_more_than_a_room_holds_before_live_is_a_breach(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("clients.python.core.before_live.HELD_FRAMES", 10)
        monkeypatch.setattr("clients.python.core.before_live.MEANWHILE_FRAMES", 10)
        relay = ScriptedRelay().accepts()
        relay.says(welcome(limits=frames.Limits(history_frames=80)))
        relay.says(*(message(n, n) for n in range(100)))
        assert relay.client.fault is None
        relay.says(message(100, 100))
        assert relay.client.fault is not None
        assert "before LIVE" in relay.client.fault[1]
        assert len(relay.told()) == 100

    def test_nor_may_it_hold_more_bytes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("clients.python.core.before_live.HELD_BYTES", 0)
        monkeypatch.setattr("clients.python.core.before_live.MEANWHILE_BYTES", 1000)
        relay = ScriptedRelay().accepts()
        relay.says(welcome(limits=frames.Limits(history_bytes=1000)))
        relay.says(frames.Property(1, 1, "map", bytes(1900), 1, 1))
        assert relay.client.fault is None
        relay.says(frames.Property(2, 1, "map", bytes(100), 1, 1))
        assert relay.client.fault is not None

    def test_after_live_nothing_is_counted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("clients.python.core.before_live.HELD_FRAMES", 4)
        monkeypatch.setattr("clients.python.core.before_live.MEANWHILE_FRAMES", 0)
        relay = ScriptedRelay().welcomes(limits=frames.Limits(history_frames=0))
        relay.says(*(message(n, n) for n in range(4, 1000)))
        assert relay.client.fault is None

    @pytest.mark.parametrize("code", [CloseCode.NO_SUCH_ROOM, CloseCode.WRONG_PASSWORD])
    def test_a_refusal_closes_for_good_with_the_relays_words(self, code: CloseCode) -> None:
        relay = ScriptedRelay().accepts()
        relay.says(Error(0, ErrorCode[code.name], "There is no room K7QF."))
        relay.closes(code, code.reason)
        (closed,) = relay.told()
        assert isinstance(closed, events.Closed)
        assert (closed.code, closed.reason, closed.may_return) == (code, code.reason, False)
        assert closed.text.startswith("There is no room K7QF. ")
        assert relay.client.phase == "closed"
        assert relay.client.retry_at is None

    def test_a_full_relay_is_tried_again_when_it_says(self) -> None:
        relay = ScriptedRelay(random=1.0).accepts()
        relay.says(Error(0, ErrorCode.RELAY_FULL, "Full.", ErrorDetail(after=3000)))
        relay.closes(CloseCode.RELAY_FULL)
        assert relay.client.retry_at == pytest.approx(relay.now + 3.1)

    def test_what_was_sent_early_follows_welcome(self) -> None:
        relay = ScriptedRelay().accepts()
        relay.client.presence(PresenceState.AWAY)
        relay.heard()
        volatile(relay, b"v")
        relay.says(welcome())
        assert relay.heard() == [frames.Volatile(0, None, b"v"), Presence(PresenceState.AWAY)]


class TestPayloads:
    def test_a_message_comes_with_its_sender(self, relay: ScriptedRelay) -> None:
        relay.says(message(4, ["hi", b"raw"]))
        (event,) = relay.told()
        assert isinstance(event, Message)
        assert (event.seq, event.sender, event.value) == (4, 2, ["hi", b"raw"])
        assert event.player == BOB

    def test_a_message_of_one_who_left_still_has_his_name(self, relay: ScriptedRelay) -> None:
        relay.says(message(4, "bye"), frames.Left(5, 2, 1))
        (event, _) = relay.told()
        assert isinstance(event, Message)
        assert event.player.name == "Bob"

    def test_a_message_of_one_never_seen_has_his_number(self, relay: ScriptedRelay) -> None:
        relay.says(message(4, "from history", sender=9))
        (event,) = relay.told()
        assert isinstance(event, Message)
        assert event.player.number == 9

    def test_an_update_has_its_key(self, relay: ScriptedRelay) -> None:
        relay.says(Update(3, 2, pack([1.5, 2.5])))
        (event,) = relay.told()
        assert isinstance(event, Updated)
        assert (event.key, event.sender, event.value) == (3, 2, [1.5, 2.5])

    @pytest.mark.parametrize("payload", [bytes(300), bytes(40000), b""])
    def test_a_payload_may_have_any_size(self, relay: ScriptedRelay, payload: bytes) -> None:
        relay.says(frames.Deliver(70000, 2, payload))
        (event,) = relay.told()
        assert event == Message(70000, 2, payload)

    @pytest.mark.parametrize(
        "data",
        [
            "95 11 04 02 C4 02 68 69 01",  # a trailing field of a newer relay
            "94 11 04 02 C5 00 02 68 69",  # a head that is longer than need be
            "DC 00 04 11 04 02 C4 02 68 69",
        ],
    )
    def test_legal_but_uncommon_forms_mean_the_same(self, relay: ScriptedRelay, data: str) -> None:
        relay.client.receive(bytes.fromhex(data), relay.now)
        if data.startswith("DC"):
            assert relay.client.fault is not None
        else:
            assert relay.told() == [Message(4, 2, b"hi")]

    def test_positions_advance_with_messages(self, relay: ScriptedRelay) -> None:
        relay.says(message(9, "x"), message(12, "y"))
        assert relay.client.resume.position == (EPOCH, 12)

    def test_frames_of_a_newer_relay_are_ignored(self, relay: ScriptedRelay) -> None:
        relay.client.receive(bytes.fromhex("92 60 01"), relay.now)
        assert relay.told() == []
        assert relay.client.fault is None

    @pytest.mark.parametrize(
        "data",
        [
            "94 11 04 02 A2 68 69",  # the payload is a str
            "94 11 FF 02 C4 00",  # a negative seq
            "94 11 04 02 C4 05 68",  # cut off
            "94 13 04 C3 C4 00",  # a sender that is no number
            "92 09",
            "92 07 01",
            "FF",
            "",
        ],
    )
    def test_a_relay_that_breaks_the_protocol_is_left_for_a_fresh_stream(
        self, relay: ScriptedRelay, data: str
    ) -> None:
        relay.client.receive(bytes.fromhex(data), relay.now)
        assert relay.client.fault is not None
        assert relay.client.fault[0] == 1002
        relay.says(message(9, "not heard any more"))
        (lost,) = relay.closes(1002).told()
        assert isinstance(lost, events.Reconnecting)
        assert "broke the protocol" in lost.reason
        (hello,) = relay.accepts().heard()
        assert isinstance(hello, Hello)
        assert hello.options.position is None


class TestSending:
    def test_frames_are_numbered_and_leave_in_order(self, relay: ScriptedRelay) -> None:
        assert [send(relay, b"a"), send(relay, b"b", 2)] == [1, 2]
        assert relay.heard() == [Send(None, b"a"), Send(2, b"b")]

    def test_the_window_fills_until_the_relay_has_taken(self, relay: ScriptedRelay) -> None:
        relay.client.resume.window.size = 2
        send(relay, b"a")
        assert relay.client.window_has_room
        send(relay, b"b")
        assert not relay.client.window_has_room
        relay.says(Taken(1, 3))
        assert relay.client.window_has_room

    def test_a_frame_larger_than_the_relay_takes_is_a_mistake_of_the_call(
        self, relay: ScriptedRelay
    ) -> None:
        limit = relay.client.limits.max_frame
        send(relay, bytes(limit - 6))
        for post in (send, volatile):
            with pytest.raises(LocalProtocolError) as caught:
                post(relay, bytes(limit))
            assert caught.value.code is ErrorCode.TOO_BIG
            assert caught.value.limit == limit
        assert relay.client.resume.window.sent == 1

    def test_a_refused_frame_is_told_with_its_number(self, relay: ScriptedRelay) -> None:
        count = send(relay, b"a", 99)
        detail = ErrorDetail(frame=count, got="99")
        relay.says(Error(4, ErrorCode.NO_SUCH_PLAYER, "Nobody is 99.", detail))
        assert relay.told() == [
            events.Refused(ErrorCode.NO_SUCH_PLAYER, "Nobody is 99.", detail, count, 4)
        ]
        assert relay.client.resume.position == (EPOCH, 4)


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


class TestEnding:
    def test_leaving_is_said_after_what_was_sent_before(self, relay: ScriptedRelay) -> None:
        send(relay, b"a")
        assert relay.client.leave()
        assert relay.heard() == [Send(None, b"a"), Leave()]
        relay.says(message(4, "still underway")).closes(1000, "normal")
        assert [type(event) for event in relay.told()] == [events.Closed]

    @pytest.mark.parametrize("code", [1000, 1006, CloseCode.DRAIN])
    def test_who_leaves_does_not_come_back(self, relay: ScriptedRelay, code: int) -> None:
        relay.client.leave()
        (closed,) = relay.closes(code).told()
        assert closed == events.Closed(1000, "normal", "You left the room.", False)

    def test_what_the_relay_has_read_before_leave_is_not_lost(self, relay: ScriptedRelay) -> None:
        send(relay, b"before")
        relay.client.leave()
        send(relay, b"after")
        (lost, closed) = relay.closes(CloseCode.NORMAL, "normal").told()
        assert lost == events.Lost((Send(None, b"after"),))
        assert isinstance(closed, events.Closed)

    @pytest.mark.parametrize("code", [1006, CloseCode.DRAIN])
    def test_what_it_may_not_have_read_is(self, relay: ScriptedRelay, code: int) -> None:
        send(relay, b"before")
        relay.client.leave()
        (lost, _) = relay.closes(code).told()
        assert lost == events.Lost((Send(None, b"before"),))

    def test_what_was_sent_without_a_connection_is_lost_with_the_room(
        self, relay: ScriptedRelay
    ) -> None:
        relay.closes().told()
        send(relay, b"a")
        send(relay, b"b")
        relay.client.leave()
        (lost, closed) = relay.closes(CloseCode.NORMAL).told()
        assert lost == events.Lost((Send(None, b"a"), Send(None, b"b")))
        assert closed == events.Closed(1000, "normal", "You left the room.", False)

    def test_without_a_connection_leaving_has_nobody_to_tell(self, relay: ScriptedRelay) -> None:
        relay.closes()
        assert not relay.client.leave()

    def test_a_kick_is_for_good_and_tells_what_was_never_acknowledged(
        self, relay: ScriptedRelay
    ) -> None:
        send(relay, b"a")
        relay.says(Error(4, ErrorCode.KICKED, "Ann was kicked: rude."))
        relay.closes(CloseCode.KICKED, "kicked")
        (lost, closed) = relay.told()
        assert lost == events.Lost((Send(None, b"a"),))
        assert isinstance(closed, events.Closed)
        assert closed.text == "Ann was kicked: rude."

    def test_every_final_code_has_a_sentence(self) -> None:
        for code in CloseCode:
            relay = ScriptedRelay().welcomes().closes(code, code.reason)
            (event,) = relay.told()
            assert isinstance(event, events.Closed | events.Reconnecting)
            assert "ended with code" not in (event.text if isinstance(event, events.Closed) else "")


class TestTime:
    def test_pings_carry_the_clock_and_pongs_set_it(self, relay: ScriptedRelay) -> None:
        relay.client.clock.restart()
        relay.waits(0.1)
        (ping,) = relay.heard()
        assert isinstance(ping, Ping)
        assert ping.t == pytest.approx(100_100_000, abs=1)
        relay.now += 0.02
        relay.says(Pong(ping.t, 5_010_000, 5_010_000, 0, 3))
        assert relay.client.clock.rtt == pytest.approx(20_000, abs=2)
        assert relay.client.clock.offset == pytest.approx(5_010_000 - 100_110_000, abs=2)

    def test_welcome_gives_a_first_idea_of_the_relays_time(self) -> None:
        relay = ScriptedRelay().accepts()
        relay.now += 0.2
        relay.says(welcome(time=7_000_000))
        assert relay.client.clock.now() == pytest.approx(7_100_000, abs=2)

    def test_a_quiet_players_position_follows_pongs(self, relay: ScriptedRelay) -> None:
        relay.says(Pong(0, 0, 0, 0, 50))
        assert relay.client.resume.position == (EPOCH, 50)

    def test_acknowledgements_come_once_a_second_while_there_is_news(
        self, relay: ScriptedRelay
    ) -> None:
        relay.says(message(4, "x")).waits(0.9)
        assert not [f for f in relay.heard() if isinstance(f, Ack)]
        relay.says(message(5, "y")).waits(0.2)
        assert [f for f in relay.heard() if isinstance(f, Ack)] == [Ack(5)]
        relay.waits(5.0)
        assert not [f for f in relay.heard() if isinstance(f, Ack)]

    def test_a_relay_that_falls_silent_is_left(self, relay: ScriptedRelay) -> None:
        relay.waits(SILENCE + 0.1)
        assert relay.client.fault is not None
        (lost,) = relay.closes(1006).told()
        assert isinstance(lost, events.Reconnecting)
        assert "silent" in lost.reason

    def test_silence_of_ones_own_making_is_forgiven(self, relay: ScriptedRelay) -> None:
        relay.waits(SILENCE - 1)
        relay.client.not_listening(relay.now)
        relay.waits(SILENCE - 1)
        assert relay.client.fault is None

    def test_who_slept_asks_before_giving_up(self, relay: ScriptedRelay) -> None:
        relay.now += 3600
        relay.client.handle_timer(relay.now)
        assert relay.client.fault is None
        assert isinstance(relay.heard()[-1], Ping)
        relay.waits(SILENCE)
        assert relay.client.fault is not None

    def test_a_relay_that_never_answers_hello_is_left(self) -> None:
        relay = ScriptedRelay().accepts().waits(SILENCE + 0.1)
        assert relay.client.fault is not None


def test_any_local_clock_will_do() -> None:
    ticks: Callable[[], int] = iter(range(10)).__next__
    assert [Clock(ticks).now(), Clock(ticks).now()] == [0, 1]


def test_lost_frames_are_given_as_frames(relay: ScriptedRelay) -> None:
    message_ = commands.kick(2, "rude")
    relay.client.post(message_)
    relay.closes().accepts().says(welcome(player=8, epoch=OTHER_EPOCH))
    lost = next(event for event in relay.told() if isinstance(event, events.Lost))
    assert lost.messages == (decode(message_, by=Role.CLIENT),)
