"""The search finds the highest rung, wherever that is and wherever it begins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.benchmarks.search import HIGHEST, LOWEST, highest, rate

RUNG = st.integers(LOWEST, HIGHEST)


@given(RUNG, st.none() | RUNG)
def test_the_highest_rung_that_is_borne_is_found(wanted: int, start: int | None) -> None:
    assert highest(lambda hz: hz <= rate(wanted), start) == wanted


@given(st.none() | RUNG)
def test_who_bears_nothing_has_no_rung(start: int | None) -> None:
    assert highest(lambda hz: False, start) is None


def test_twelve_rungs_up_are_twice_as_much() -> None:
    assert rate(13) / rate(1) == pytest.approx(2, rel=1e-3)
