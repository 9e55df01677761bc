"""Who is host, and who follows a host that is gone."""

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
from relay.room.effects import Admit, Later
from relay.room.entries import Detach, Evict, Expire, Join, Succeed
from tests.helpers.playbook import (
    AWAY,
    CANNOT_HOST,
    HERE,
    LOST,
    SPECTATOR,
    Playbook,
    a_room,
    asks,
    enters,
    hears,
    room_of,
    sends,
)

# The host.


def test_a_host_who_leaves_is_followed_by_the_lowest_number_that_is_here() -> None:
    assert (
        room_of(4)
        >> asks(2, Presence(AWAY))
        << hears((1, 2, 3, 4), PresenceChanged(6, 2, AWAY))
        >> Evict(1)
        << hears((2, 3, 4), Left(7, 1, LeftReason.LEFT), Host(8, 3, 2))
    )


def test_failing_those_who_are_here_one_who_is_away_is_host() -> None:
    assert (
        room_of(3)
        >> asks(2, Presence(AWAY))
        << hears((1, 2, 3), PresenceChanged(5, 2, AWAY))
        >> asks(3, Presence(AWAY))
        << hears((1, 2, 3), PresenceChanged(6, 3, AWAY))
        >> Evict(1)
        << hears((2, 3), Left(7, 1, LeftReason.LEFT), Host(8, 2, 2))
    )


def test_a_host_who_is_away_stays_host() -> None:
    assert (
        room_of(2)
        >> asks(1, Presence(AWAY))
        << hears((1, 2), PresenceChanged(4, 1, AWAY))
        >> sends(2, 0, b"host?")
        << hears(1, Deliver(5, 2, b"host?"))
    )


def test_a_lost_host_is_followed_after_two_seconds_and_does_not_come_back() -> None:
    assert (
        room_of(3)
        >> Detach(1)
        << Later(30, Expire(1))
        << Later(2, Succeed(1, 1))
        << hears((2, 3), PresenceChanged(5, 1, LOST))
        >> Succeed(1, 1)
        << hears((2, 3), Host(6, 2, 2))
        >> enters(11, 1, at=5)
        << Admit(11, player=1, seq=5, resumed=True)
        << hears(11, Host(6, 2, 2))
        << hears((2, 3, 11), PresenceChanged(7, 1, HERE))
        << hears(11, Live(7))
    )


def test_a_host_who_is_back_in_time_stays_host() -> None:
    assert (
        room_of(2)
        >> Detach(1)
        << Later(30, Expire(1))
        << Later(2, Succeed(1, 1))
        << hears(2, PresenceChanged(4, 1, LOST))
        >> enters(11, 1, at=4)
        << Admit(11, player=1, seq=4, resumed=True)
        << hears((2, 11), PresenceChanged(5, 1, HERE))
        << hears(11, Live(5))
        >> Succeed(1, 1)
    )


def test_a_succession_belongs_to_one_loss() -> None:
    assert (
        room_of(2)
        >> Detach(1)
        << Later(30, Expire(1))
        << Later(2, Succeed(1, 1))
        << hears(2, PresenceChanged(4, 1, LOST))
        >> enters(11, 1, at=4)
        << Admit(11, player=1, seq=4, resumed=True)
        << hears((2, 11), PresenceChanged(5, 1, HERE))
        << hears(11, Live(5))
        >> Detach(11)
        << Later(30, Expire(11))
        << Later(2, Succeed(1, 11))
        << hears(2, PresenceChanged(6, 1, LOST))
        >> Succeed(1, 1)
        >> Succeed(1, 11)
        << hears(2, Host(7, 2, 2))
    )


def test_a_succession_belongs_to_one_term() -> None:
    """Player 1 passes the role on, then is lost; the timer of an earlier loss means nothing."""
    assert (
        room_of(2)
        >> asks(1, Transfer(2))
        << hears((1, 2), Host(4, 2, 2))
        >> Detach(1)
        << Later(30, Expire(1))
        << hears(2, PresenceChanged(5, 1, LOST))
        >> Succeed(1, 1)
    )


def test_a_succession_that_two_nodes_propose_happens_once() -> None:
    assert (
        room_of(3)
        >> Detach(1)
        << Later(30, Expire(1))
        << Later(2, Succeed(1, 1))
        << hears((2, 3), PresenceChanged(5, 1, LOST))
        >> Succeed(1, 1)
        << hears((2, 3), Host(6, 2, 2))
        >> asks(2, Transfer(3))
        << hears((2, 3), Host(7, 3, 3))
        >> Succeed(1, 1)
    )


def test_a_host_whose_seat_expires_is_followed_at_once() -> None:
    assert (
        room_of(2, hold=1)
        >> Detach(1)
        << Later(1, Expire(1))
        << Later(2, Succeed(1, 1))
        << hears(2, PresenceChanged(4, 1, LOST))
        >> Expire(1)
        << hears(2, Left(5, 1, LeftReason.EXPIRED), Host(6, 2, 2))
        >> Succeed(1, 1)
    )


def test_with_nobody_connected_there_is_no_host_until_one_comes() -> None:
    assert (
        room_of(2)
        >> Detach(2)
        << Later(30, Expire(2))
        << hears(1, PresenceChanged(4, 2, LOST))
        >> Detach(1)
        << Later(30, Expire(1))
        << Later(2, Succeed(1, 1))
        >> Succeed(1, 1)
        >> enters(12, 2, at=4)
        << Admit(12, player=2, seq=4, resumed=True)
        << hears(12, PresenceChanged(5, 1, LOST), Host(6, 0, 2))
        << hears(12, PresenceChanged(7, 2, HERE), Host(8, 2, 3), Live(8))
        >> enters(11, 1)
        << Admit(11, player=1, seq=0)
        << hears(11, Joined(1, 1), Joined(3, 2), Host(8, 2, 3))
        << hears(12, PresenceChanged(9, 1, HERE))
        << hears(11, Live(9))
    )


def test_a_spectator_is_never_host() -> None:
    assert (
        Playbook(a_room())
        >> Join(1, info=SPECTATOR)
        << Admit(1, player=1, seq=0)
        << hears(1, Joined(1, 1, SPECTATOR), Live(1))
        >> Join(2)
        << Admit(2, player=2, seq=0)
        << hears(2, Joined(1, 1, SPECTATOR))
        << hears((1, 2), Joined(2, 2), Host(3, 2, 1))
        << hears(2, Live(3))
        >> Evict(2)
        << hears(1, Left(4, 2, LeftReason.LEFT), Host(5, 0, 2))
    )


# Who cannot be host.


def test_one_who_cannot_be_host_is_never_elected() -> None:
    assert (
        Playbook(a_room())
        >> Join(1, info=CANNOT_HOST)
        << Admit(1, player=1, seq=0)
        << hears(1, Joined(1, 1, CANNOT_HOST), Live(1))
        >> Join(2, info=CANNOT_HOST)
        << Admit(2, player=2, seq=0)
        << hears(2, Joined(1, 1, CANNOT_HOST))
        << hears((1, 2), Joined(2, 2, CANNOT_HOST))
        << hears(2, Live(2))
        >> enters(3)
        << Admit(3, player=3, seq=0)
        << hears(3, Joined(1, 1, CANNOT_HOST), Joined(2, 2, CANNOT_HOST))
        << hears((1, 2, 3), Joined(3, 3), Host(4, 3, 1))
        << hears(3, Live(4))
        >> Evict(3)
        << hears((1, 2), Left(5, 3, LeftReason.LEFT), Host(6, 0, 2))
    )


def test_one_who_is_away_is_host_before_one_who_cannot_be() -> None:
    playbook = room_of(2)
    playbook.witness.apply(Join(3, info=CANNOT_HOST))
    playbook.witness.hear()
    assert (
        playbook
        >> asks(2, Presence(AWAY))
        << hears((1, 2, 3), PresenceChanged(5, 2, AWAY))
        >> Evict(1)
        << hears((2, 3), Left(6, 1, LeftReason.LEFT), Host(7, 2, 2))
    )
