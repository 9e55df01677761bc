"""Looking again and again at what tells nobody that it has changed, such as a relay's metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tests.helpers.peers import PATIENCE

AGAIN_SECONDS = 0.05
"""Between two looks, so that those who are looked at have the machine meanwhile."""

T = TypeVar("T")


async def until_seen(
    look: Callable[[], Awaitable[T]], is_so: Callable[[T], object], seconds: float = PATIENCE
) -> T:
    """Look until what is seen is so. Returns: that."""
    ends = asyncio.get_running_loop().time() + seconds
    while not is_so(seen := await look()):
        assert asyncio.get_running_loop().time() < ends, seen
        await asyncio.sleep(AGAIN_SECONDS)
    return seen


async def until_equal(
    look: Callable[[], Awaitable[T]], expected: T, seconds: float = PATIENCE
) -> None:
    """Look until that is seen."""
    await until_seen(look, lambda seen: seen == expected, seconds)
