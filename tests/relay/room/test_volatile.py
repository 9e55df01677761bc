"""Volatile values go past the order: of each the newest, to who is there and who comes later."""

from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Deliver,
    Host,
    Joined,
    Left,
    LeftReason,
    Live,
    PresenceChanged,
    PresenceState,
    Update,
)
from relay.room.effects import Admit, Close, Later
from relay.room.entries import Detach, Evict, Expire, Join
from tests.helpers.playbook import Moves, Refused, enters, hears, room_of, sends


def test_a_volatile_value_reaches_its_target_outside_the_order() -> None:
    assert (
        room_of(3)
        >> Moves(1, 5, None, b"others")
        << hears((2, 3), Update(5, 1, b"others"))
        >> Moves(1, 5, True, b"all")
        << hears((1, 2, 3), Update(5, 1, b"all"))
        >> Moves(3, 255, 0, b"host")
        << hears(1, Update(255, 3, b"host"))
        >> Moves(3, 0, (1, 2), b"two")
        << hears((1, 2), Update(0, 3, b"two"))
        >> Moves(3, 0, -1, b"nobody")
        >> Moves(3, 0, 9, b"")
        << Refused(ErrorCode.NO_SUCH_PLAYER)
        >> sends(1, None, b"the next place")
        << hears((2, 3), Deliver(5, 1, b"the next place"))
    )


def test_a_value_for_one_who_is_lost_is_for_nobody() -> None:
    assert (
        room_of(3)
        >> Detach(2)
        << Later(30, Expire(2))
        << hears((1, 3), PresenceChanged(5, 2, PresenceState.LOST))
        >> Moves(1, 5, 2, b"")
        >> Moves(1, 5, (2, 3), b"")
        << hears(3, Update(5, 1, b""))
    )


def test_a_newer_value_takes_the_place_of_one_that_waits() -> None:
    witness = room_of(3).witness
    for payload in (b"old", b"older than new", b"new"):
        witness.move(Moves(1, 5, None, payload))
        witness.move(Moves(2, 5, None, b"of another " + payload))
        witness.apply(sends(1, 2, payload))
    assert witness.hear()[2] == [
        Update(5, 1, b"new"),
        Deliver(5, 1, b"old"),
        Deliver(6, 1, b"older than new"),
        Deliver(7, 1, b"new"),
    ]


def test_a_joiner_sees_those_who_stand_still() -> None:
    assert (
        room_of(2)
        >> Moves(1, 5, None, b"here")
        << hears(2, Update(5, 1, b"here"))
        >> Moves(2, 5, True, b"there")
        << hears((1, 2), Update(5, 2, b"there"))
        >> Moves(2, 6, 1, b"for one alone")
        << hears(1, Update(6, 2, b"for one alone"))
        >> Join(3)
        << Admit(3, player=3, seq=0)
        << hears(3, Joined(1, 1), Host(2, 1, 1), Joined(3, 2))
        << hears((1, 2, 3), Joined(4, 3))
        << hears(3, Live(4), Update(5, 1, b"here"), Update(5, 2, b"there"))
        >> enters(11, 1)
        << Close(1, CloseCode.REPLACED)
        << Admit(11, player=1, seq=0)
        << hears(11, Joined(1, 1), Host(2, 1, 1), Joined(3, 2), Joined(4, 3), Live(4))
        << hears(11, Update(5, 2, b"there"))
    )


def test_values_go_with_who_sent_them() -> None:
    assert (
        room_of(2)
        >> Moves(2, 5, None, b"there")
        << hears(1, Update(5, 2, b"there"))
        >> Evict(2)
        << hears(1, Left(4, 2, LeftReason.LEFT))
        >> Join(3)
        << Admit(3, player=3, seq=0)
        << hears(3, Joined(1, 1), Host(2, 1, 1))
        << hears((1, 3), Joined(5, 3))
        << hears(3, Live(5))
    )
