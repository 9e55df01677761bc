"""Who made which rooms, and which of them go first."""

from relay.lobby.makers import Makers

ANN, BOB = "192.0.2.1", "192.0.2.2"


def test_an_address_has_so_many_rooms_at_a_time() -> None:
    makers = Makers(2)
    makers.make("A", ANN)
    makers.make("B", ANN)
    makers.enter("A")
    assert not makers.may_make(ANN)
    assert makers.may_make(BOB)
    makers.remove("A")
    assert makers.may_make(ANN)


def test_a_network_counts_as_one() -> None:
    makers = Makers(1)
    makers.make("A", "2001:db8::1")
    assert not makers.may_make("2001:db8::2")


def test_loopback_is_limited_if_it_is_to_be() -> None:
    for limited in (False, True):
        makers = Makers(1, limit_loopback=limited)
        makers.make("A", "127.0.0.1")
        assert makers.may_make("127.0.0.1") is not limited


def test_the_oldest_empty_room_of_whoever_has_most_goes_first() -> None:
    makers = Makers(99)
    makers.make("A", ANN)
    for name in ("B", "C", "D"):
        makers.make(name, BOB)
    makers.enter("B")
    assert makers.least_missed() == "C"
    makers.remove("C")
    makers.remove("D")
    assert makers.least_missed() == "A"
    makers.enter("A")
    assert makers.least_missed() is None


def test_nothing_is_left_of_rooms_that_are_gone() -> None:
    makers = Makers(9)
    makers.make("A", ANN)
    makers.make("B", ANN)
    makers.enter("B")
    for name in ("A", "B", "B", "unknown"):
        makers.remove(name)
    assert not any((makers._makers, makers.rooms, makers._empty))


def test_an_ipv6_site_has_a_larger_limit_of_its_own() -> None:
    makers = Makers(1, site_factor=2)
    for number in range(3):
        address = f"2001:db8:0:{number}::1"
        assert makers.may_make(address) is (number < 2)
        makers.make(f"R{number}", address)
    assert makers.may_make("2001:db8:1::1")


def test_the_networks_of_a_site_have_their_empty_rooms_in_common() -> None:
    makers = Makers(9)
    makers.make("A", ANN)
    for number in range(3):
        makers.make(f"R{number}", f"2001:db8:0:{number}::1")
    assert makers.least_missed() == "R0"
