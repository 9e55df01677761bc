import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.python.core.clock import SAMPLES, Clock

microseconds = st.integers(0, 10**12)
delays = st.integers(0, 10**6)


def round_trip(clock: Clock, t: int, offset: int, there: int, kept: int, back: int) -> None:
    received = t + there + offset
    clock.add(t, received, received + kept, t + there + kept + back)


def test_before_the_first_round_trip_the_relays_clock_is_ours() -> None:
    clock = Clock(lambda: 42)
    assert (clock.now(), clock.rtt, clock.jitter) == (42, 0, 0)


@given(microseconds, microseconds, delays, delays)
def test_a_symmetric_round_trip_tells_the_offset(
    t: int, offset: int, one_way: int, kept: int
) -> None:
    clock = Clock(lambda: t)
    round_trip(clock, t, offset, one_way, kept, one_way)
    assert clock.offset == offset
    assert clock.rtt == 2 * one_way
    assert clock.now() == t + offset


@given(microseconds, st.lists(st.tuples(delays, delays), min_size=1, max_size=SAMPLES))
def test_the_error_is_at_most_half_the_best_round_trip(
    offset: int, trips: list[tuple[int, int]]
) -> None:
    clock = Clock(lambda: 0)
    for there, back in trips:
        round_trip(clock, 0, offset, there, 0, back)
    best = min(there + back for there, back in trips)
    assert clock.rtt == best
    assert abs(clock.offset - offset) <= best / 2 + 1
    assert clock.count == len(trips)
    assert clock.latest == sum(trips[-1])


def test_a_good_round_trip_is_forgotten_after_eight_others() -> None:
    clock = Clock(lambda: 0)
    round_trip(clock, 0, 5, 1, 0, 1)
    for _ in range(SAMPLES):
        round_trip(clock, 0, 5, 50, 0, 50)
    assert clock.rtt == 100


def test_jitter_is_the_mean_distance_from_the_best() -> None:
    clock = Clock(lambda: 0)
    for there in (10, 20, 30):
        round_trip(clock, 0, 0, there, 0, 0)
    assert clock.jitter == 10


@pytest.mark.parametrize("jump", [-8_000_000, 8_000_000])
@pytest.mark.parametrize("before", [1, SAMPLES])
def test_who_slept_is_right_again_with_the_next_round_trip(jump: int, before: int) -> None:
    clock = Clock(lambda: 0)
    for n in range(before):
        round_trip(clock, n, 5, 1_000, 0, 1_000)
    round_trip(clock, 100, 5 + jump, 20_000, 0, 20_000)
    assert (clock.offset, clock.rtt, clock.jitter) == (5 + jump, 40_000, 0)


def test_a_slow_round_trip_contradicts_nothing() -> None:
    clock = Clock(lambda: 0)
    round_trip(clock, 0, 5, 1_000, 0, 1_000)
    round_trip(clock, 0, 5, 400_000, 0, 0)
    assert (clock.offset, clock.rtt) == (5, 2_000)


def test_another_connection_begins_anew() -> None:
    clock = Clock(lambda: 0)
    round_trip(clock, 0, 5, 1, 0, 1)
    clock.restart()
    round_trip(clock, 0, 9, 50, 0, 50)
    assert (clock.rtt, clock.offset, clock.count) == (100, 9, 1)
