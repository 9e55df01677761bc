"""Conversations that are made up are legal: for both sides, and in every number that they name."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import Phase, given, settings

from protocol.codec import Role, decode, encode
from protocol.conversation import Conversation
from protocol.frames import (
    Ack,
    Deliver,
    Frame,
    Hello,
    Host,
    Joined,
    Kick,
    Left,
    PresenceChanged,
    Property,
    Taken,
    Transfer,
    Update,
    Welcome,
)
from protocol.opcodes import COUNTED
from protocol.resume import ResumeState
from roomwire.testing import Opcode, Said, conversations

FACTS = (Deliver, Joined, Left, PresenceChanged, Host, Property)

AT_HOME_ELSEWHERE = {Opcode.SNAPSHOT, Opcode.SNAPSHOT_WANTED, Opcode.TICK, Opcode.DESYNC}
AT_HOME_ELSEWHERE |= {Opcode.START}
"""What only rooms with snapshots or lockstep have."""


def told(talk: tuple[Said, ...]) -> Iterator[Frame]:
    """Yield what the relay says."""
    return (frame for by, frame in talk if by is Role.RELAY)


@given(conversations())
def test_each_frame_comes_when_it_may(talk: tuple[Said, ...]) -> None:
    for ours in Role:
        conversation = Conversation(ours)
        for by, frame in talk:
            conversation.advance(frame, by)


@given(conversations())
def test_each_frame_can_be_sent(talk: tuple[Said, ...]) -> None:
    for by, frame in talk:
        assert decode(encode(frame), by) == frame


@given(conversations())
def test_facts_come_in_the_order_of_the_room(talk: tuple[Said, ...]) -> None:
    seqs = [frame.seq for frame in told(talk) if isinstance(frame, (Welcome, *FACTS))]
    assert seqs == sorted(set(seqs))


@given(conversations())
def test_a_client_that_follows_them_finds_nothing_wrong(talk: tuple[Said, ...]) -> None:
    """`received` refuses what acknowledges more than was sent."""
    hello = talk[0][1]
    assert isinstance(hello, Hello)
    seat = ResumeState(hello.options)
    for by, frame in talk[1:]:
        if by is Role.RELAY and not isinstance(frame, Welcome):
            seat.received(frame)
        elif isinstance(frame, Welcome):
            seat.welcomed(frame)
        elif frame.opcode in COUNTED:
            seat.window.add(encode(frame))
        elif isinstance(frame, Ack):
            assert frame.seq <= seat.seq


@given(conversations())
def test_only_players_who_are_there_are_named(talk: tuple[Said, ...]) -> None:
    there: set[int] = set()
    for _, frame in talk:
        match frame:
            case Welcome(player=player):
                there.add(player)
            case Joined(player=player):
                there.add(player)
            case Left(player=player):
                there.remove(player)
            case Deliver(sender=player) | Update(sender=player):
                assert player in {0, *there}
            case PresenceChanged(player=player) | Host(player=player):
                assert player in there
            case Kick(player=player) | Transfer(player=player):
                assert player in there


@given(conversations())
def test_what_is_taken_was_sent(talk: tuple[Said, ...]) -> None:
    sent = 0
    for by, frame in talk:
        if isinstance(frame, Welcome):
            sent = frame.session.taken
        elif by is Role.CLIENT and frame.opcode in COUNTED:
            sent += 1
        elif isinstance(frame, Taken):
            assert frame.taken <= sent


def test_every_opcode_of_such_a_room_is_said() -> None:
    said: set[Opcode] = set()

    @settings(max_examples=300, phases=[Phase.generate], derandomize=True)
    @given(conversations())
    def hear(talk: tuple[Said, ...]) -> None:
        said.update(frame.opcode for _, frame in talk)

    hear()
    assert said == set(Opcode) - AT_HOME_ELSEWHERE
