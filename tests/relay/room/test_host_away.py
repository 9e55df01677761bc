"""A host that is away for too long is followed by somebody who is here."""

import pytest

from protocol.close_codes import CloseCode
from protocol.frames import (
    Host,
    Joined,
    Left,
    LeftReason,
    Live,
    Presence,
    PresenceChanged,
    Transfer,
)
from relay.room.effects import Admit, Close, Later
from relay.room.entries import Detach, Evict, Expire, Join, Lag, Relieve, Succeed
from tests.helpers.playbook import (
    AWAY,
    CANNOT_HOST,
    HERE,
    LAGGING,
    LOST,
    asks,
    enters,
    hears,
    room_of,
)


def test_a_host_who_is_away_for_too_long_is_followed_by_the_lowest_number_that_is_here() -> None:
    assert (
        room_of(4, host_away=20)
        >> asks(2, Presence(AWAY))
        << hears((1, 2, 3, 4), PresenceChanged(6, 2, AWAY))
        >> asks(1, Presence(AWAY))
        << Later(20, Relieve(1, 1))
        << hears((1, 2, 3, 4), PresenceChanged(7, 1, AWAY))
        >> Relieve(1, 1)
        << hears((1, 2, 3, 4), Host(8, 3, 2))
        >> Relieve(1, 1)
    )


def test_an_absence_that_is_over_means_nothing_to_the_next() -> None:
    assert (
        room_of(2, host_away=20)
        >> asks(1, Presence(AWAY))
        << Later(20, Relieve(1, 1))
        << hears((1, 2), PresenceChanged(4, 1, AWAY))
        >> asks(1, Presence(AWAY))  # says nothing new
        >> asks(1, Presence(HERE))
        << hears((1, 2), PresenceChanged(5, 1, HERE))
        >> Relieve(1, 1)
        >> asks(1, Presence(AWAY))
        << Later(20, Relieve(1, 2))
        << hears((1, 2), PresenceChanged(6, 1, AWAY))
        >> Relieve(1, 1)
        >> Relieve(1, 2)
        << hears((1, 2), Host(7, 2, 2))
    )


def test_an_absence_ends_where_the_seat_is_taken_up_anew() -> None:
    assert (
        room_of(2, host_away=20)
        >> asks(1, Presence(AWAY))
        << Later(20, Relieve(1, 1))
        << hears((1, 2), PresenceChanged(4, 1, AWAY))
        >> enters(11, 1, at=4)
        << Close(1, CloseCode.REPLACED)
        << Admit(11, player=1, seq=4, resumed=True)
        << hears((2, 11), PresenceChanged(5, 1, HERE))
        << hears(11, Live(5))
        >> Relieve(1, 1)
    )


def test_a_player_who_is_away_is_not_followed_where_another_is_host() -> None:
    assert (
        room_of(3, host_away=20)
        >> asks(1, Presence(AWAY))
        << Later(20, Relieve(1, 1))
        << hears((1, 2, 3), PresenceChanged(5, 1, AWAY))
        >> asks(1, Transfer(2))
        << hears((1, 2, 3), Host(6, 2, 2))
        >> Relieve(1, 1)
        >> asks(3, Presence(AWAY))
        << hears((1, 2, 3), PresenceChanged(7, 3, AWAY))
    )


def test_a_lost_host_is_no_longer_away() -> None:
    assert (
        room_of(2, host_away=20)
        >> asks(1, Presence(AWAY))
        << Later(20, Relieve(1, 1))
        << hears((1, 2), PresenceChanged(4, 1, AWAY))
        >> Detach(1)
        << Later(30, Expire(1))
        << Later(2, Succeed(1, 1))
        << hears(2, PresenceChanged(5, 1, LOST))
        >> Relieve(1, 1)
        >> Succeed(1, 1)
        << hears(2, Host(6, 2, 2))
    )


def test_where_nobody_is_here_the_host_stays_until_somebody_is() -> None:
    assert (
        room_of(2, host_away=20)
        >> asks(2, Presence(AWAY))
        << hears((1, 2), PresenceChanged(4, 2, AWAY))
        >> asks(1, Presence(AWAY))
        << Later(20, Relieve(1, 1))
        << hears((1, 2), PresenceChanged(5, 1, AWAY))
        >> Relieve(1, 1)
        >> Join(3, info=CANNOT_HOST)
        << Admit(3, player=3, seq=0)
        << hears(3, Joined(1, 1), Host(2, 1, 1), Joined(3, 2))
        << hears(3, PresenceChanged(4, 2, AWAY), PresenceChanged(5, 1, AWAY))
        << hears((1, 2, 3), Joined(6, 3, CANNOT_HOST))
        << hears(3, Live(6))
        >> asks(2, Presence(HERE))
        << hears((1, 2, 3), PresenceChanged(7, 2, HERE), Host(8, 2, 2))
    )


@pytest.mark.parametrize("role", ["joins", "returns", "keeps up"])
def test_whoever_comes_first_follows_a_host_that_has_been_away_for_too_long(role: str) -> None:
    witness = room_of(2, host_away=20).witness
    witness.apply(Detach(2))
    if role == "keeps up":
        witness.apply(enters(12, 2))
        witness.apply(Lag(12, is_lagging=True))
    witness.apply(asks(1, Presence(AWAY)))
    witness.apply(Relieve(1, 1))
    assert witness.room.host == 1
    match role:
        case "joins":
            witness.apply(enters(3))
        case "returns":
            witness.apply(enters(12, 2))
        case _:
            witness.apply(Lag(12, is_lagging=False))
    assert (witness.room.host, witness.room.term) == (3 if role == "joins" else 2, 2)
    witness.check_replay()


def test_a_host_who_is_back_before_anybody_else_stays_host() -> None:
    assert (
        room_of(2, host_away=20)
        >> asks(2, Presence(AWAY))
        << hears((1, 2), PresenceChanged(4, 2, AWAY))
        >> asks(1, Presence(AWAY))
        << Later(20, Relieve(1, 1))
        << hears((1, 2), PresenceChanged(5, 1, AWAY))
        >> Relieve(1, 1)
        >> asks(1, Presence(HERE))
        << hears((1, 2), PresenceChanged(6, 1, HERE))
        >> asks(1, Presence(AWAY))
        << Later(20, Relieve(1, 2))
        << hears((1, 2), PresenceChanged(7, 1, AWAY))
        >> asks(2, Presence(HERE))
        << hears((1, 2), PresenceChanged(8, 2, HERE))
    )


def test_one_who_becomes_host_while_it_is_away_has_its_time_from_then() -> None:
    assert (
        room_of(2, host_away=20)
        >> asks(2, Presence(AWAY))
        << hears((1, 2), PresenceChanged(4, 2, AWAY))
        >> Evict(1)
        << Later(20, Relieve(2, 1))
        << hears(2, Left(5, 1, LeftReason.LEFT), Host(6, 2, 2))
        >> enters(3)
        << Admit(3, player=3, seq=0)
        << hears(3, Joined(3, 2), PresenceChanged(4, 2, AWAY), Host(6, 2, 2))
        << hears((2, 3), Joined(7, 3))
        << hears(3, Live(7))
        >> Relieve(2, 1)
        << hears((2, 3), Host(8, 3, 3))
    )


def test_one_who_lags_is_as_much_away_as_it_says() -> None:
    assert (
        room_of(2, host_away=20)
        >> Lag(1, is_lagging=True)
        << hears((1, 2), PresenceChanged(4, 1, LAGGING))
        >> asks(1, Presence(AWAY))
        << Later(20, Relieve(1, 1))
        >> asks(1, Presence(HERE))
        >> Relieve(1, 1)
        >> asks(1, Presence(AWAY))
        << Later(20, Relieve(1, 2))
        >> Relieve(1, 1)
        >> Relieve(1, 2)
        << hears((1, 2), Host(5, 2, 2))
    )
