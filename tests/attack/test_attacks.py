"""Every attack at the quick scale, with bounds for any machine. `make attack` judges times."""

from __future__ import annotations

import pytest

from tests.attack.attacks import ATTACKS, FULL, SMALL


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", SMALL)
async def test_an_attack_does_no_more_than_it_may(name: str) -> None:
    row = await ATTACKS[name](SMALL[name])
    assert row.checks
    assert [check for check in row.checks if not check.holds_anywhere] == []


def test_no_attack_is_left_out() -> None:
    assert ATTACKS.keys() == FULL.keys() == SMALL.keys() | {"P1"}
