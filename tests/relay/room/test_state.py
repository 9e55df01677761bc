"""A room's state: what others ask of it, and the fold that makes it."""

from protocol.frames import Kick, Set
from relay.room.entries import Detach, Join
from tests.helpers.playbook import SPECTATOR, asks, key, room_of, sends

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
