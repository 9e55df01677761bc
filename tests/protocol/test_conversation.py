"""Which frame may come when, and whose mistake it is if it comes all the same."""

from __future__ import annotations

import pytest

from protocol.codec import FRAMES, Role
from protocol.conversation import TRANSITIONS, Conversation, State
from protocol.error_codes import ErrorCode
from protocol.errors import LocalProtocolError, RemoteProtocolError
from protocol.fields.records import Session
from protocol.frames import (
    Ack,
    Deliver,
    Error,
    Frame,
    Hello,
    Joined,
    Leave,
    Live,
    Notice,
    Ping,
    Send,
    Taken,
    Unknown,
    Welcome,
)

C, R = Role.CLIENT, Role.RELAY
HELLO, LEAVE, PING, SEND = Hello(1), Leave(), Ping(0), Send(None, b"")
WELCOME = Welcome(1, 1, 0, Session(bytes(8), "R"))

Script = list[tuple[Frame, Role]]

JOIN: Script = [(HELLO, C), (WELCOME, R)]


def play(script: Script, our_role: Role = R) -> Conversation:
    conversation = Conversation(our_role)
    for frame, by in script:
        conversation.advance(frame, by)
    return conversation


@pytest.mark.parametrize(
    ("script", "state"),
    [
        ([], State.NEW),
        ([(Error(0, ErrorCode.HELLO_EXPECTED, ""), R)], State.NEW),
        ([(HELLO, C)], State.GREETED),
        ([(HELLO, C), (Notice(3), R)], State.GREETED),
        ([(HELLO, C), (Error(0, ErrorCode.HISTORY_TRIMMED, ""), R)], State.GREETED),
        ([(HELLO, C), (Error(0, ErrorCode.SEAT_EXPIRED, ""), R)], State.GREETED),
        ([(HELLO, C), (Error(0, ErrorCode.EPOCH_CHANGED, ""), R)], State.NEW),
        ([(HELLO, C), (Error(0, ErrorCode.ROOM_GONE, ""), R), (HELLO, C)], State.GREETED),
        (JOIN, State.CATCHING_UP),
        ([*JOIN, (PING, C), (Joined(1, 1), R), (SEND, C)], State.CATCHING_UP),
        ([*JOIN, (Live(1), R)], State.LIVE),
        (
            [*JOIN, (Live(1), R), (Ack(1), C), (Error(0, ErrorCode.EPOCH_CHANGED, ""), R)],
            State.LIVE,
        ),
        ([*JOIN, (LEAVE, C)], State.OVER),
        ([*JOIN, (Live(1), R), (LEAVE, C), (Deliver(2, 1, b""), R), (Live(1), R)], State.OVER),
    ],
)
def test_a_conversation_goes_on(script: Script, state: State) -> None:
    assert play(script).state is state


@pytest.mark.parametrize(
    ("script", "frame", "by", "code"),
    [
        ([], PING, C, ErrorCode.HELLO_EXPECTED),
        ([], SEND, C, ErrorCode.HELLO_EXPECTED),
        ([], WELCOME, R, ErrorCode.UNEXPECTED),
        ([(HELLO, C)], SEND, C, ErrorCode.UNEXPECTED),
        ([(HELLO, C)], HELLO, C, ErrorCode.UNEXPECTED),
        ([(HELLO, C)], Live(0), R, ErrorCode.UNEXPECTED),
        (JOIN, HELLO, C, ErrorCode.UNEXPECTED),
        (JOIN, WELCOME, R, ErrorCode.UNEXPECTED),
        (JOIN, WELCOME, C, ErrorCode.UNEXPECTED),
        (JOIN, Taken(0, 0), C, ErrorCode.UNEXPECTED),
        (JOIN, PING, R, ErrorCode.UNEXPECTED),
        ([*JOIN, (Live(1), R)], Live(2), R, ErrorCode.UNEXPECTED),
        ([*JOIN, (LEAVE, C)], LEAVE, C, ErrorCode.UNEXPECTED),
        ([*JOIN, (LEAVE, C)], HELLO, C, ErrorCode.UNEXPECTED),
    ],
)
def test_a_frame_out_of_turn_is_refused_and_changes_nothing(
    script: Script, frame: Frame, by: Role, code: ErrorCode
) -> None:
    for our_role in Role:
        conversation = play(script, our_role)
        before = conversation.state
        with pytest.raises((LocalProtocolError, RemoteProtocolError)) as caught:
            conversation.advance(frame, by)
        assert caught.value.code is code
        assert isinstance(caught.value, LocalProtocolError) == (by is our_role)
        assert conversation.state is before


def test_the_refusal_says_what_would_have_been_right() -> None:
    with pytest.raises(RemoteProtocolError) as early:
        play([(PING, C)])
    assert (early.value.expected, early.value.got) == ("HELLO", "PING")
    with pytest.raises(RemoteProtocolError) as late:
        play([*JOIN, (LEAVE, C), (PING, C)])
    assert late.value.expected == "nothing"
    with pytest.raises(LocalProtocolError) as ours:
        play([(Unknown(0x60), C)], C)
    assert ours.value.got == "an unknown frame"


@pytest.mark.parametrize("state", State)
def test_a_client_ignores_unknown_frames_in_every_state(state: State) -> None:
    conversation = Conversation(C)
    conversation.state = state
    conversation.advance(Unknown(0x60), R)
    assert conversation.state is state


@pytest.mark.parametrize("state", [State.CATCHING_UP, State.LIVE])
def test_in_a_room_every_frame_has_its_place_but_those_that_lead_there(state: State) -> None:
    may = {by: {event for event in TRANSITIONS[by][state] if event is not Unknown} for by in Role}
    assert may[C] == set(FRAMES[C].values()) - {Hello}
    led = {Welcome, Live} if state is State.LIVE else {Welcome}
    assert may[R] == set(FRAMES[R].values()) - led


def test_every_state_can_be_reached_from_the_first() -> None:
    reached = {State.NEW}
    for _ in State:
        reached |= {
            after for by in Role for state in reached for after in TRANSITIONS[by][state].values()
        }
    assert reached == set(State)
