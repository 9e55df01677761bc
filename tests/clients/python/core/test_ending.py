"""How a client's conversation ends for good, and what is lost with it."""

import pytest

from clients.python import events
from clients.python.core import commands
from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.frames import Error, Leave, Live, Send, Volatile
from tests.helpers.scripted_relay import ScriptedRelay, message, send, welcome

LEFT = events.Closed(1000, "normal", "You left the room.", may_return=False)


class TestEnding:
    def test_leaving_is_said_after_what_was_sent_before(self, relay: ScriptedRelay) -> None:
        send(relay, b"a")
        relay.client.leave()
        assert relay.heard() == [Send(None, b"a"), Leave()]
        relay.says(message(4, "still underway")).closes(1000, "normal")
        assert [type(event) for event in relay.told()] == [events.Closed]

    def test_a_volatile_value_that_waits_goes_before_leave(self, relay: ScriptedRelay) -> None:
        relay.client.volatile(*commands.volatile(0, b"last", None))
        relay.client.leave()
        assert relay.heard() == [Volatile(0, None, b"last"), Leave()]

    def test_who_comes_back_to_leave_says_newest_values_first(self, relay: ScriptedRelay) -> None:
        relay.closes()
        relay.client.volatile(*commands.volatile(0, b"while away", None))
        relay.client.leave()
        relay.accepts().heard()
        relay.says(welcome(seq=3, resumed=True))
        assert relay.heard() == [Volatile(0, None, b"while away"), Leave()]

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
    def test_what_it_may_not_have_read_is_said_again_with_leave(
        self, relay: ScriptedRelay, code: int
    ) -> None:
        send(relay, b"read")
        send(relay, b"perhaps")
        relay.client.leave()
        relay.heard()
        (back,) = relay.closes(code).told()
        assert isinstance(back, events.Reconnecting)
        relay.accepts().heard()
        relay.says(welcome(seq=3, taken=1, resumed=True))
        assert relay.heard() == [Send(None, b"perhaps"), Leave()]
        relay.told()
        (closed,) = relay.closes(CloseCode.NORMAL, "normal").told()
        assert closed == LEFT

    def test_leave_is_said_again_until_it_is_answered(self, relay: ScriptedRelay) -> None:
        send(relay, b"a")
        relay.client.leave()
        for _ in range(3):
            assert relay.heard()[-2:] == [Send(None, b"a"), Leave()]
            relay.closes().closes().accepts().says(welcome(seq=3, resumed=True))
        assert relay.client.closed is None
        relay.says(Live(3), message(4, "still underway")).told()
        (closed,) = relay.closes(CloseCode.NORMAL, "normal").told()
        assert closed == LEFT

    def test_what_was_taken_meanwhile_needs_no_further_connection(
        self, relay: ScriptedRelay
    ) -> None:
        send(relay, b"a")
        relay.client.leave()
        relay.closes().accepts().says(welcome(seq=3, taken=1, resumed=True)).told()
        assert relay.heard()[-1] == Leave()
        assert relay.closes().told() == [LEFT]

    def test_what_nobody_waits_for_any_more_is_lost(self, relay: ScriptedRelay) -> None:
        send(relay, b"before")
        relay.client.leave()
        relay.closes().told()
        relay.client.farewell.end()
        # The code of a connection of which LEAVE was not said answers nothing.
        assert relay.closes(CloseCode.NORMAL).told() == [
            events.Lost((Send(None, b"before"),)),
            LEFT,
        ]

    def test_a_leave_that_came_through_leaves_the_next_seat_too(self, relay: ScriptedRelay) -> None:
        send(relay, b"a")
        relay.client.note_groups([1], [])
        relay.client.leave()
        relay.closes().accepts().heard()
        relay.told()
        relay.says(Error(0, ErrorCode.SEAT_EXPIRED, "Too late."), welcome(player=3))
        assert relay.heard() == [Leave()]
        # The program asked for no new seat, so it hears of none.
        assert relay.told() == [events.Lost((Send(None, b"a"),))]
        assert relay.closes(CloseCode.NORMAL, "normal").told() == [LEFT]

    def test_a_client_that_is_thrown_out_while_it_leaves_has_left(
        self, relay: ScriptedRelay
    ) -> None:
        send(relay, b"a")
        relay.client.leave()
        told = relay.closes(CloseCode.KICKED, "kicked").told()
        assert told == [events.Lost((Send(None, b"a"),)), LEFT]

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

    def test_without_a_connection_leaving_waits_for_the_next_welcome(
        self, relay: ScriptedRelay
    ) -> None:
        relay.closes().client.leave()
        assert not relay.client.farewell.is_said
        relay.accepts().heard()
        relay.says(welcome(seq=3, resumed=True))
        assert relay.client.farewell.is_said
        assert relay.heard() == [Leave()]

    def test_a_client_without_a_seat_has_none_to_come_back_for(self) -> None:
        relay = ScriptedRelay().accepts()
        relay.client.leave()
        assert relay.closes().told() == [LEFT]

    @pytest.mark.parametrize("code", [ErrorCode.ROOM_GONE, ErrorCode.EPOCH_CHANGED])
    def test_who_leaves_a_room_that_is_gone_does_not_make_it_again(
        self, relay: ScriptedRelay, code: ErrorCode
    ) -> None:
        relay.closes().told()
        send(relay, b"anybody?")
        relay.client.leave()
        relay.accepts().heard()
        relay.says(Error(0, code, "That was another time."))
        assert relay.heard() == []
        assert relay.client.fault == (CloseCode.NORMAL, "left")
        (lost, closed) = relay.closes(CloseCode.NORMAL, "left").told()
        assert lost == events.Lost((Send(None, b"anybody?"),))
        assert closed == events.Closed(1000, "normal", "You left the room.", False)

    def test_what_nobody_has_posted_is_lost_too(self, relay: ScriptedRelay) -> None:
        send(relay, b"posted")
        handed_over = commands.send(b"handed over", commands.OTHERS)
        relay.client.unposted = lambda: (handed_over,) if relay.client.closed else ()
        (lost, closed) = relay.closes(CloseCode.KICKED, "kicked").told()
        assert lost == events.Lost((Send(None, b"posted"), Send(None, b"handed over")))
        assert isinstance(closed, events.Closed)

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
