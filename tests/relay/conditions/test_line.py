"""Frames on a line: what may happen to them, what never does, and that it happens again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.conditions.conditions import Conditions, conditions_of
from relay.conditions.dice import Dice, Direction
from relay.conditions.line import BACKLOG, Line
from relay.conditions.profiles import PROFILES, profile
from relay.conditions.shape import Shape, wished

LONG_AFTER = 10_000.0


class Said(NamedTuple):
    """A frame, when it was said, and whether it is a volatile value."""

    at: float
    frame: bytes
    is_volatile: bool


@st.composite
def talks(draw: st.DrawFn) -> list[Said]:
    """What somebody says: each frame has a number of its own."""
    pauses = draw(st.lists(st.floats(0, 0.5), max_size=60))
    now, said = 0.0, []
    for number, pause in enumerate(pauses):
        now += pause
        size = draw(st.sampled_from((0, 40, 900)))
        said.append(Said(now, b"%04d" % number + bytes(size), draw(st.booleans())))
    return said


shares = st.sampled_from((0.0, 0.1, 0.5, 1.0))
anything = st.builds(
    Conditions,
    lag_ms=st.floats(0, 500),
    jitter_ms=st.floats(0, 500),
    bytes_per_second=st.sampled_from((0, 1_000, 100_000)),
    stall_every_s=st.sampled_from((0, 2, 5)),
    stall_s=st.floats(0, 1.5),
    loss=shares,
    duplication=shares,
    reordering=shares,
)


def line_of(conditions: Conditions, seed: int = 1, **bounds: Any) -> Line:
    return Line(conditions, Dice(seed, 2, Direction.DOWN), 0.0, **bounds)


def let(line: Line, until: float, now: float = 0.0) -> Iterator[tuple[float, bytes]]:
    """Yield what comes out and when, as a timer would have it that never is late."""
    while now <= until:
        while (frame := line.pop(now)) is not None:
            yield now, frame
        at = line.wakes(now)
        if at is None or at > until:
            return
        now = max(at, now + 1e-6)


def told(line: Line, talk: list[Said]) -> list[tuple[float, bytes]]:
    """Say all of a talk. Returns: what came out and when."""
    heard: list[tuple[float, bytes]] = []
    now = 0.0
    for said in talk:
        heard += let(line, said.at, now)
        now = said.at
        line.push(said.frame, now, is_volatile=said.is_volatile)
    return [*heard, *let(line, LONG_AFTER, now)]


@given(talks(), st.floats(0, 500), st.floats(0, 500))
def test_lag_and_jitter_keep_the_order_and_every_frame(
    talk: list[Said], lag: float, jitter: float
) -> None:
    heard = told(line_of(Conditions(lag_ms=lag, jitter_ms=jitter)), talk)
    assert [frame for _, frame in heard] == [said.frame for said in talk]
    for (at, _), said in zip(heard, talk, strict=True):
        assert at >= said.at + lag / 1000 - 1e-6


@given(talks(), anything)
def test_nothing_reliable_is_lost_doubled_or_reordered(
    talk: list[Said], conditions: Conditions
) -> None:
    reliable = [said.frame for said in talk if not said.is_volatile]
    heard = [frame for _, frame in told(line_of(conditions), talk)]
    assert [frame for frame in heard if frame in set(reliable)] == reliable


@given(talks(), anything)
def test_no_value_comes_behind_a_later_reliable_frame(
    talk: list[Said], conditions: Conditions
) -> None:
    heard = [frame for _, frame in told(line_of(conditions), talk)]
    reliable = {said.frame for said in talk if not said.is_volatile}
    for at, frame in enumerate(heard):
        if frame in reliable:
            assert all(later[:4] > frame[:4] for later in heard[at + 1 :])


@given(talks(), anything, st.integers(0, 2**53 - 1))
def test_the_same_talk_meets_the_same_fate_twice(
    talk: list[Said], conditions: Conditions, seed: int
) -> None:
    assert told(line_of(conditions, seed), talk) == told(line_of(conditions, seed), talk)


def test_another_seed_player_or_direction_is_another_fate() -> None:
    all_dice = [
        Dice(1, 2, Direction.DOWN),
        Dice(2, 2, Direction.DOWN),
        Dice(1, 3, Direction.DOWN),
        Dice(1, 2, Direction.UP),
    ]
    fates = [tuple(dice.roll(index) for index in range(8)) for dice in all_dice]
    assert len(set(fates)) == len(fates)
    assert Dice(1, 2, Direction.DOWN).roll(5) == all_dice[0].roll(5)


def test_the_dice_are_fair() -> None:
    dice = Dice(7, 1, Direction.UP)
    for kind in zip(*(dice.roll(index) for index in range(4000)), strict=True):
        assert abs(sum(kind) / len(kind) - 0.5) < 0.02
        assert 0 <= min(kind) < max(kind) < 1


def test_the_fate_of_a_frame_is_that_of_its_number_whatever_came_before_it() -> None:
    # Values of which half are lost: which ones, their sizes and times do not decide.
    conditions = Conditions(loss=0.5)
    slow = [Said(number, b"%04d" % number, True) for number in range(50)]
    fast = [Said(0.01 * number, b"%04d" % number + bytes(99), True) for number in range(50)]
    lost = [{frame[:4] for _, frame in told(line_of(conditions), talk)} for talk in (slow, fast)]
    assert lost[0] == lost[1]
    assert 10 < len(lost[0]) < 40


def test_pings_between_them_change_no_values_fate() -> None:
    talk = values(40)
    pings = [Said(0.05 * number, b"ping", False) for number in range(9)]
    mixed = sorted([*talk, *pings], key=lambda said: said.at)
    heard = [
        [frame for _, frame in told(line_of(Conditions(loss=0.5)), each) if frame != b"ping"]
        for each in (talk, mixed)
    ]
    assert heard[0] == heard[1]


def values(many: int, *, every: float = 0.01) -> list[Said]:
    return [Said(every * number, b"%04d" % number, True) for number in range(many)]


def test_values_are_lost_doubled_and_reordered_as_often_as_is_said() -> None:
    talk = values(1000)
    lossy = told(line_of(Conditions(loss=0.1)), talk)
    assert 860 < len(lossy) < 940
    doubled = told(line_of(Conditions(duplication=0.1)), talk)
    assert 1060 < len(doubled) < 1140
    mixed = [frame for _, frame in told(line_of(Conditions(reordering=0.1)), talk)]
    assert sorted(mixed) == [said.frame for said in talk]
    late = sum(a > b for a, b in pairwise(mixed))
    assert 50 < late < 140


def test_a_way_that_carries_little_makes_frames_wait() -> None:
    line = line_of(Conditions(bytes_per_second=1000))
    heard = told(line, [Said(0.0, bytes(100), False) for _ in range(10)])
    assert [round(at, 3) for at, _ in heard] == [round(0.1 * each, 3) for each in range(1, 11)]


def test_a_stall_ends_in_a_burst() -> None:
    conditions = Conditions(stall_every_s=10, stall_s=2)
    heard = told(line_of(conditions), values(120, every=0.1))
    at_once = [at for at, _ in heard if 7.999 < at < 10.0]
    assert len(at_once) <= 1
    assert sum(9.999 < at < 10.001 for at, _ in heard) >= 20


def test_nothing_comes_through_a_frozen_way_until_it_ends() -> None:
    line = line_of(Conditions(freeze=True))
    assert told(line, values(5)) == []
    assert line.wakes(LONG_AFTER) is None
    assert line.flush() == [said.frame for said in values(5)]


def test_a_cut_takes_all_that_follows_and_nothing_that_came_before() -> None:
    line = line_of(Conditions(lag_ms=100, cut_every_frames=5))
    heard = told(line, values(12))
    assert [frame for _, frame in heard] == [b"0000", b"0001", b"0002", b"0003"]
    assert line.is_cut
    assert line.flush() == []
    assert line.wakes(LONG_AFTER) is None


def test_a_frame_that_was_to_be_cut_is_kept_if_the_conditions_end_before() -> None:
    line = line_of(Conditions(lag_ms=100, cut_every_frames=3))
    for number in range(4):
        line.push(b"%d" % number, 0.0)
    assert line.flush() == [b"0", b"1", b"2", b"3"]
    assert not line.is_cut


def test_a_cut_after_seconds_needs_no_frame() -> None:
    line = line_of(Conditions(cut_every_s=30))
    assert line.wakes(0.0) == 30.0
    assert line.pop(29.9) is None
    assert not line.is_cut
    line.pop(30.0)
    assert line.is_cut


def test_a_line_says_when_it_is_full() -> None:
    line = line_of(Conditions(lag_ms=1000), max_bytes=1000, max_frames=5)
    line.push(bytes(999), 0.0)
    assert not line.is_full(0.0)
    line.push(b"1", 0.0)
    assert line.is_full(0.0)
    assert [line.pop(1.0), line.pop(1.0)] == [bytes(999), b"1"]
    assert not line.is_full(1.0)
    for _ in range(5):
        line.push(b"", 1.0)
    assert line.is_full(1.0)

    slow = line_of(Conditions(bytes_per_second=1000))
    slow.push(bytes(1000), 0.0)
    assert slow.is_full(0.0)
    assert slow.wakes(0.0) == 1.0 - BACKLOG
    assert not slow.is_full(1.0 - BACKLOG)


# Conditions by name, and as plain values.


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_is_what_its_name_says_and_can_be_written_as_plain_values(name: str) -> None:
    found = profile(name)
    assert str(found) == name
    assert not found.is_off
    shape = Shape(found, None, 42)
    assert Shape.of(shape.plain()) == shape
    plain = {key: value for key, value in (shape.plain()["down"] or {}).items() if key != "name"}
    assert conditions_of(plain) == replace(found, name="")


@pytest.mark.parametrize(
    ("given_", "why"),
    [
        ({"lag": 3}, "lag: expected one of "),
        ({"lag_ms": -1}, "lag_ms: expected a number from 0 to 10,000"),
        ({"loss": 1.1}, "loss: expected a number from 0 to 1"),
        ({"loss": True}, "loss: expected a number"),
        ({"freeze": 1}, "freeze: expected true or false"),
        ({"cut_every_frames": 1.5}, "cut_every_frames: expected a whole number"),
        ({"stall_s": 3, "stall_every_s": 2}, "stall_s: expected at most stall_every_s"),
        ({"lag_ms": float("nan")}, "lag_ms: expected a number"),
    ],
)
def test_impossible_conditions_are_refused_with_a_sentence(
    given_: dict[str, Any], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        conditions_of(given_)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (b"chaos=train-wifi&seed=42", "train-wifi, seed 42"),
        (b"chaos=hotel", "hotel, seed 0"),
        (b"x=1&chaos=lan&chaos=wifi", "wifi, seed 0"),
        (b"chaos=nothing", None),
        (b"chaos=lan&seed=x", None),
        (b"chaos=lan&seed=-1", None),
        (b"chaos=lan&seed=9007199254740992", None),
        (b"seed=42", None),
        (b"", None),
        (b"chaos=\xff", None),
        (b"&" * 40, None),
    ],
)
def test_a_url_asks_for_conditions_or_is_ignored(query: bytes, words: str | None) -> None:
    shape = wished(query)
    assert (shape and str(shape)) == words


def test_what_is_applied_is_said_in_words() -> None:
    down, up = Conditions(lag_ms=100, freeze=True), profile("wifi")
    assert str(Shape(down, up, 3)) == "down lag_ms 100, freeze on; up wifi; seed 3"
    assert str(Shape(up, up)) == "wifi, seed 0"
    assert Shape(Conditions(), None).is_off
    assert Shape().is_off
    assert not Shape(None, Conditions(cut_every_s=1)).is_off
    assert not Shape(Conditions(stall_every_s=3, stall_s=1), None).is_off
    assert Shape(Conditions(stall_every_s=3), None).is_off
