"""All of the Autobahn suite but its large messages, which `make conformance` adds."""

from __future__ import annotations

import pytest

from tests.conformance import suite
from tests.conformance.serving import CLASSES

QUICK = tuple(case for case in suite.CASES if case != "9.*")


@pytest.mark.parametrize("ws", CLASSES)
async def test_a_websocket_class_keeps_to_the_standard(ws: str) -> None:
    report = await suite.run(ws, QUICK, parallel=8)
    assert report.failed == []
    assert len(report.cases) == 247


async def test_the_suite_notices_who_does_not() -> None:
    report = await suite.run("tests.conformance.careless:CarelessProtocol", ["1.1.*", "6.3.*"])
    assert report.failed == ["6.3.1", "6.3.2"]
