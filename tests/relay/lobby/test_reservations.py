"""A promised place waits fifteen seconds for whom it was promised to."""

from relay.lobby.reservations import MOST, RESERVED_SECONDS, Reservations


def test_a_place_is_promised_for_fifteen_seconds() -> None:
    reservations = Reservations()
    reservations.reserve("A", "192.0.2.1", now=0.0)
    assert reservations.count("A", now=14.9) == 1
    assert reservations.count("B", now=0.0) == 0
    assert reservations.count("A", now=RESERVED_SECONDS) == 0
    assert not reservations.take("A", "192.0.2.1", now=RESERVED_SECONDS)


def test_only_the_address_it_was_promised_to_takes_it_and_once() -> None:
    reservations = Reservations()
    reservations.reserve("A", "192.0.2.1", now=0.0)
    assert not reservations.take("A", "192.0.2.2", now=1.0)
    assert not reservations.take("B", "192.0.2.1", now=1.0)
    assert reservations.take("A", "192.0.2.1", now=1.0)
    assert not reservations.take("A", "192.0.2.1", now=1.0)
    assert reservations.count("A", now=1.0) == 0


def test_several_of_one_address_have_a_place_each() -> None:
    reservations = Reservations()
    for second in range(3):
        reservations.reserve("A", "2001:db8::1", now=float(second))
    assert reservations.count("A", now=3.0) == 3
    assert reservations.take("A", "2001:db8::2", now=3.0)  # the same /64
    assert reservations.count("A", now=RESERVED_SECONDS + 0.5) == 2


def test_promises_that_nobody_took_are_forgotten() -> None:
    reservations = Reservations()
    for number in range(2560):
        reservations.reserve(f"R{number}", f"192.0.2.{number % 250}", now=number / 10)
    assert len(reservations) == len(reservations._all) == 150
    assert len(reservations._by_room) == 150
    assert len(reservations._by_network) == 150
    assert reservations.count("R2559", now=300.0) == 0
    left = (reservations._all, reservations._by_room, reservations._by_network)
    assert not any(left)


def test_an_address_is_promised_so_many_places_and_the_oldest_gives_way() -> None:
    reservations = Reservations()
    for number in range(300):
        reservations.reserve("A" if number < 299 else "B", "192.0.2.1", now=number / 100)
    reservations.reserve("A", "192.0.2.2", now=3.0)
    assert reservations.count("A", now=3.0) == MOST
    assert reservations.count("B", now=3.0) == 1
    assert reservations.take("A", "192.0.2.2", now=3.0)


def test_what_was_taken_or_gave_way_counts_no_more_once_its_time_is_over() -> None:
    reservations = Reservations(most=1)
    reservations.reserve("A", "192.0.2.1", now=0.0)
    reservations.reserve("B", "192.0.2.1", now=1.0)
    assert reservations.take("B", "192.0.2.1", now=2.0)
    reservations.reserve("B", "192.0.2.2", now=10.0)
    assert reservations.count("B", now=RESERVED_SECONDS + 2.0) == 1
    assert reservations.count("A", now=RESERVED_SECONDS + 2.0) == 0


def test_an_ipv6_site_has_so_many_promises_too() -> None:
    reservations = Reservations(most=1, site_factor=2)
    for number in range(4):
        reservations.reserve("A", f"2001:db8:0:{number}::1", now=float(number))
    assert reservations.count("A", now=4.0) == 2
    assert not reservations.take("A", "2001:db8:0:1::1", now=4.0)
    assert reservations.take("A", "2001:db8:0:3::2", now=4.0)
