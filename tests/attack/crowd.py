"""Players by the thousand: what a seat costs (H10), and their return after a restart (P1)."""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from protocol.codec import encode
from protocol.frames import Hello, HelloOptions
from protocol.limits import SEAT_BYTES
from tests.attack import seat
from tests.attack.seat import Seat
from tests.attack.stage import KIBIBYTE, PATIENCE, Scale, Stage, stage
from tests.attack.verdict import Check, Row, Timing

ROOM_SIZE = 16
AT_ONCE = 64  # players who enter at the same time
BACKOFF, BACKOFF_MAX = 0.1, 5.0  # seconds, as in Roomwire's own clients
RETURN_SECONDS = 30.0
WARM_UP = 64


@dataclass(slots=True)
class Idler:
    """A player who holds a seat and does nothing."""

    room: str
    hello: bytes
    tries: int = 0
    link: Seat | None = field(default=None)

    async def enter(self, port: int) -> None:
        self.link = await seat.enter(port, self.room, hello=self.hello)

    async def come_back(self, port: int) -> None:
        """Try again and again, with full jitter."""
        while True:
            wait = min(BACKOFF_MAX, BACKOFF * 2**self.tries)
            await asyncio.sleep(random.uniform(0, wait))
            self.tries += 1
            with contextlib.suppress(OSError, TimeoutError):
                return await self.enter(port)


async def h10(scale: Scale) -> Row:
    with stage("--profile", "bench", *scale.options) as on:
        idlers = [make_idler(number) for number in range(scale.many)]
        await fill(on, idlers[:WARM_UP])
        memory = on.memory
        await fill(on, idlers[WARM_UP:])
        await asyncio.sleep(scale.seconds)  # the relay pings all, and cuts off the silent
        each = (on.memory - memory) / (scale.many - WARM_UP)
        lost = sum(idler.link is None or idler.link.ended.done() for idler in idlers)
        leave(idlers)
    return Row(
        "H10",
        f"{scale.many:,} idle seats in rooms of {ROOM_SIZE}",
        [
            Check("memory for each", each / KIBIBYTE, 24, "KiB"),
            Check("seats lost", lost, 0),
        ],
    )


async def p1(scale: Scale) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        state = str(Path(folder) / "rooms")
        options = ("--profile", "bench", "--state", state)
        idlers = [make_idler(number) for number in range(scale.many)]
        with stage(*options) as on:
            await fill(on, idlers)
            port = on.port
            code = await asyncio.get_running_loop().run_in_executor(None, on.relay.end)
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*(idler.link.ended for idler in idlers if idler.link))
        with stage(*options, port=port) as on:
            began = time.monotonic()
            back = [asyncio.ensure_future(one.come_back(port)) for one in idlers]  # noqa: TID251 - waited for below
            _, missing = await asyncio.wait(back, timeout=2 * RETURN_SECONDS)
            took = time.monotonic() - began if not missing else float("inf")
            for task in missing:
                task.cancel()
            leave(idlers)
    tries = sorted(idler.tries for idler in idlers)
    return Row(
        "P1",
        f"{scale.many:,} seats come back after a restart, with full jitter "
        f"({tries[len(tries) // 2]} tries by half, {tries[-1]} at most)",
        [
            Check("exit code", abs(code), 0),
            Timing("until the last is back", took, RETURN_SECONDS, "s"),
            Check("seats not back", len(missing), 0),
        ],
    )


def make_idler(number: int) -> Idler:
    options = HelloOptions(seat=secrets.token_bytes(SEAT_BYTES))
    return Idler(f"IDLE{number // ROOM_SIZE}", encode(Hello(1, options)))


async def fill(on: Stage, idlers: list[Idler]) -> None:
    """Let all enter, a few at a time."""
    waiting = iter(idlers)

    async def one_after_another() -> None:
        for idler in waiting:
            await idler.enter(on.port)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(AT_ONCE):
            tasks.create_task(one_after_another())


def leave(idlers: list[Idler]) -> None:
    for idler in idlers:
        if idler.link is not None:
            idler.link.abort()
