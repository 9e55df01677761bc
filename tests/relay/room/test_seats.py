"""All seats of a room, however one looks for them."""

from protocol.frames import PlayerInfo
from relay.room.seats import Seats

PLAYER, SPECTATOR = PlayerInfo(), PlayerInfo(role="spectator")


def test_numbers_count_on_and_are_never_given_again() -> None:
    seats = Seats()
    assert [seats.add(10, None, PLAYER).player, seats.add(20, None, PLAYER).player] == [1, 2]
    seats.remove(seats[2])
    assert seats.add(30, None, PLAYER).player == 3
    assert seats.joins == 3
    assert list(seats) == [1, 3]


def test_a_seat_is_found_by_player_by_secret_and_by_connection() -> None:
    seats = Seats()
    seat = seats.add(10, b"key", PLAYER)
    assert seats[1] is seats.of(b"key") is seats.attached[10] is seat
    assert seats.of(b"other") is seats.of(None) is seats.get(2) is None
    assert 1 in seats
    assert 2 not in seats


def test_a_seat_moves_from_connection_to_connection() -> None:
    seats = Seats()
    seat = seats.add(10, b"key", PLAYER)
    seats.detach(seat)
    assert (seats.attached, seats.lost, seat.is_attached) == ({}, {10: seat}, False)
    seats.attach(seat, 20)
    assert (seats.attached, seats.lost, seat.is_attached) == ({20: seat}, {}, True)
    seats.attach(seat, 30)
    assert (seats.attached, seats.lost, seat.attachment) == ({30: seat}, {}, 30)


def test_a_removed_seat_is_found_no_more() -> None:
    seats = Seats()
    seats.remove(seats.add(10, b"key", PLAYER))
    lost = seats.add(20, b"other key", SPECTATOR)
    seats.detach(lost)
    seats.remove(lost)
    seats.remove(seats.add(30, None, PLAYER))
    assert len(seats) == len(seats.attached) == len(seats.lost) == seats.spectators == 0
    assert seats.of(b"key") is seats.of(b"other key") is None


def test_spectators_are_counted_apart() -> None:
    seats = Seats()
    seats.add(10, None, PLAYER)
    seats.add(20, None, SPECTATOR)
    assert (len(seats), seats.spectators) == (2, 1)
