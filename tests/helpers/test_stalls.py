"""A failure is forgiven only where the machine stood still, and only if it does not come again."""

from __future__ import annotations

import pytest

from tests.helpers import stalls

pytest_plugins = ["pytester"]

FAILS = """
from pathlib import Path
import os, signal, subprocess

TRIED = Path("tried")

def stand_still():
    wakes = f"sleep {seconds}; kill -CONT {{os.getpid()}}"
    with subprocess.Popen(["sh", "-c", wakes]):
        os.kill(os.getpid(), signal.SIGSTOP)

def test_it():
    tried = TRIED.read_text() if TRIED.exists() else ""
    TRIED.write_text(tried + "I")
    {when}: stand_still()
    assert len(tried) >= {good_from}
"""
SECONDS = stalls.LONG + 0.3


def play(pytester: pytest.Pytester, when: str, good_from: int) -> tuple[pytest.RunResult, int]:
    """Return what a run of its own says of the test, and how often it played it."""
    pytester.makepyfile(FAILS.format(seconds=SECONDS, when=when, good_from=good_from))
    result = pytester.runpytest_subprocess("-p", "tests.helpers.stalls", "-p", "no:randomly")
    return result, len((pytester.path / "tried").read_text())


def test_a_failure_beside_a_stall_is_played_again(pytester: pytest.Pytester) -> None:
    result, times = play(pytester, "if not tried", 1)
    result.assert_outcomes(passed=1)
    assert times == 2
    result.stdout.re_match_lines([r"the machine stood still for (0\.[5-9]|[1-9])\d* s at most"])


def test_a_failure_without_a_stall_counts_at_once(pytester: pytest.Pytester) -> None:
    result, times = play(pytester, "if False", 1)
    result.assert_outcomes(failed=1)
    assert times == 1


def test_a_failure_counts_if_it_comes_each_time(pytester: pytest.Pytester) -> None:
    result, times = play(pytester, "if True", 9)
    result.assert_outcomes(failed=1)
    assert times == stalls.TRIES
