"""A client's way into a room: HELLO, WELCOME, the room as it stands, and LIVE."""

import pytest

from clients.python import events
from clients.python.events import Message
from protocol import frames
from protocol.close_codes import CloseCode
from protocol.codec import pack
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Ack,
    Error,
    ErrorDetail,
    Hello,
    HelloOptions,
    Live,
    NoticeDetail,
    NoticeKind,
    Ping,
    Presence,
    PresenceState,
    Snapshot,
)
from tests.helpers.scripted_relay import (
    BOB,
    SEAT,
    ScriptedRelay,
    as_it_stands,
    message,
    send,
    volatile,
    welcome,
)


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
