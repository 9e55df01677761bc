"""Who gets a seat, and who is turned away."""

import pytest

from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Host,
    Joined,
    Left,
    LeftReason,
    Live,
    PlayerInfo,
    PresenceChanged,
    Property,
    Set,
)
from relay.room.effects import Admit, Close, Later
from relay.room.entries import Detach, Evict, Expire, Join
from tests.helpers.playbook import (
    EPOCH,
    LOST,
    SPECTATOR,
    Playbook,
    Turned,
    a_room,
    asks,
    enters,
    hears,
    key,
    room_of,
)

# Joining.


def test_the_first_player_is_host() -> None:
    assert (
        Playbook(a_room())
        >> Join(1, info=PlayerInfo("Ada"))
        << Admit(1, player=1, seq=0)
        << hears(1, Joined(1, 1, PlayerInfo("Ada")), Host(2, 1, 1), Live(2))
        >> Join(2, info=PlayerInfo("Bob"))
        << Admit(2, player=2, seq=0)
        << hears(2, Joined(1, 1, PlayerInfo("Ada")), Host(2, 1, 1))
        << hears((1, 2), Joined(3, 2, PlayerInfo("Bob")))
        << hears(2, Live(3))
    )


def test_a_number_is_never_given_again() -> None:
    assert (
        room_of(2)
        >> Evict(2)
        << hears(1, Left(4, 2, LeftReason.LEFT))
        >> enters(3, 2)
        << Admit(3, player=3, seq=0)
        << hears(3, Joined(1, 1), Host(2, 1, 1))
        << hears((1, 3), Joined(5, 3))
        << hears(3, Live(5))
    )


def test_a_full_room_turns_players_away_until_one_leaves() -> None:
    assert (
        room_of(2, capacity=2)
        >> enters(3)
        << Turned(3, ErrorCode.ROOM_FULL, CloseCode.ROOM_FULL)
        >> Detach(2)
        << Later(30, Expire(2))
        << hears(1, PresenceChanged(4, 2, LOST))
        >> enters(3)
        << Turned(3, ErrorCode.ROOM_FULL, CloseCode.ROOM_FULL)
        >> Expire(2)
        << hears(1, Left(5, 2, LeftReason.EXPIRED))
        >> enters(3)
        << Admit(3, player=3, seq=0)
        << hears(3, Joined(1, 1), Host(2, 1, 1))
        << hears((1, 3), Joined(6, 3))
        << hears(3, Live(6))
    )


def test_a_full_or_locked_room_takes_its_own_players_back() -> None:
    assert (
        room_of(2, capacity=2)
        >> asks(1, Set(0, "@locked", b"\xc3"))
        << hears((1, 2), Property(4, 0, "@locked", b"\xc3", 4, 1))
        >> enters(12, 2)
        << Close(2, CloseCode.REPLACED)
        << Admit(12, player=2, seq=0)
        << hears(12, Joined(1, 1), Host(2, 1, 1), Joined(3, 2))
        << hears(12, Property(4, 0, "@locked", b"\xc3", 4, 1), Live(4))
    )


def test_spectators_have_their_own_places() -> None:
    assert (
        room_of(1, capacity=1, spectators=1)
        >> Join(2, info=SPECTATOR)
        << Admit(2, player=2, seq=0)
        << hears(2, Joined(1, 1), Host(2, 1, 1))
        << hears((1, 2), Joined(3, 2, SPECTATOR))
        << hears(2, Live(3))
        >> Join(3, info=SPECTATOR)
        << Turned(3, ErrorCode.ROOM_FULL, CloseCode.ROOM_FULL)
        >> Detach(2)
        << hears(1, Left(4, 2, LeftReason.GONE))
        >> Join(4, info=SPECTATOR)
        << Admit(4, player=3, seq=0)
        << hears(4, Joined(1, 1), Host(2, 1, 1))
        << hears((1, 4), Joined(5, 3, SPECTATOR))
        << hears(4, Live(5))
        >> Join(5)
        << Turned(5, ErrorCode.ROOM_FULL, CloseCode.ROOM_FULL)
    )


def test_a_locked_room_turns_all_away_but_the_first() -> None:
    """Who makes a room locked from the start must get into it."""
    assert (
        Playbook(a_room(locked=True))
        >> enters(1)
        << Admit(1, player=1, seq=0)
        << hears(1, Joined(1, 1), Host(2, 1, 1), Live(2))
        >> enters(2)
        << Turned(2, ErrorCode.LOCKED, CloseCode.LOCKED)
        >> asks(1, Set(0, "@locked", b"\xc2"))
        << hears(1, Property(3, 0, "@locked", b"\xc2", 3, 1))
        >> enters(2)
        << Admit(2, player=2, seq=0)
        << hears(2, Joined(1, 1), Host(2, 1, 1), Property(3, 0, "@locked", b"\xc2", 3, 1))
        << hears((1, 2), Joined(4, 2))
        << hears(2, Live(4))
    )


def test_a_connection_that_has_a_seat_cannot_take_another() -> None:
    assert room_of(1) >> enters(1, 2) >> Join(1)


# Positions.


@pytest.mark.parametrize("position", [(b"8 others", 2), (b"8 others", 0), (EPOCH, 4)])
def test_a_position_of_another_order_is_refused_and_may_be_followed_by_a_hello(
    position: tuple[bytes, int],
) -> None:
    assert (
        room_of(2)
        >> Join(12, key(2), position=position)
        << Turned(12, ErrorCode.EPOCH_CHANGED)
        >> enters(12, 2)
        << Close(2, CloseCode.REPLACED)
        << Admit(12, player=2, seq=0)
        << hears(12, Joined(1, 1), Host(2, 1, 1), Joined(3, 2), Live(3))
    )


def test_who_comes_back_too_late_is_somebody_new() -> None:
    assert (
        room_of(2)
        >> Detach(2)
        << Later(30, Expire(2))
        << hears(1, PresenceChanged(4, 2, LOST))
        >> Expire(2)
        << hears(1, Left(5, 2, LeftReason.EXPIRED))
        >> enters(12, 2, at=4)
        << Admit(12, player=3, seq=0, refused=ErrorCode.SEAT_EXPIRED)
        << hears(12, Joined(1, 1), Host(2, 1, 1))
        << hears((1, 12), Joined(6, 3))
        << hears(12, Live(6))
    )


def test_who_was_not_reached_by_the_news_of_a_new_seat_hears_it_again() -> None:
    assert (
        room_of(2)
        >> Detach(2)
        << Later(30, Expire(2))
        << hears(1, PresenceChanged(4, 2, LOST))
        >> Expire(2)
        << hears(1, Left(5, 2, LeftReason.EXPIRED))
        >> enters(12, 2, at=4)
        << Admit(12, player=3, seq=0, refused=ErrorCode.SEAT_EXPIRED)
        << hears(12, Joined(1, 1), Host(2, 1, 1))
        << hears((1, 12), Joined(6, 3))
        << hears(12, Live(6))
        >> enters(22, 2, at=4)
        << Close(12, CloseCode.REPLACED)
        << Admit(22, player=3, seq=0, refused=ErrorCode.SEAT_EXPIRED)
        << hears(22, Joined(1, 1), Host(2, 1, 1), Joined(6, 3), Live(6))
    )


def test_a_position_without_a_secret_is_of_no_seat() -> None:
    assert (
        room_of(1)
        >> Join(2, position=(EPOCH, 2))
        << Admit(2, player=2, seq=0, refused=ErrorCode.SEAT_EXPIRED)
        << hears(2, Joined(1, 1), Host(2, 1, 1))
        << hears((1, 2), Joined(3, 2))
        << hears(2, Live(3))
    )
