"""What a client in a room makes of a relay's frames, and what it sends."""

from collections.abc import Callable

import pytest

from clients.python import events
from clients.python.core import commands
from clients.python.core.clock import Clock
from clients.python.core.heartbeat import SILENCE
from clients.python.events import Message, Updated
from protocol import frames
from protocol.codec import Role, decode, pack
from protocol.error_codes import ErrorCode
from protocol.errors import LocalProtocolError
from protocol.frames import Ack, Error, ErrorDetail, Hello, Ping, Pong, Send, Taken, Update
from tests.helpers.scripted_relay import (
    BOB,
    EPOCH,
    OTHER_EPOCH,
    ScriptedRelay,
    message,
    send,
    volatile,
    welcome,
)


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
