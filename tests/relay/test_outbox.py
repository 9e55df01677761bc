"""An outbox hands over what a plain list would hold, and never more than its bounds."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.outbox import Outbox

MAX_BYTES, MAX_FRAMES = 60, 8

Slot = tuple[int, int]


class Link:
    """Takes a note when its outbox has something."""

    def __init__(self, max_bytes: int = MAX_BYTES, max_frames: int = MAX_FRAMES) -> None:
        self.calls = 0
        self.outbox = Outbox(self._on_ready, max_bytes=max_bytes, max_frames=max_frames)

    def _on_ready(self) -> None:
        self.calls += 1


def test_messages_come_out_in_the_order_in_which_they_went_in() -> None:
    outbox = Link().outbox
    outbox.add(b"1")
    outbox.replace((1, 0), b"2")
    outbox.add(b"3")
    assert len(outbox) == 3
    assert outbox.take() == [b"1", b"2", b"3"]
    assert outbox.take() == []


def test_a_newer_value_takes_the_place_of_the_older() -> None:
    outbox = Link().outbox
    outbox.replace((1, 0), b"old")
    outbox.replace((1, 1), b"another key")
    outbox.replace((2, 0), b"another sender")
    outbox.add(b"reliable")
    outbox.replace((1, 0), b"new")
    assert outbox.take() == [b"new", b"another key", b"another sender", b"reliable"]


def test_a_value_that_was_taken_has_no_place_any_more() -> None:
    outbox = Link().outbox
    outbox.replace((1, 0), b"old")
    outbox.take()
    outbox.add(b"reliable")
    outbox.replace((1, 0), b"new")
    assert outbox.take() == [b"reliable", b"new"]


def test_the_link_is_told_when_something_waits_where_nothing_did() -> None:
    link = Link()
    link.outbox.add(b"1")
    link.outbox.add(b"2")
    link.outbox.replace((1, 0), b"3")
    assert link.calls == 1
    link.outbox.take()
    link.outbox.replace((1, 0), b"3")
    link.outbox.replace((1, 0), b"4")
    assert link.calls == 2
    link.outbox.take()
    link.outbox.begin([])
    assert link.calls == 2
    link.outbox.begin([b"5", b"6"])
    link.outbox.begin([b"7"])
    assert link.calls == 3


@pytest.mark.parametrize("count", [MAX_FRAMES, MAX_FRAMES + 1])
def test_too_many_frames_overflow(count: int) -> None:
    link = Link()
    for _ in range(count):
        link.outbox.add(b"")
    assert link.outbox.is_overflowing == (count > MAX_FRAMES)


@pytest.mark.parametrize("size", [MAX_BYTES // 2, MAX_BYTES // 2 + 1])
def test_too_many_bytes_overflow(size: int) -> None:
    for put in (Outbox.add, lambda outbox, message: outbox.replace((1, 0), message)):
        link = Link()
        link.outbox.add(bytes(MAX_BYTES // 2))
        put(link.outbox, bytes(size))
        assert link.outbox.is_overflowing == (size > MAX_BYTES // 2)


def test_a_value_that_grows_in_its_place_can_overflow() -> None:
    link = Link()
    link.outbox.replace((1, 0), b"")
    link.outbox.add(bytes(MAX_BYTES))
    link.outbox.replace((1, 0), b"1")
    assert link.outbox.is_overflowing


def test_one_message_alone_may_have_any_size() -> None:
    """Or a relay whose frames may be larger than its outboxes could never deliver one."""
    outbox = Link().outbox
    outbox.replace((1, 0), bytes(MAX_BYTES + 1))
    outbox.replace((1, 0), bytes(MAX_BYTES + 2))
    assert outbox.take() == [bytes(MAX_BYTES + 2)]
    outbox.add(bytes(MAX_BYTES + 1))
    assert outbox.take() == [bytes(MAX_BYTES + 1)]


def test_what_is_taken_makes_room() -> None:
    outbox = Link().outbox
    for _ in range(10):
        outbox.begin([bytes(MAX_BYTES)] * 3)
        for _ in range(MAX_FRAMES):
            outbox.add(bytes(MAX_BYTES // MAX_FRAMES))
        outbox.take()
    assert not outbox.is_overflowing


def test_a_stream_is_not_held_against_what_follows_it() -> None:
    outbox = Link().outbox
    outbox.begin([bytes(MAX_BYTES)] * MAX_FRAMES * 2)
    for _ in range(MAX_FRAMES):
        outbox.add(b"")
    assert len(outbox) == 3 * MAX_FRAMES
    outbox.add(b"")
    assert outbox.is_overflowing


def test_an_overflow_lets_go_of_all_says_so_once_and_takes_nothing_more() -> None:
    link = Link()
    for _ in range(MAX_FRAMES + 1):
        link.outbox.add(b"")
    assert (len(link.outbox), link.calls) == (0, 2)
    link.outbox.add(b"late")
    link.outbox.replace((1, 0), b"late")
    link.outbox.begin([b"late"])
    assert (link.outbox.take(), link.calls) == ([], 2)


# Against a list.


@dataclass
class Naive:
    """What an outbox means, without a thought for speed."""

    waiting: list[tuple[Slot | None, bytes, bool]] = field(default_factory=list)
    is_overflowing: bool = False
    calls: int = 0

    def put(self, slot: Slot | None, message: bytes, begun: bool = False) -> None:
        if self.is_overflowing:
            return
        places = [i for i, (other, _, _) in enumerate(self.waiting) if slot and other == slot]
        for place in places:
            self.waiting[place] = (slot, message, begun)
        if not places:
            self.waiting.append((slot, message, begun))
            self.calls += len(self.waiting) == 1
        counted = [message for _, message, begun in self.waiting if not begun]
        is_beyond = sum(map(len, counted)) > MAX_BYTES or len(counted) > MAX_FRAMES
        if not begun and len(self.waiting) > 1 and is_beyond:
            self.is_overflowing = True
            self.calls += 1
            self.waiting = []

    def take(self) -> list[bytes]:
        taken = [message for _, message, _ in self.waiting]
        self.waiting = []
        return taken


MESSAGES = st.binary(max_size=MAX_BYTES // 3) | st.binary(min_size=MAX_BYTES, max_size=70)
SLOTS = st.tuples(st.integers(1, 2), st.integers(0, 2))
STEPS = st.lists(
    st.tuples(st.none() | SLOTS, MESSAGES) | st.lists(MESSAGES, max_size=4) | st.just("take"),
    max_size=40,
)


@given(STEPS)
def test_any_mixture_comes_out_as_from_a_list(
    steps: list[tuple[Slot | None, bytes] | list[bytes] | str],
) -> None:
    link, naive = Link(), Naive()
    for step in steps:
        match step:
            case (None, bytes(message)):
                link.outbox.add(message)
                naive.put(None, message)
            case (tuple(slot), bytes(message)):
                link.outbox.replace(slot, message)
                naive.put(slot, message)
            case list(stream):
                link.outbox.begin(stream)
                for message in stream:
                    naive.put(None, message, begun=True)
            case _:
                assert link.outbox.take() == naive.take()
        assert link.calls == naive.calls
        assert link.outbox.is_overflowing == naive.is_overflowing
        assert len(link.outbox) == len(naive.waiting)
    assert link.outbox.take() == naive.take()
