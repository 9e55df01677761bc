"""Plays again what failed on a busy machine, where times that SPEC sets pass too soon."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from clients.conform.case import Case
from clients.conform.runner import Result, Verdict

TIMES = 2

Scene = TypeVar("Scene")

Play = Callable[[list[Case[Scene]], int], Awaitable[list[Result[Scene]]]]
"""Plays cases, so many at a time."""


async def judged(play: Play[Scene], cases: list[Case[Scene]], jobs: int) -> list[Result[Scene]]:
    """Play cases; those that fail are played again, one at a time, and fail only if they fail on.

    Who breaks a rule breaks it each time, and who was starved is not.
    """
    results = await play(cases, jobs)
    for _ in range(TIMES):
        if failed := [each.case for each in results if each.verdict is Verdict.FAILED]:
            again = {each.case.number: each for each in await play(failed, 1)}
            results = [again.get(each.case.number, each) for each in results]
    return results
