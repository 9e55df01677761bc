"""How seats come and go, who is host, and when a room is no more."""

import pytest

from protocol import codec
from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Deliver,
    Host,
    Joined,
    Kick,
    Left,
    LeftReason,
    Live,
    PlayerInfo,
    Presence,
    PresenceChanged,
    PresenceState,
    Property,
    Set,
    Transfer,
)
from relay.room.effects import (
    Admit,
    Close,
    Gone,
    Later,
)
from relay.room.entries import (
    Acknowledge,
    Detach,
    Entry,
    Evict,
    Expire,
    Join,
    Lag,
    Refuse,
    Relieve,
    Retire,
    Succeed,
    Wake,
)
from tests.helpers.playbook import (
    EPOCH,
    SPECTATOR,
    Playbook,
    Turned,
    a_room,
    asks,
    enters,
    hears,
    key,
    room_of,
    sends,
)

HERE, AWAY, LOST = PresenceState.HERE, PresenceState.AWAY, PresenceState.LOST
LAGGING = PresenceState.LAGGING
CANNOT_HOST = PlayerInfo(can_host=False)


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


# A host that is away.


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


# Barred networks.


HOME, ELSEWHERE = b"network of home", b"network elsewhere"


def test_a_kick_bars_the_network_where_the_room_says_so() -> None:
    playbook = room_of(1, bar="address")
    for attachment in (2, 3):
        playbook.witness.apply(Join(attachment, key(attachment), network=HOME))
    playbook.witness.hear()
    assert (
        playbook
        >> asks(1, Kick(2))
        << Close(2, CloseCode.KICKED)
        << hears((1, 3), Left(5, 2, LeftReason.KICKED))
        >> Join(12, key(2), network=ELSEWHERE)
        << Turned(12, ErrorCode.KICKED, CloseCode.KICKED)
        >> Join(13, key(9), network=HOME)
        << Turned(13, ErrorCode.KICKED, CloseCode.KICKED)
        >> Join(14, network=HOME)
        << Turned(14, ErrorCode.KICKED, CloseCode.KICKED)
        >> Join(23, key(3), position=(EPOCH, 5), network=HOME)  # who has a seat keeps it
        << Close(3, CloseCode.REPLACED)
        << Admit(23, player=3, seq=5, resumed=True)
        << hears(23, Live(5))
        >> Evict(23)
        << hears(1, Left(6, 3, LeftReason.LEFT))
        >> Join(33, key(3), network=HOME)
        << Turned(33, ErrorCode.KICKED, CloseCode.KICKED)
        >> Join(34, key(4), network=ELSEWHERE)
        << Admit(34, player=4, seq=0)
        << hears(34, Joined(1, 1), Host(2, 1, 1))
        << hears((1, 34), Joined(7, 4))
        << hears(34, Live(7))
    )


def test_a_kick_bars_the_network_of_one_without_a_secret() -> None:
    playbook = room_of(1, bar="address")
    playbook.witness.apply(Join(2, network=HOME))
    playbook.witness.hear()
    assert (
        playbook
        >> asks(1, Kick(2))
        << Close(2, CloseCode.KICKED)
        << hears(1, Left(4, 2, LeftReason.KICKED))
        >> Join(12, network=HOME)
        << Turned(12, ErrorCode.KICKED, CloseCode.KICKED)
    )


def test_a_kick_bars_no_network_where_the_room_does_not_say_so() -> None:
    witness = room_of(1).witness
    witness.apply(Join(2, network=HOME))
    witness.apply(asks(1, Kick(2)))
    witness.apply(Join(3, network=HOME))
    assert 3 in witness.room.seats


def test_the_host_may_say_so_at_any_time() -> None:
    witness = room_of(1).witness
    for attachment in (2, 3):
        witness.apply(Join(attachment, network=HOME if attachment == 2 else ELSEWHERE))
    witness.apply(asks(1, Set(0, "@bar", codec.pack("address"))))
    assert witness.room.options.bar == "address"
    witness.apply(asks(1, Kick(2)))
    witness.apply(asks(1, Set(0, "@bar", codec.pack("seat"))))
    witness.apply(asks(1, Kick(3)))
    for attachment, network in ((4, HOME), (5, ELSEWHERE)):
        witness.apply(Join(attachment, network=network))
    assert list(witness.room.seats.attached) == [1, 5]  # what is barred stays barred
    witness.check_replay()


def test_the_network_that_is_barred_is_the_newest_of_the_seat() -> None:
    witness = room_of(1, bar="address").witness
    witness.apply(Join(2, key(2), network=HOME))
    witness.apply(Join(12, key(2), network=ELSEWHERE))
    witness.apply(asks(1, Kick(2)))
    for attachment, network in ((3, HOME), (4, ELSEWHERE)):
        witness.apply(Join(attachment, network=network))
    assert list(witness.room.seats.attached) == [1, 3]


def test_one_of_no_network_is_not_kept_out_with_others_of_none() -> None:
    witness = room_of(1, bar="address").witness
    witness.apply(Join(2))
    witness.apply(asks(1, Kick(2)))
    witness.apply(Join(3))
    assert 3 in witness.room.seats


# Lagging.


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
