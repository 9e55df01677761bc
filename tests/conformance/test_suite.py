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
    assert report.not_strict == 4  # invalid UTF-8 is noticed at the end of a message
    assert len(report.cases) == 247


async def test_the_suite_notices_who_does_not() -> None:
    report = await suite.run("tests.conformance.careless:CarelessProtocol", ["1.1.*", "6.3.*"])
    assert report.failed == ["6.3.1", "6.3.2"]


@pytest.mark.parametrize(("not_strict", "holds"), [(12, True), (13, False)])
def test_a_dozen_cases_may_be_not_strict(not_strict: int, holds: bool) -> None:
    verdicts = ["OK"] * 3 + ["NON-STRICT"] * not_strict
    report = suite.Report({f"3.{case}": (verdict, "OK") for case, verdict in enumerate(verdicts)})
    assert (report.not_strict, report.holds) == (not_strict, holds)


def test_a_case_that_failed_is_excused_or_the_end_of_it() -> None:
    assert suite.Report({"7.1.5": ("FAILED", "OK"), "7.1.6": ("OK", "OK")}).holds
    assert not suite.Report({"7.1.6": ("FAILED", "OK")}).holds
    assert not suite.Report().holds
