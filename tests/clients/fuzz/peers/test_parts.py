"""Conversations that lack parts hold together, or are told from those that do."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import pytest

from clients.fuzz.peers.plan.as_client import story
from clients.fuzz.peers.plan.as_relay import plot
from clients.fuzz.peers.plan.parts import (
    Kept,
    Unsound,
    check_steps,
    count_of,
    fewest,
    room_of,
    steps_of,
    visits_of,
)
from clients.fuzz.peers.plan.steps import Enter, Lag, Say, Settle, Step


@pytest.mark.parametrize("needed", [{0}, {9}, {3, 4}, {0, 5, 9}, set(range(10))])
def test_what_a_fault_needs_is_all_that_is_left(needed: set[int]) -> None:
    tried: list[Kept] = []

    def still_fails(kept: Kept) -> bool:
        tried.append(kept)
        return needed <= set(kept)

    assert fewest(10, still_fails) == tuple(sorted(needed))
    assert len(tried) < 40


def test_a_whole_story_is_sound() -> None:
    for seed in range(100):
        check_steps(story(seed))


def test_who_is_not_there_does_not_speak() -> None:
    steps = story(1)
    without_ann = [step for step in steps if not (isinstance(step, Enter) and step.by == "ann")]
    with pytest.raises(Unsound, match="ann is not there"):
        check_steps(without_ann)


def test_one_who_lags_came_slowly_and_hears_nothing_more_unless_they_read_on() -> None:
    for seed in range(60):
        steps = story(seed)
        for at, step in enumerate(steps):
            if isinstance(step, Lag):
                came = max(before for before in range(at) if is_eves(steps[before]))
                with pytest.raises(Unsound):
                    check_steps([*steps[:came], *steps[came + 1 :]])
            if isinstance(step, Lag) and not step.reads_on:
                with pytest.raises(Unsound, match="does not read hears something"):
                    check_steps([*steps[: at + 1], *steps[at + 2 :]])


def is_eves(step: Step) -> bool:
    return isinstance(step, Enter) and step.by == "eve"


def speakers(steps: Iterable[Step]) -> set[str]:
    return {step.by for step in steps if isinstance(step, Say)}


def test_two_do_not_speak_at_once() -> None:
    stories = ([*story(seed)] for seed in range(100))
    told = next(steps for steps in stories if len(speakers(steps)) > 1)
    steps = [step for step in told if not isinstance(step, Settle)]
    with pytest.raises(Unsound, match="speaks while"):
        check_steps(steps)


def test_all_parts_are_the_whole() -> None:
    for seed in range(50):
        assert steps_of(seed, tuple(range(len(story(seed))))) == story(seed)
        assert visits_of(seed, tuple(range(count_of(plot(seed))))) == plot(seed)


def test_what_is_left_of_a_plot_goes_on_where_it_was() -> None:
    sound = 0
    for seed in range(200):
        rng = Random(seed)
        kept = tuple(part for part in range(count_of(plot(seed))) if rng.random() < 0.8)
        try:
            visits = visits_of(seed, kept)
        except Unsound:
            continue
        sound += 1
        assert visits[-1].finish.how == "close"
        assert sum(len(visit.lines) for visit in visits) <= sum(
            len(visit.lines) for visit in plot(seed)
        )
    assert sound > 20


def test_fewer_steps_have_a_room_of_their_own() -> None:
    names = {room_of(7, kept) for kept in (None, (0, 1), (0, 2))}
    assert len(names) == 3
    assert all(len(name) <= 32 for name in names)
