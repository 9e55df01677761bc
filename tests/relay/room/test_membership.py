"""How seats are held and given up, and when a room is no more."""

import pytest

from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Deliver,
    Host,
    Joined,
    Left,
    LeftReason,
    Live,
    Presence,
    PresenceChanged,
    Transfer,
)
from relay.room.effects import Admit, Close, Gone, Later
from relay.room.entries import (
    Acknowledge,
    Detach,
    Entry,
    Evict,
    Expire,
    Join,
    Refuse,
    Retire,
    Succeed,
    Wake,
)
from tests.helpers.playbook import (
    AWAY,
    HERE,
    LOST,
    Playbook,
    a_room,
    asks,
    enters,
    hears,
    room_of,
    sends,
)

# Seats.


def test_a_lost_seat_is_held_and_taken_up_again() -> None:
    assert (
        room_of(2, hold=120)
        >> Detach(2)
        << Later(120, Expire(2))
        << hears(1, PresenceChanged(4, 2, LOST))
        >> enters(12, 2)
        << Admit(12, player=2, seq=0)
        << hears(12, Joined(1, 1), Host(2, 1, 1), Joined(3, 2))
        << hears(1, PresenceChanged(5, 2, HERE))
        << hears(12, Live(5))
    )


def test_a_seat_that_is_not_taken_up_in_time_is_no_more() -> None:
    assert (
        room_of(2)
        >> Detach(2)
        << Later(30, Expire(2))
        << hears(1, PresenceChanged(4, 2, LOST))
        >> Expire(2)
        << hears(1, Left(5, 2, LeftReason.EXPIRED))
        >> Expire(2)
    )


def test_an_expiry_belongs_to_one_loss() -> None:
    """The seat came back and was lost again: the timer of the first loss must not end it."""
    assert (
        room_of(2)
        >> Detach(2)
        << Later(30, Expire(2))
        << hears(1, PresenceChanged(4, 2, LOST))
        >> enters(12, 2, at=4)
        << Admit(12, player=2, seq=4, resumed=True)
        << hears((1, 12), PresenceChanged(5, 2, HERE))
        << hears(12, Live(5))
        >> Expire(2)
        >> Detach(12)
        << Later(30, Expire(12))
        << hears(1, PresenceChanged(6, 2, LOST))
        >> Expire(2)
        >> Expire(12)
        << hears(1, Left(7, 2, LeftReason.EXPIRED))
    )


@pytest.mark.parametrize(("hold", "seconds"), [(30, 5), (5, 5), (1, 1), (0, 0)])
def test_a_seat_whose_welcome_was_not_seen_is_held_for_short(hold: int, seconds: int) -> None:
    assert (
        room_of(1, hold=hold)
        >> enters(2)
        << Admit(2, player=2, seq=0)
        << hears(2, Joined(1, 1), Host(2, 1, 1))
        << hears((1, 2), Joined(3, 2))
        << hears(2, Live(3))
        >> Detach(2)
        << Later(seconds, Expire(2))
        << hears(1, PresenceChanged(4, 2, LOST))
    )


@pytest.mark.parametrize(
    "entry",
    [
        Acknowledge(2),
        sends(2, 2),
        asks(2, Transfer(9)),
        Refuse(2, ErrorCode.ARITY, ""),
    ],
    ids=lambda entry: type(entry).__name__,
)
def test_whoever_says_something_counted_has_seen_its_welcome(entry: Entry) -> None:
    witness = room_of(1, hold=30).witness
    witness.apply(enters(2))
    assert not witness.room.seats[2].is_acknowledged
    witness.apply(entry)
    assert witness.room.seats[2].is_acknowledged
    assert witness.apply(Detach(2)) == [Later(30, Expire(2))]


def test_presence_may_be_said_before_the_welcome_was_seen() -> None:
    """It is not counted: a client that sends it blindly proves nothing."""
    witness = room_of(1).witness
    witness.apply(enters(2))
    witness.apply(asks(2, Presence(AWAY)))
    assert not witness.room.seats[2].is_acknowledged


def test_without_a_secret_the_seat_ends_with_its_connection() -> None:
    assert (
        room_of(1)
        >> Join(2)
        << Admit(2, player=2, seq=0)
        << hears(2, Joined(1, 1), Host(2, 1, 1))
        << hears((1, 2), Joined(3, 2))
        << hears(2, Live(3))
        >> Acknowledge(2)
        >> Detach(2)
        << hears(1, Left(4, 2, LeftReason.GONE))
    )


def test_the_newest_connection_has_the_seat_and_the_older_is_closed() -> None:
    assert (
        room_of(2)
        >> enters(12, 2)
        << Close(2, CloseCode.REPLACED)
        << Admit(12, player=2, seq=0)
        << hears(12, Joined(1, 1), Host(2, 1, 1), Joined(3, 2), Live(3))
        >> sends(1, None, b"for the newer")
        << hears(12, Deliver(4, 1, b"for the newer"))
        >> Detach(2)
        >> Evict(2)
        >> Expire(2)
        >> sends(12, None, b"still here")
        << hears(1, Deliver(5, 2, b"still here"))
    )


def test_the_seat_and_its_count_survive_the_connection() -> None:
    playbook = (
        room_of(2)
        >> sends(2, None, b"1")
        << hears(1, Deliver(4, 2, b"1"))
        >> Detach(2)
        << Later(30, Expire(2))
        << hears(1, PresenceChanged(5, 2, LOST))
        >> enters(12, 2)
        << Admit(12, player=2, seq=0)
        << hears(12, Joined(1, 1), Host(2, 1, 1), Joined(3, 2))
        << hears(1, PresenceChanged(6, 2, HERE))
        << hears(12, Live(6))
    )
    assert playbook
    assert playbook.witness.room.seats[2].taken == 1


def test_an_evicted_seat_is_given_up_at_once() -> None:
    assert room_of(2) >> Evict(2) << hears(1, Left(4, 2, LeftReason.LEFT)) >> Expire(2) >> Detach(2)


@pytest.mark.parametrize(
    "entry",
    [Acknowledge(9), Detach(9), Evict(9), Expire(9), Succeed(1, 9), Expire(1), sends(9, True)],
    ids=repr,
)
def test_what_is_said_of_an_unknown_connection_changes_nothing(entry: Entry) -> None:
    assert room_of(1) >> entry


# The end of the room.


def test_an_empty_room_is_kept_for_a_while_and_then_gone() -> None:
    assert (
        room_of(2, keep=60)
        >> Evict(1)
        << hears(2, Left(4, 1, LeftReason.LEFT), Host(5, 2, 2))
        >> Evict(2)
        << Later(60, Retire(2))
        >> Retire(2)
        << Gone()
    )


def test_a_room_that_nobody_ever_joined_goes_too() -> None:
    assert Playbook(a_room()) >> Retire(0) << Gone()


def test_a_join_in_between_keeps_the_room() -> None:
    assert (
        room_of(1, keep=60)
        >> Evict(1)
        << Later(60, Retire(1))
        >> enters(2)
        << Admit(2, player=2, seq=0)
        << hears(2, Joined(5, 2), Host(6, 2, 3), Live(6))
        >> Retire(1)
        >> Evict(2)
        << Later(60, Retire(2))
        >> Retire(1)
        >> Retire(2)
        << Gone()
    )


def test_a_room_is_not_empty_while_a_seat_is_held() -> None:
    assert (
        room_of(1)
        >> Detach(1)
        << Later(30, Expire(1))
        << Later(2, Succeed(1, 1))
        >> Retire(1)
        >> Expire(1)
        << Later(30, Retire(1))
    )


# A relay that comes back with the rooms it held.


def test_a_room_that_wakes_gives_everybody_time_to_come_back() -> None:
    witness = room_of(3, hold=4).witness
    witness.apply(Detach(3))
    effects = witness.apply(Wake(10))
    assert list(effects) == [
        Later(18, Expire(3)),
        Later(18, Expire(1)),
        Later(18, Expire(2)),
        Later(18, Succeed(1, 1)),
    ]
    assert [seat.state for seat in witness.room.seats.values()] == [LOST] * 3


def test_a_room_that_wakes_holds_seats_for_as_long_as_it_ever_did() -> None:
    assert Later(600, Expire(1)) in room_of(1, hold=600).witness.apply(Wake(0))


def test_a_room_that_wakes_has_nobody_who_cannot_come_back() -> None:
    room = a_room(keep=60)
    room.apply(Join(1))
    assert list(room.apply(Wake(0))) == [Later(60, Retire(1))]
    assert not room.seats
    assert not room.host
