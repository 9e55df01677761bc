"""A frame of a kept history is right, or the history is refused: no damage comes through."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from protocol import fast_path, limits
from protocol.codec import Role, decode, encode
from protocol.frames import Deliver, Frame, Host, Joined, Left, PresenceChanged, Property, Update
from relay.saved.schema import LONGEST, BadState, FramesField
from roomwire.testing import instances, mutants
from tests.helpers.strategies import share

LOGGED = st.one_of(*map(instances, (Deliver, Host, Joined, Left, PresenceChanged, Property)))
FIELD = FramesField()


def loaded(*frames: Any) -> list[Any]:
    return list(FIELD.load(list(frames)))


def seq_of(frame: Frame) -> int:
    return int(getattr(frame, "seq", 0))


@share(0.1)
@given(LOGGED)
def test_every_frame_that_a_room_keeps_is_taken(frame: Frame) -> None:
    assume(seq_of(frame) > 0)
    message = encode(frame)
    assert loaded([seq_of(frame), 0, message]) == [(seq_of(frame), 0, message)]


@share(0.1)
@given(LOGGED, st.integers(1, limits.MAX_INT))
def test_a_frame_with_the_seq_of_another_place_is_refused(frame: Frame, seq: int) -> None:
    assume(seq != seq_of(frame))
    with pytest.raises(BadState, match=r"log\.0 should be"):
        loaded([seq, 0, encode(frame)])


@pytest.mark.fuzz
@share(0.1)
@given(mutants(LOGGED.map(encode)), st.integers(1, 300))
def test_damage_that_is_taken_is_a_frame_all_the_same(message: bytes, seq: int) -> None:
    try:
        [(_, _, taken)] = loaded([seq, 0, message])
    except BadState:
        return
    assert seq_of(decode(taken, Role.RELAY)) == seq


def delivered(seq: int) -> list[Any]:
    return [seq, 0, encode(Deliver(seq, 1, b"x"))]


def test_seqs_follow_each_other() -> None:
    assert [seq for seq, *_ in loaded(delivered(5), delivered(6), delivered(7))] == [5, 6, 7]
    for gap in (5, 7):
        with pytest.raises(BadState, match=r"log\.1 should be"):
            loaded(delivered(5), delivered(gap))


def test_addressees_are_a_player_or_a_set_of_them() -> None:
    [seq, _, message] = delivered(5)
    assert loaded([seq, 3, message]) == [(5, 3, message)]
    assert loaded([seq, [3, 1], message]) == [(5, frozenset({1, 3}), message)]


@pytest.mark.parametrize("to", [-1, limits.MAX_PLAYER + 1, True, None, "1", [1, "2"], [-1]])
def test_other_addressees_are_refused(to: object) -> None:
    [seq, _, message] = delivered(5)
    with pytest.raises(BadState, match=r"log\.0 should be"):
        loaded([seq, to, message])


@pytest.mark.parametrize(
    "frame",
    [
        None,
        [],
        [5, 0],
        [5, 0, "text"],
        [5.0, 0, encode(Deliver(5, 1, b""))],
        [0, 0, encode(Deliver(0, 1, b""))],
        [5, 0, encode(Update(5, 1, b""))],
        [5, 0, fast_path.deliver(5, 1, fast_path.tail(bytes(LONGEST)))],
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_is_no_frame_of_a_history_is_refused(frame: object) -> None:
    with pytest.raises(BadState, match=r"log\.0 should be"):
        loaded(frame)


def test_a_history_is_a_list_or_read_piece_by_piece() -> None:
    assert len(list(FIELD.load(iter([delivered(1), delivered(2)])))) == 2
    with pytest.raises(Exception, match="array"):
        FIELD.load(7)


def test_a_frame_is_checked_when_it_is_taken() -> None:
    frames = iter(FIELD.load(iter([delivered(1), None])))
    assert next(iter(frames))[0] == 1
    with pytest.raises(BadState):
        next(iter(frames))


def test_what_was_dumped_is_loaded() -> None:
    kept = loaded(delivered(1), [2, [2, 1], encode(Deliver(2, 1, b"x"))])
    dumped = FIELD.dump(kept)
    assert dumped[1][1] == [1, 2]
    assert loaded(*dumped) == kept
