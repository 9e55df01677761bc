"""A close code is advice: come back, or stay away."""

from __future__ import annotations

import pytest

from protocol.close_codes import STAY_AWAY, CloseCode, may_return
from protocol.limits import MAX_REASON


@pytest.mark.parametrize("code", [1001, 1002, 1005, 1006, 1011, 1012, 4000, 4005, 4499, 5000])
def test_a_client_comes_back(code: int) -> None:
    assert may_return(code)


@pytest.mark.parametrize("code", [*STAY_AWAY, 4500, 4502, 4510, 4999])
def test_a_client_stays_away(code: int) -> None:
    assert not may_return(code)


@pytest.mark.parametrize("code", CloseCode)
def test_a_reason_is_for_machines_and_fits_a_close_frame(code: CloseCode) -> None:
    assert code.reason == code.name.lower()
    assert len(code.reason.encode()) <= MAX_REASON
