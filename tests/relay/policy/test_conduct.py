"""What is held against one client: bad frames, and being too fast for long."""

from __future__ import annotations

from relay.policy.conduct import (
    BAD_FRAMES_SECONDS,
    CALM_SECONDS,
    MAX_BAD_FRAMES,
    THROTTLED_SECONDS,
    Conduct,
)


def test_bad_frames_are_too_many_only_within_a_short_time() -> None:
    quick, slow = Conduct(), Conduct()
    assert [quick.add_bad_frame(5.0) for _ in range(MAX_BAD_FRAMES)].index(True) == (
        MAX_BAD_FRAMES - 1
    )
    pace = 1.01 * BAD_FRAMES_SECONDS / (MAX_BAD_FRAMES - 1)
    assert not any(slow.add_bad_frame(number * pace) for number in range(10 * MAX_BAD_FRAMES))


def test_bad_frames_may_be_few_or_without_end() -> None:
    strict, patient = Conduct(1), Conduct(None)
    assert strict.add_bad_frame(5.0)
    assert not any(patient.add_bad_frame(5.0) for _ in range(1000))
    assert not patient._bad  # nothing is kept of them


def test_one_who_pauses_again_and_again_is_too_fast_once() -> None:
    conduct = Conduct()
    assert conduct.add_pause(0.5, 1.0)
    assert not conduct.add_pause(0.5, 1.5)
    assert not conduct.add_pause(0.5, 2.0 + CALM_SECONDS)
    assert conduct.add_pause(0.5, 2.6 + 2 * CALM_SECONDS)


def test_one_who_never_slows_down_is_found_out() -> None:
    conduct, now = Conduct(), 100.0
    conduct.add_pause(0.5, now)
    while not conduct.never_slows_down(now):
        now += 0.5
        conduct.add_pause(0.5, now)
    assert now == 100.5 + THROTTLED_SECONDS


def test_one_who_slows_down_begins_anew() -> None:
    conduct = Conduct()
    conduct.add_pause(0.5, 0.0)
    later = THROTTLED_SECONDS + 2 * CALM_SECONDS
    conduct.add_pause(0.5, later)
    assert not conduct.never_slows_down(later)
