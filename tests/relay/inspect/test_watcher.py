"""What one who watches is shown of a room: bounded, and what does not fit is counted."""

from __future__ import annotations

import json

import pytest

from protocol import fast_path
from protocol.codec import encode
from protocol.frames import Error, Host, Joined, Left, LeftReason, PlayerInfo, Property
from relay.history.ws_frame import wrap
from relay.inspect.watched_audience import Noted
from relay.inspect.watcher import (
    LINE_BYTES,
    LINE_FRAMES,
    LINE_LOOKS,
    MOST_WAITING,
    Wanted,
    Watcher,
    opcodes,
    sender,
)


def deliver(seq: int, payload: bytes = b"x", by: int = 1) -> Noted:
    return 1_000, by, wrap(fast_path.deliver(seq, by, fast_path.tail(payload)))


def shown(watcher: Watcher) -> list[int]:
    """Return the seqs of the next line."""
    return [json.loads(frame)["seq"] for frame in watcher.frames({})]


def test_a_line_holds_so_many_frames_and_the_next_one_more() -> None:
    watcher = Watcher(Wanted())
    watcher.take([deliver(seq) for seq in range(1, LINE_FRAMES + 3)])
    assert shown(watcher) == [*range(1, LINE_FRAMES + 1)]
    assert shown(watcher) == [LINE_FRAMES + 1, LINE_FRAMES + 2]
    assert watcher.frames({}) == []


def test_a_line_holds_so_many_bytes_and_one_frame_of_any_size() -> None:
    watcher = Watcher(Wanted())
    watcher.take([deliver(1, bytes(LINE_BYTES * 2)), deliver(2), deliver(3)])
    assert shown(watcher) == [1]
    assert shown(watcher) == [2, 3]


def test_what_does_not_fit_is_skipped_and_counted() -> None:
    watcher = Watcher(Wanted())
    watcher.take([deliver(seq) for seq in range(1, MOST_WAITING + 6)])
    assert watcher.skipped == 5
    watcher.frames({})
    watcher.take([deliver(5_000)])
    assert watcher.skipped == 5


def test_few_frames_that_are_large_are_skipped_too() -> None:
    watcher = Watcher(Wanted())
    watcher.take([deliver(seq, bytes(300_000)) for seq in range(1, 6)])
    assert watcher.skipped == 1


def test_what_is_not_wanted_is_not_skipped() -> None:
    watcher = Watcher(Wanted(senders=frozenset({2})))
    watcher.take([deliver(seq) for seq in range(1, 2_001)])
    assert (watcher.frames({}), watcher.skipped) == ([], 0)


def test_who_wants_some_frames_has_place_for_them_among_many() -> None:
    watcher = Watcher(Wanted(senders=frozenset({2})))
    for seq in range(1, 5_000, 2):
        watcher.take([deliver(seq), deliver(seq + 1, by=2 if seq % 501 == 0 else 3)])
    assert [seq % 501 for seq in shown(watcher)] == [1] * 5


def test_a_word_is_looked_for_in_so_many_frames_before_the_next_line() -> None:
    watcher = Watcher(Wanted(text="needle"))
    watcher.take([*(deliver(seq) for seq in range(LINE_LOOKS)), deliver(999, b"a needle")])
    assert watcher.frames({}) == []
    assert shown(watcher) == [999]


def test_who_a_frame_is_from() -> None:
    assert sender(fast_path.deliver(70_000, 300, b"\xc4\x00")) == 300
    assert sender(fast_path.update(7, 3, b"\xc4\x00")) == 3
    assert sender(encode(Joined(1, 4, PlayerInfo()))) == 4
    assert sender(encode(Left(1, 5, LeftReason.LEFT))) == 5
    assert sender(encode(Property(9, 0, "k", b"v", 9, 200))) == 200
    assert sender(encode(Property(9, 0, "k", b"v", 9, 0))) is None
    assert sender(encode(Host(3, 2, 1))) is None
    assert sender(encode(Error(3, 1, "no"))) is None


def test_an_unknown_kind_is_answered_with_all_that_there_are() -> None:
    with pytest.raises(ValueError, match=r"no frame 'FOO'; there are .*DELIVER, .*SEND"):
        opcodes(["FOO"])
