"""Who cannot keep up is marked for all to see."""

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
from relay.room.entries import Detach, Evict, Expire, Join, Lag
from tests.helpers.playbook import AWAY, HERE, LAGGING, LOST, asks, enters, hears, room_of


def test_who_lags_is_marked_until_it_keeps_up() -> None:
    assert (
        room_of(2)
        >> Lag(2, is_lagging=True)
        << hears((1, 2), PresenceChanged(4, 2, LAGGING))
        >> Lag(2, is_lagging=True)
        >> Lag(2, is_lagging=False)
        << hears((1, 2), PresenceChanged(5, 2, HERE))
        >> Lag(2, is_lagging=False)
    )


def test_a_joiner_is_told_who_lags() -> None:
    assert (
        room_of(2)
        >> Lag(2, is_lagging=True)
        << hears((1, 2), PresenceChanged(4, 2, LAGGING))
        >> Join(3)
        << Admit(3, player=3, seq=0)
        << hears(3, Joined(1, 1), Host(2, 1, 1), Joined(3, 2), PresenceChanged(4, 2, LAGGING))
        << hears((1, 2, 3), Joined(5, 3))
        << hears(3, Live(5))
    )


def test_who_keeps_up_again_is_what_it_last_said() -> None:
    assert (
        room_of(2)
        >> asks(2, Presence(AWAY))
        << hears((1, 2), PresenceChanged(4, 2, AWAY))
        >> Lag(2, is_lagging=True)
        << hears((1, 2), PresenceChanged(5, 2, LAGGING))
        >> Lag(2, is_lagging=False)
        << hears((1, 2), PresenceChanged(6, 2, AWAY))
        >> Lag(2, is_lagging=True)
        << hears((1, 2), PresenceChanged(7, 2, LAGGING))
        >> asks(2, Presence(HERE))
        >> Lag(2, is_lagging=False)
        << hears((1, 2), PresenceChanged(8, 2, HERE))
    )


def test_taking_up_a_seat_means_here_whatever_was_said() -> None:
    assert (
        room_of(2)
        >> asks(2, Presence(AWAY))
        << hears((1, 2), PresenceChanged(4, 2, AWAY))
        >> enters(12, 2, at=4)
        << Close(2, CloseCode.REPLACED)
        << Admit(12, player=2, seq=4, resumed=True)
        << hears((1, 12), PresenceChanged(5, 2, HERE))
        << hears(12, Live(5))
        >> Lag(12, is_lagging=True)
        << hears((1, 12), PresenceChanged(6, 2, LAGGING))
        >> Lag(12, is_lagging=False)
        << hears((1, 12), PresenceChanged(7, 2, HERE))
    )


@pytest.mark.parametrize("is_lagging", [True, False])
def test_nobody_lags_on_a_connection_that_is_no_more(is_lagging: bool) -> None:
    assert (
        room_of(2)
        >> Lag(2, is_lagging=True)
        << hears((1, 2), PresenceChanged(4, 2, LAGGING))
        >> Detach(2)
        << Later(30, Expire(2))
        << hears(1, PresenceChanged(5, 2, LOST))
        >> Lag(2, is_lagging)
        >> enters(12, 2, at=4)
        << Admit(12, player=2, seq=4, resumed=True)
        << hears(12, PresenceChanged(5, 2, LOST))
        << hears((1, 12), PresenceChanged(6, 2, HERE))
        << hears(12, Live(6))
        >> Lag(2, is_lagging)
    )


def test_a_host_who_lags_stays_host_and_one_who_lags_is_made_none() -> None:
    assert (
        room_of(3)
        >> Lag(1, is_lagging=True)
        << hears((1, 2, 3), PresenceChanged(5, 1, LAGGING))
        >> asks(1, Transfer(2))
        << hears((1, 2, 3), Host(6, 2, 2))
        >> Evict(2)
        << hears((1, 3), Left(7, 2, LeftReason.LEFT), Host(8, 3, 3))
    )
