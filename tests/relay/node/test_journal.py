"""How often the log says what: few lines in a flood, and none of it lost."""

from __future__ import annotations

import logging
import re

import pytest

from relay.node.journal import (
    ALL_BURST,
    ALL_PER_SECOND,
    FAULT_SECONDS,
    LINES_BURST,
    LINES_PER_SECOND,
    MAX_FAULTS,
    Journal,
)
from relay.server import logs


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def _info(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="relay")


def fails(how: type[Exception]) -> Exception:
    """Raise this, at one place, and catch it."""
    try:
        raise how("too bad")
    except Exception as error:
        return error


def counted(lines: list[str]) -> int:
    """Return of how many events lines tell."""
    more = (re.search(r"; (\d+) more like it$", line) for line in lines)
    return len(lines) + sum(int(found[1]) for found in more if found)


def test_a_flood_is_cut_and_counted(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    said = Journal(clock)
    for _ in range(100):
        for number in range(7):
            said.opened(f"R{number}")
        clock.now += 0.01
    assert len(caplog.messages) == LINES_BURST
    clock.now += 1 / LINES_PER_SECOND
    said.opened("LAST")
    assert caplog.messages[-1].startswith("room LAST is open; ")
    assert counted(caplog.messages) == 701


def test_another_kind_has_lines_of_its_own(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    said = Journal(clock)
    for _ in range(100):
        said.opened("R")
    said.gone("R")
    assert caplog.messages[-1] == "room R is gone"


def test_all_kinds_together_are_few_lines(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    said = Journal(clock)
    for number in range(20):
        said.opened(f"R{number}")
        said.gone(f"R{number}")
        said.made_way(f"R{number}")
    assert len(caplog.messages) == ALL_BURST
    clock.now += 1 / LINES_PER_SECOND
    for say in (said.opened, said.gone, said.made_way):
        say("LAST")
    told = [line for line in caplog.messages if " LAST" in line]
    assert len(told) == ALL_PER_SECOND / LINES_PER_SECOND // 1
    assert all("more like it" in line for line in told)


def test_the_log_of_a_relay_cuts_nothing_that_is_counted_here() -> None:
    assert LINES_PER_SECOND < logs.LINES_PER_SECOND
    assert LINES_BURST < logs.LINES_BURST


def test_a_line_that_nobody_wants_costs_no_place(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    said = Journal(clock)
    caplog.set_level(logging.WARNING, logger="relay")
    for _ in range(100):
        said.opened("R")
    caplog.set_level(logging.INFO, logger="relay")
    said.opened("R")
    assert caplog.messages == ["room R is open"]


def test_one_fault_is_shown_once_a_minute_with_a_count(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    said = Journal(clock)
    for _ in range(61):
        said.fault(3, "R", fails(LookupError))
        clock.now += FAULT_SECONDS / 60
    said.fault(4, "R", fails(OSError))
    assert caplog.messages == [
        "room R: on_join failed, and connection 3 is refused",
        "room R: on_join failed, and connection 3 is refused; 59 more like it",
        "room R: on_join failed, and connection 4 is refused",
    ]
    assert all(record.exc_info for record in caplog.records)


def test_faults_are_not_remembered_for_ever(clock: Clock) -> None:
    said = Journal(clock)
    for number in range(10 * MAX_FAULTS):
        said.fault(number, "R", fails(type(f"Error{number}", (Exception,), {})))
    assert len(said._faults) <= MAX_FAULTS
