"""What a connection is told first: the room as it stands, or what it missed."""

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
    Property,
    Set,
    Subscribe,
    Transfer,
    Update,
)
from relay.history.history import History
from relay.room.effects import Admit, Close, Later
from relay.room.entries import Detach, Evict, Expire, Join
from tests.helpers.playbook import (
    AWAY,
    HERE,
    LOST,
    Moves,
    Witness,
    a_room,
    asks,
    enters,
    hears,
    room_of,
    sends,
)


def test_a_fresh_stream_tells_the_facts_as_they_stand_in_order_of_seq() -> None:
    assert (
        room_of(3)
        >> asks(1, Set(0, "map", b"1"))
        << hears((1, 2, 3), Property(5, 0, "map", b"1", 5, 1))
        >> asks(3, Set(3, "colour", b"red"))
        << hears((1, 2, 3), Property(6, 3, "colour", b"red", 6, 3))
        >> asks(2, Presence(AWAY))
        << hears((1, 2, 3), PresenceChanged(7, 2, AWAY))
        >> sends(1, None, b"history is not told")
        << hears((2, 3), Deliver(8, 1, b"history is not told"))
        >> asks(1, Transfer(3))
        << hears((1, 2, 3), Host(9, 3, 2))
        >> Join(4)
        << Admit(4, player=4, seq=0)
        << hears(4, Joined(1, 1), Joined(3, 2), Joined(4, 3))
        << hears(4, Property(5, 0, "map", b"1", 5, 1), Property(6, 3, "colour", b"red", 6, 3))
        << hears(4, PresenceChanged(7, 2, AWAY), Host(9, 3, 2))
        << hears((1, 2, 3, 4), Joined(10, 4))
        << hears(4, Live(10))
    )


def test_what_was_overruled_or_deleted_is_not_told() -> None:
    assert (
        room_of(2)
        >> asks(1, Set(0, "a", b"1"))
        << hears((1, 2), Property(4, 0, "a", b"1", 4, 1))
        >> asks(1, Set(0, "b", b"1"))
        << hears((1, 2), Property(5, 0, "b", b"1", 5, 1))
        >> asks(1, Set(0, "a", b"2"))
        << hears((1, 2), Property(6, 0, "a", b"2", 6, 1))
        >> asks(1, Set(0, "b", value=False))
        << hears((1, 2), Property(7, 0, "b", value=False, version=7, by=1))
        >> asks(1, Presence(AWAY))
        << hears((1, 2), PresenceChanged(8, 1, AWAY))
        >> asks(1, Presence(HERE))
        << hears((1, 2), PresenceChanged(9, 1, HERE))
        >> asks(2, Set(2, "c", b"1"))
        << hears((1, 2), Property(10, 2, "c", b"1", 10, 2))
        >> Evict(2)
        << hears(1, Left(11, 2, LeftReason.LEFT))
        >> Join(3)
        << Admit(3, player=3, seq=0)
        << hears(3, Joined(1, 1), Host(2, 1, 1), Property(6, 0, "a", b"2", 6, 1))
        << hears((1, 3), Joined(12, 3))
        << hears(3, Live(12))
    )


def test_a_reloaded_page_has_the_same_seat_and_a_fresh_stream() -> None:
    assert (
        room_of(2)
        >> sends(1, None, b"missed")
        << hears(2, Deliver(4, 1, b"missed"))
        >> enters(12, 2)
        << Close(2, CloseCode.REPLACED)
        << Admit(12, player=2, seq=0)
        << hears(12, Joined(1, 1), Host(2, 1, 1), Joined(3, 2), Live(4))
    )


def test_a_resume_replays_exactly_what_was_addressed() -> None:
    assert (
        room_of(3)
        >> asks(2, Subscribe((1,)))
        >> Detach(2)
        << Later(30, Expire(2))
        << hears((1, 3), PresenceChanged(5, 2, LOST))
        >> sends(1, None, b"others")
        << hears(3, Deliver(6, 1, b"others"))
        >> sends(1, 3, b"not for 2")
        << hears(3, Deliver(7, 1, b"not for 2"))
        >> sends(1, 2, b"for 2")
        >> sends(3, -1, b"group")
        >> sends(3, (1, 2), b"two")
        << hears(1, Deliver(10, 3, b"two"))
        >> asks(3, Set(3, "k", b"v"))
        << hears((1, 3), Property(11, 3, "k", b"v", 11, 3))
        >> enters(12, 2, at=4)
        << Admit(12, player=2, seq=4, resumed=True)
        << hears(12, PresenceChanged(5, 2, LOST), Deliver(6, 1, b"others"))
        << hears(12, Deliver(8, 1, b"for 2"), Deliver(9, 3, b"group"), Deliver(10, 3, b"two"))
        << hears(12, Property(11, 3, "k", b"v", 11, 3))
        << hears((1, 3, 12), PresenceChanged(12, 2, HERE))
        << hears(12, Live(12))
    )


def test_ones_own_frames_to_others_are_not_replayed_but_those_to_everyone_are() -> None:
    assert (
        room_of(2)
        >> sends(2, None, b"others")
        << hears(1, Deliver(4, 2, b"others"))
        >> sends(2, True, b"everyone")
        << hears((1, 2), Deliver(5, 2, b"everyone"))
        >> enters(12, 2, at=3)
        << Close(2, CloseCode.REPLACED)
        << Admit(12, player=2, seq=3, resumed=True)
        << hears(12, Deliver(5, 2, b"everyone"), Live(5))
    )


def test_a_resume_at_the_head_misses_nothing() -> None:
    assert (
        room_of(2)
        >> enters(12, 2, at=3)
        << Close(2, CloseCode.REPLACED)
        << Admit(12, player=2, seq=3, resumed=True)
        << hears(12, Live(3))
    )


def test_the_newest_values_follow_live() -> None:
    assert (
        room_of(2)
        >> Moves(1, 7, None, b"x")
        << hears(2, Update(7, 1, b"x"))
        >> enters(12, 2, at=3)
        << Close(2, CloseCode.REPLACED)
        << Admit(12, player=2, seq=3, resumed=True)
        << hears(12, Live(3), Update(7, 1, b"x"))
    )


@pytest.mark.parametrize("at", [0, 1, 3])
def test_nobody_gets_the_past_of_others_by_naming_a_low_position(at: int) -> None:
    """Player 3's own first frame is at 4: what was before it was for others."""
    assert (
        room_of(3)
        >> enters(13, 3, at=at)
        << Close(3, CloseCode.REPLACED)
        << Admit(13, player=3, seq=0, refused=ErrorCode.SEAT_EXPIRED)
        << hears(13, Joined(1, 1), Host(2, 1, 1), Joined(3, 2), Joined(4, 3), Live(4))
    )


def with_a_short_history(frames: int) -> Witness:
    """A room of two whose log holds so many frames; its head is 5, the newest two for player 2."""
    room = a_room()
    room.history = History(max_frames=frames)
    witness = Witness(room)
    for entry in (enters(1), enters(2), sends(1, 2, b"4"), sends(1, 2, b"5")):
        witness.apply(entry)
    witness.hear()
    return witness


def admitted(witness: Witness, at: int) -> Admit:
    """Let player 2 come back with this position."""
    [admit] = (e for e in witness.apply(enters(12, 2, at=at)) if isinstance(e, Admit))
    return admit


def test_a_resume_that_history_just_reaches_back_to() -> None:
    witness = with_a_short_history(2)
    admit = admitted(witness, at=3)
    assert (admit.seq, admit.resumed, admit.refused) == (3, True, None)
    assert witness.hear() == {12: [Deliver(4, 1, b"4"), Deliver(5, 1, b"5"), Live(5)]}


def test_a_trimmed_history_is_refused_and_the_room_as_it_stands_follows() -> None:
    witness = with_a_short_history(1)
    admit = admitted(witness, at=3)
    assert (admit.seq, admit.resumed, admit.refused) == (0, False, ErrorCode.HISTORY_TRIMMED)
    assert witness.hear() == {12: [Joined(1, 1), Host(2, 1, 1), Joined(3, 2), Live(5)]}


def test_the_seat_and_its_count_survive_a_trimmed_history() -> None:
    witness = with_a_short_history(1)
    witness.apply(sends(2, 2))
    assert admitted(witness, at=3).player == 2
    assert witness.room.seats[2].taken == 1
