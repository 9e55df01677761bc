"""How rare events are counted, and how late a loop is found to be."""

from __future__ import annotations

from collections.abc import Callable

from relay.delivery.spread import Spread
from relay.node.counting.loop_lag import EVERY, LoopLag


class Clock:
    """A loop of one timer, which the test lets run, as late as it likes."""

    def __init__(self) -> None:
        self.now = 5.0
        self.calls: list[Callable[[], None]] = []

    def later(self, seconds: float | None, call: Callable[[], None]) -> None:
        assert seconds == EVERY
        self.calls.append(call)

    def passes(self, seconds: float) -> None:
        self.now += seconds
        calls, self.calls = self.calls, []
        for call in calls:
            call()


def test_a_loop_is_as_late_as_its_timer() -> None:
    clock, needed = Clock(), [True]
    lag = LoopLag(clock.later, lambda: clock.now, lambda: needed[0])
    lag.watch()
    lag.watch()
    assert len(clock.calls) == 1
    clock.passes(EVERY + 0.03)
    clock.passes(EVERY - 0.001)
    ranges = dict(lag.spread.ranges())
    assert (ranges["0.001"], ranges["0.02"], ranges["0.05"], ranges["+Inf"]) == (1, 1, 2, 2)
    assert round(lag.spread.sum, 6) == 0.03


def test_a_loop_that_nobody_waits_for_is_asked_nothing() -> None:
    clock, needed = Clock(), [False]
    lag = LoopLag(clock.later, lambda: clock.now, lambda: needed[0])
    lag.watch()
    clock.passes(EVERY)
    assert clock.calls == []
    assert not lag.is_watching
    lag.watch()
    assert len(clock.calls) == 1


def test_a_time_counts_in_its_range_and_in_all_longer_ones() -> None:
    spread = Spread((0.1, 0.2))
    for seconds in (0.1, 0.15, 7.0):
        spread.add(seconds)
    assert list(spread.ranges()) == [("0.1", 1), ("0.2", 2), ("+Inf", 3)]
    assert round(spread.sum, 6) == 7.25
