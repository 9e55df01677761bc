"""Counted frames wait in the window until the relay has taken them."""

from __future__ import annotations

import pytest

from protocol.error_codes import ErrorCode
from protocol.errors import RemoteProtocolError
from protocol.window import Window


def window(*messages: bytes, size: int = 3) -> Window:
    made = Window(size)
    for message in messages:
        made.add(message)
    return made


def test_frames_are_counted_from_one() -> None:
    made = Window()
    assert [made.add(b"a"), made.add(b"b")] == [1, 2]


def test_it_is_full_at_its_size_and_no_longer_when_one_was_taken() -> None:
    made = window(b"a", b"b", b"c")
    assert made.is_full
    made.take(1)
    assert not made.is_full
    assert made.pending() == [b"b", b"c"]


def test_old_news_changes_nothing() -> None:
    made = window(b"a", b"b")
    made.take(2)
    made.take(1)
    assert (made.taken, made.pending()) == (2, [])


def test_a_relay_cannot_take_what_was_never_sent() -> None:
    made = window(b"a")
    with pytest.raises(RemoteProtocolError) as caught:
        made.take(2)
    assert (caught.value.code, caught.value.limit) == (ErrorCode.OUT_OF_RANGE, 1)
    assert made.pending() == [b"a"]


def test_counting_on_forgets_and_goes_on_from_there() -> None:
    made = window(b"a", b"b")
    made.count_on(57)
    assert made.pending() == []
    assert made.add(b"c") == 58
    made.take(58)
    assert made.pending() == []
