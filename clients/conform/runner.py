"""Plays cases, several at a time, and says how each ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Generic

from websockets.exceptions import WebSocketException

from clients.conform.case import Breach, Case, NotApplicable, Scene
from clients.conform.catalogue import advice
from clients.conform.talk import Ended

LONGEST = 45.0  # seconds that a case may take, whatever it waits for

Lane = Callable[[Case[Scene]], Awaitable[None]]
"""Plays one case after another, each to its end."""


class Verdict(Enum):
    """How a case ended."""

    PASSED = "passed"
    FAILED = "failed"
    ADVISED = "advised"
    """It does otherwise than SPEC says with SHOULD."""
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True)
class Result(Generic[Scene]):
    """How one case ended."""

    case: Case[Scene]
    verdict: Verdict
    rule: str
    """The rule that was broken; "" where none was."""
    text: str
    """What was seen, or what is not offered."""
    seconds: float


Tell = Callable[[Result[Scene]], None]


async def play_all(
    cases: Iterable[Case[Scene]], lanes: Sequence[Lane[Scene]], tell: Tell[Scene]
) -> list[Result[Scene]]:
    """Play the cases in as many lanes as there are; slow ones begin first.

    Returns: the results in the order of the cases.
    """
    order = list(cases)
    queue = iter(sorted(order, key=lambda case: not case.is_slow))
    found: dict[str, Result[Scene]] = {}
    async with asyncio.TaskGroup() as tasks:
        for lane in lanes:
            tasks.create_task(_play_on(queue, lane, tell, found))
    return [found[case.number] for case in order]


async def _play_on(
    queue: Iterator[Case[Scene]],
    lane: Lane[Scene],
    tell: Tell[Scene],
    found: dict[str, Result[Scene]],
) -> None:
    for case in queue:
        result = found[case.number] = await play_one(case, lane)
        tell(result)


async def play_one(case: Case[Scene], lane: Lane[Scene]) -> Result[Scene]:
    """Play one case to its end."""
    begin = time.monotonic()
    verdict: Verdict | None = None
    rule, text = case.rules[0], ""
    try:
        async with asyncio.timeout(LONGEST):
            await lane(case)
        verdict, rule = Verdict.PASSED, ""
    except NotApplicable as missing:
        verdict, rule, text = Verdict.NOT_APPLICABLE, "", str(missing)
    except Breach as breach:
        rule, text = breach.rule, breach.text
    except Ended as ended:
        text = f"the connection was {ended}, where nobody expected it"
    except TimeoutError:
        text = "what was expected did not come in time"
    except (OSError, WebSocketException) as error:
        text = f"the connection failed: {error}"
    if verdict is None:
        verdict = Verdict.ADVISED if rule in advice() else Verdict.FAILED
    return Result(case, verdict, rule, text, time.monotonic() - begin)
