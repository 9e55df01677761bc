"""What the operator does in a room, entry by entry."""

from __future__ import annotations

from dataclasses import replace

import pytest

from protocol.close_codes import CloseCode
from protocol.codec import pack
from protocol.error_codes import ErrorCode
from protocol.frames import Kick, LeftReason, Set, Transfer
from relay.room.effects import Answered, Close, Departed, Effect, Gone
from relay.room.entries import Detach, Dissolve, Operate, Say
from relay.room.room import Room
from tests.helpers.playbook import a_room, enters, room_of

ERRAND = 1_000_000


def refused(effects: list[Effect]) -> ErrorCode | None:
    """Return why an act was refused; None if it was done. It is always answered, and last."""
    *_, answer = effects
    assert isinstance(answer, Answered)
    assert answer.errand == ERRAND
    return None if answer.refusal is None else answer.refusal.code


def operates(room: Room, frame: Kick | Transfer | Set) -> list[Effect]:
    return [*room.apply(Operate(ERRAND, frame))]


def test_the_host_may_be_kicked_and_another_follows() -> None:
    room = room_of(2).witness.room
    effects = operates(room, Kick(1, "enough"))
    assert refused(effects) is None
    assert Departed(1, LeftReason.KICKED, by=0) in effects
    assert Close(1, CloseCode.KICKED, "enough") in effects
    assert room.host == 2


def test_a_kick_bars_the_address_if_the_room_says_so() -> None:
    room = a_room(bar="address")
    room.apply(replace(enters(1), network=b"a network"))
    operates(room, Kick(1))
    assert b"a network" in room.barred
    assert room.seats.get(1) is None


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (Kick(9), ErrorCode.NO_SUCH_PLAYER),
        (Transfer(9), ErrorCode.NO_SUCH_PLAYER),
        (Set(0, "map", b"\xc0"), ErrorCode.NOT_AVAILABLE),
        (Set(1, "@locked", pack(True)), ErrorCode.NOT_AVAILABLE),
        (Set(0, "@locked", False), ErrorCode.NOT_AVAILABLE),
        (Set(0, "@locked", pack("yes")), ErrorCode.WRONG_TYPE),
        (Set(0, "@capacity", pack(0)), ErrorCode.OUT_OF_RANGE),
    ],
)
def test_what_a_host_could_not_do_is_refused_and_changes_nothing(
    frame: Kick | Transfer | Set, code: ErrorCode
) -> None:
    room = room_of(2).witness.room
    before = room.summary()
    assert refused(operates(room, frame)) == code
    assert room.summary() == before


def test_who_is_lost_is_made_no_host() -> None:
    room = a_room()
    for attachment in (1, 2):
        room.apply(enters(attachment))
    room.apply(Detach(2))
    assert refused(operates(room, Transfer(2))) == ErrorCode.NOT_HERE
    assert room.host == 1


def test_an_option_is_told_as_the_operators() -> None:
    room = room_of(1).witness.room
    assert refused(operates(room, Set(0, "@locked", pack(True)))) is None
    assert room.options.locked


def test_what_is_said_has_no_place_in_the_order() -> None:
    room = room_of(2).witness.room
    before = room.summary()
    assert [*room.apply(Say(ERRAND, "hello"))] == [Answered(ERRAND)]
    assert room.summary() == before


def test_a_room_that_is_closed_lets_all_go_and_is_gone() -> None:
    room = room_of(2).witness.room
    *closes, gone, answered = room.apply(Dissolve(ERRAND))
    assert [(each.attachment, each.code) for each in closes if isinstance(each, Close)] == [
        (1, CloseCode.KICKED),
        (2, CloseCode.KICKED),
    ]
    assert (gone, answered) == (Gone(), Answered(ERRAND))
