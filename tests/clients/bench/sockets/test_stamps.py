"""Messages are counted by when they were due, and timed where somebody looks all the time."""

from __future__ import annotations

from collections import Counter

from clients.bench.sockets.stamps import STAMP, Ages


def stamps(*due: int) -> bytearray:
    return bytearray(b"".join(STAMP.pack(each) for each in due))


def test_what_came_some_time_ago_counts_but_has_no_age() -> None:
    ages = Ages(10, 20)
    ages.note(stamps(10, 19), 25)
    ages.note(stamps(12, 12), None)
    assert ages.count() == 4
    assert ages.counts == Counter({15: 1, 6: 1})


def test_what_was_due_before_or_after_the_window_only_arrived() -> None:
    ages = Ages(10, 20)
    ages.note(stamps(9, 20), 25)
    ages.note(stamps(9, 20), None)
    assert ages.count() == 0
    assert ages.arrived == 4
    assert not ages.counts


def test_counting_twice_counts_nothing_twice() -> None:
    ages = Ages(0, 10)
    ages.note(stamps(1), 2)
    assert [ages.count(), ages.count()] == [1, 1]
    ages.note(stamps(2), None)
    assert ages.count() == 2
    assert ages.counts == Counter({1: 1})
