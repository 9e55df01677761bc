import pytest

from clients.python.outgoing import Outgoing
from protocol.window import Window


@pytest.fixture
def outgoing() -> Outgoing:
    outgoing = Outgoing(Window())
    outgoing.open((), is_same_seat=True)
    return outgoing


def test_messages_leave_in_order(outgoing: Outgoing) -> None:
    assert outgoing.counted(b"a") == 1
    outgoing.volatile((0, None), b"v")
    assert outgoing.counted(b"b") == 2
    assert outgoing.take() == [b"a", b"v", b"b"]
    assert outgoing.take() == []


def test_a_newer_volatile_value_replaces_the_older_and_takes_a_place_of_its_own(
    outgoing: Outgoing,
) -> None:
    outgoing.volatile((0, None), b"old")
    outgoing.counted(b"a")
    outgoing.volatile((1, None), b"other key")
    outgoing.volatile((0, 2), b"other target")
    outgoing.volatile((0, None), b"new")
    assert outgoing.take() == [b"a", b"other key", b"other target", b"new"]


def test_while_there_is_no_connection_only_the_newest_volatile_values_are_kept(
    outgoing: Outgoing,
) -> None:
    outgoing.own("ping", b"p")
    outgoing.volatile((0, None), b"1")
    outgoing.close()
    outgoing.volatile((0, None), b"2")
    outgoing.own("ping", b"p")
    assert outgoing.take() == []
    outgoing.open((), is_same_seat=True)
    assert outgoing.take() == [b"2"]


def test_what_the_relay_has_not_taken_comes_first_on_a_new_connection(outgoing: Outgoing) -> None:
    outgoing.counted(b"a")
    outgoing.take()
    outgoing.close()
    assert outgoing.counted(b"b") == 2
    outgoing.volatile((0, None), b"v")
    outgoing.open((b"a", b"b"), is_same_seat=True)
    outgoing.counted(b"c")
    assert outgoing.take() == [b"a", b"b", b"v", b"c"]


def test_in_a_new_seat_old_player_numbers_mean_strangers(outgoing: Outgoing) -> None:
    outgoing.close()
    outgoing.volatile((0, None), b"for all")
    outgoing.volatile((0, 2), b"for Bob")
    outgoing.volatile((0, (2, 3)), b"for Bob and Cyd")
    outgoing.open((), is_same_seat=False)
    assert outgoing.take() == [b"for all"]
