"""All cases against a relay."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from clients.conform.case import Case
from clients.conform.runner import Lane, Result, Tell, play_all
from clients.conform.server import (
    bytes,
    entering,
    limits,
    room,
    seats,
    slow,
    streams,
    targets,
    transport,
    within_bounds,
)
from clients.conform.server.scene import Scene, book, scene

MODULES = (transport, bytes, targets, entering, seats, streams, slow, room, limits, within_bounds)
"""What has cases: importing them has put them into the book."""


def cases(only: tuple[str, ...] = ()) -> list[Case[Scene]]:
    """Return the cases that the patterns mean; without any, all."""
    return book.cases(only)


async def run(
    url: str, chosen: list[Case[Scene]], jobs: int, patience: float, tell: Tell[Scene]
) -> list[Result[Scene]]:
    """Play cases against the relay at a URL as in ws://127.0.0.1:8000, `jobs` at a time.

    Raises: OSError: nothing listens there.
    """
    await _knock(url)

    async def lane(case: Case[Scene]) -> None:
        async with scene(url, case, patience) as own:
            await case.play(own)

    lanes: list[Lane[Scene]] = [lane] * jobs
    return await play_all(chosen, lanes, tell)


async def _knock(url: str) -> None:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "wss" else 80)
    _, writer = await asyncio.open_connection(parts.hostname, port)
    writer.close()
