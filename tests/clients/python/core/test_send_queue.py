import pytest

from clients.python.core.commands import Target
from clients.python.core.send_queue import SendQueue
from protocol.window import Window


@pytest.fixture
def send_queue() -> SendQueue:
    send_queue = SendQueue(Window())
    send_queue.open((), is_same_seat=True)
    return send_queue


def test_messages_leave_in_order(send_queue: SendQueue) -> None:
    assert send_queue.counted(b"a") == 1
    send_queue.volatile((0, None), b"v")
    assert send_queue.counted(b"b") == 2
    assert send_queue.take() == [b"a", b"v", b"b"]
    assert send_queue.take() == []


def test_a_newer_volatile_value_replaces_the_older_and_takes_a_place_of_its_own(
    send_queue: SendQueue,
) -> None:
    send_queue.volatile((0, None), b"old")
    send_queue.counted(b"a")
    send_queue.volatile((1, None), b"other key")
    send_queue.volatile((0, 2), b"other target")
    send_queue.volatile((0, None), b"new")
    assert send_queue.take() == [b"a", b"other key", b"other target", b"new"]


def test_while_there_is_no_connection_only_the_newest_volatile_values_are_kept(
    send_queue: SendQueue,
) -> None:
    send_queue.own("ping", b"p")
    send_queue.volatile((0, None), b"1")
    send_queue.close()
    send_queue.volatile((0, None), b"2")
    send_queue.own("ping", b"p")
    assert send_queue.take() == []
    send_queue.open((), is_same_seat=True)
    assert send_queue.take() == [b"2"]


def test_what_the_relay_has_not_taken_comes_first_on_a_new_connection(
    send_queue: SendQueue,
) -> None:
    send_queue.counted(b"a")
    send_queue.take()
    send_queue.close()
    assert send_queue.counted(b"b") == 2
    send_queue.volatile((0, None), b"v")
    send_queue.open((b"a", b"b"), is_same_seat=True)
    send_queue.counted(b"c")
    assert send_queue.take() == [b"a", b"b", b"v", b"c"]


def test_volatile_values_that_were_sent_go_again_on_a_new_connection(
    send_queue: SendQueue,
) -> None:
    send_queue.volatile((0, None), b"old")
    send_queue.volatile((0, None), b"new")
    assert send_queue.take() == [b"new"]
    send_queue.close()
    send_queue.open((), is_same_seat=True)
    assert send_queue.take() == [b"new"]
    assert send_queue.take() == []


def test_in_a_new_seat_old_player_numbers_mean_strangers(send_queue: SendQueue) -> None:
    send_queue.close()
    send_queue.volatile((0, None), b"for all")
    send_queue.volatile((0, 2), b"for Bob")
    send_queue.volatile((0, (2, 3)), b"for Bob and Cyd")
    send_queue.open((), is_same_seat=False)
    assert send_queue.take() == [b"for all"]


def test_the_value_that_was_said_last_goes_last_again(send_queue: SendQueue) -> None:
    send_queue.volatile((0, None), b"old")
    send_queue.volatile((0, 2), b"for Bob")
    send_queue.volatile((0, None), b"newer than Bob's")
    send_queue.close()
    send_queue.open((), is_same_seat=True)
    assert send_queue.take() == [b"for Bob", b"newer than Bob's"]


def test_values_for_a_player_who_has_left_are_forgotten(send_queue: SendQueue) -> None:
    targets: list[Target] = [2, (2, 3), 3, (3, 4), None, True]
    for key, target in enumerate(targets):
        send_queue.volatile((key, target), b"%d" % key)
    send_queue.forget(2)
    send_queue.close()
    send_queue.open((), is_same_seat=True)
    assert send_queue.take() == [b"2", b"3", b"4", b"5"]
