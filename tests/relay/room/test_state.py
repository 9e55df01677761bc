"""A room's state: what others ask of it, and the fold that makes it."""

import pytest

from protocol.frames import Kick, Set, Snapshot, Subscribe
from relay.history.memory_budget import FACTS, KINDS, SEATS, VALUES
from relay.room.entries import Detach, Evict, Join
from tests.helpers.playbook import SPECTATOR, Moves, asks, enters, key, room_of, sends

# What others ask of it.


def test_a_room_knows_whose_secret_holds_a_seat_and_how_many_there_are() -> None:
    room = room_of(2, capacity=2).witness.room
    room.apply(Join(3, info=SPECTATOR))
    assert room.seat_of(key(2)) is room.seats[2]
    assert room.seat_of(key(3)) is room.seat_of(None) is None
    assert (room.player_count, room.spectator_count, room.is_full) == (2, 1, True)


# The fold.


def test_a_replica_that_no_player_is_connected_to_comes_to_the_same_state() -> None:
    witness = room_of(3).witness
    for entry in (asks(1, Set(0, "k", b"v")), sends(2, None, b"hi"), Detach(3), asks(1, Kick(2))):
        witness.apply(entry)
    assert not witness.replica().audience.fan_out
    assert witness.replica().summary() == witness.room.summary()


def test_a_summary_tells_different_rooms_apart() -> None:
    ours, theirs = room_of(2).witness, room_of(2).witness
    ours.apply(sends(1, 2, b"hi"))
    theirs.apply(sends(1, 2, b"no"))
    assert ours.room.summary() != theirs.room.summary()


# What it is charged for.


def test_what_comes_with_a_player_goes_with_it() -> None:
    witness = room_of(1).witness
    account = witness.room.account
    before = list(account.kinds)
    witness.apply(enters(2))
    witness.apply(asks(2, Subscribe(add=(1, 2))))
    witness.apply(asks(2, Set(2, "colour", b"red")))
    witness.move(Moves(2, 0, None, b"here"))
    assert account.kinds[SEATS] > before[SEATS]
    assert account.kinds[FACTS] > before[FACTS]
    assert account.kinds[VALUES] > before[VALUES]
    witness.apply(Evict(2))
    for kind in (SEATS, FACTS, VALUES):
        assert account.kinds[kind] == before[kind], KINDS[kind]


# How much of the past it needs.


@pytest.mark.parametrize(
    ("history", "history_from", "past_from"),
    [("none", 5, 5), ("snapshot", 5, 5), ("full", 0, 0)],
)
def test_a_room_says_from_where_on_its_past_is_told(
    history: str, history_from: int, past_from: int
) -> None:
    witness = room_of(2, history=history).witness
    for _ in range(2):
        witness.apply(sends(1, None, b"hi"))
    room = witness.room
    assert (room.seq, room.history_from, room.past_from) == (5, history_from, past_from)
    assert room.needed_from == history_from


def test_a_snapshot_moves_where_history_begins() -> None:
    witness = room_of(2, history="snapshot").witness
    witness.apply(sends(1, None, b"hi"))
    witness.apply(asks(1, Snapshot(3, 0, 1, b"state")))
    assert (witness.room.history_from, witness.room.past_from) == (3, 0)


def test_what_spectators_are_still_to_hear_is_needed() -> None:
    room = room_of(2, delay=10).witness.room
    assert room.audience.delay is not None
    room.audience.delay.tick(0, 1)
    room.audience.delay.tick(10, room.seq)
    assert (room.history_from, room.needed_from) == (3, 1)
