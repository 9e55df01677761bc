"""A promised place waits fifteen seconds for whom it was promised to."""

from relay.reservations import RESERVED_SECONDS, SWEEP_AT, Reservations


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
    for number in range(10 * SWEEP_AT):
        reservations.reserve(f"R{number}", "192.0.2.1", now=number / 10)
    assert len(reservations._places) <= 2 * SWEEP_AT
