import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.python.core.backoff import CAP, STEADY, Backoff
from protocol.close_codes import CloseCode


def delays(backoff: Backoff, count: int, now: float = 0.0) -> list[float | None]:
    return [backoff.lost(1006, now) for _ in range(count)]


def test_bounds_double_from_100_ms_up_to_5_s() -> None:
    backoff = Backoff(lambda: 1.0)
    assert delays(backoff, 8) == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0])


@given(st.floats(0, 1, exclude_max=True), st.integers(1, 2000))
def test_each_delay_is_drawn_from_the_whole_range(share: float, attempts: int) -> None:
    backoff = Backoff(lambda: share)
    last = delays(backoff, attempts)[-1]
    assert last == pytest.approx(share * min(CAP, 0.1 * 2 ** min(attempts - 1, 16)))


@pytest.mark.parametrize("code", [1000, 1003, 1009, 4500, 4502, 4503, 4507, 4999])
def test_a_client_that_cannot_succeed_stays_away(code: int) -> None:
    assert Backoff(lambda: 0.5).lost(code, 0.0) is None


@pytest.mark.parametrize("code", [1001, 1002, 1006, 1011, CloseCode.DRAIN, 4000, 4005, 4499])
def test_a_client_that_may_succeed_comes_back(code: int) -> None:
    assert Backoff(lambda: 0.5).lost(code, 0.0) == pytest.approx(0.05)


def test_a_connection_that_was_steady_is_lost_anew() -> None:
    backoff = Backoff(lambda: 1.0)
    delays(backoff, 5)
    backoff.live(10.0)
    assert backoff.lost(1006, 10.0 + STEADY) == pytest.approx(0.1)


def test_a_connection_that_was_live_for_a_moment_goes_on_backing_off() -> None:
    backoff = Backoff(lambda: 1.0)
    delays(backoff, 5)
    backoff.live(10.0)
    assert backoff.lost(1006, 10.1) == pytest.approx(3.2)


def test_a_relay_that_drains_is_left_alone_for_as_long_as_it_asks() -> None:
    backoff = Backoff(lambda: 1.0)
    backoff.wait(3.0, now=10.0)
    assert backoff.lost(CloseCode.DRAIN, now=11.0) == pytest.approx(2.0 + 0.1)
    assert backoff.lost(1006, now=20.0) == pytest.approx(0.2)


def test_what_a_relay_asks_later_does_not_bring_a_client_back_sooner() -> None:
    backoff = Backoff(lambda: 0.0)
    backoff.wait(3.0, now=10.0)
    backoff.wait(0.0, now=11.0)
    assert backoff.lost(CloseCode.RELAY_FULL, now=11.0) == pytest.approx(2.0)
