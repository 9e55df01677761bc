"""Measures joins of a room with a long past, and what the other rooms notice of them.

Both clients join, each in a process of its own, one join after another. Meanwhile two other rooms
play, as in tests/attack.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from protocol.codec import encode
from protocol.frames import Hello, HelloOptions, RoomOptions, Send
from tests.attack import seat
from tests.attack.neighbours import gather
from tests.attack.stage import Stage, stage
from tests.helpers.node import LIBRARY, NODE_OPTIONS, find_node

HISTORIES = (100, 5_000, 50_000)
TURNS = 5
QUIET_SECONDS = 3.0
ROOM = "LONG"
PAYLOAD = bytes(64)
JOINER = Path(__file__).with_name("late_joiner.mjs")
CREATE = HelloOptions(create=RoomOptions(history="full", keep=600))


@dataclass(frozen=True, slots=True)
class Late:
    """Joins with one client, of a room with one length of history."""

    client: str
    messages: int
    live: float
    """Median milliseconds from the call of `connect` until the room is live."""
    heard: int
    """History messages that each join heard: the least of all turns."""
    relay: float
    """Milliseconds of the relay's CPU for one join, without the neighbours' share."""
    p99: float
    quiet: float
    """The neighbours' p99 in milliseconds during the joins, and without them."""


def run(histories: Sequence[int] = HISTORIES, turns: int = TURNS) -> list[Late]:
    """Measure every length of history with both clients."""
    return [
        asyncio.run(measure(client, messages, turns))
        for messages in histories
        for client in ("Python", "JavaScript")
    ]


async def measure(client: str, messages: int, turns: int) -> Late:
    """Fill a room, and let one client join it this many times."""
    with stage("--profile", "bench", "--log-level", "warning", is_forked=False) as on:
        filler = await fill(on, messages)
        neighbours = await gather(on.port)
        # The first start of a client reads it from the disk, on the neighbours' core. That is no
        # part of a join.
        await joins(client, on.port, 1)
        began = cpu(on)
        base = await neighbours.listen(QUIET_SECONDS)
        idle = (cpu(on) - began) / QUIET_SECONDS
        loop = asyncio.get_running_loop()
        began, at = cpu(on), loop.time()
        async with asyncio.TaskGroup() as tasks:
            joining = tasks.create_task(joins(client, on.port, turns))
            during = await neighbours.listen(QUIET_SECONDS, joining)
        used = cpu(on) - began - idle * (loop.time() - at)
        await neighbours.end()
        filler.abort()
    took = joining.result()
    return Late(
        client,
        messages,
        live=statistics.median(each["seconds"] for each in took) * 1000,
        heard=int(min(each["heard"] for each in took)),
        relay=used / turns * 1000,
        p99=during.p99,
        quiet=base.p99,
    )


async def fill(on: Stage, messages: int) -> seat.Seat:
    """Give a room this many messages of history. Returns: their sender, who stays in the room."""
    filler = await seat.enter(on.port, ROOM, hello=encode(Hello(1, CREATE)))
    taken = asyncio.Event()

    def hear(message: bytes) -> None:
        if message[1] == seat.DELIVER and message.endswith(b"last"):
            taken.set()

    filler.on_message = hear
    for _ in range(messages - 1):
        filler.say(encode(Send(None, PAYLOAD)))
    filler.say(encode(Send(True, b"last")))
    async with asyncio.timeout(seat.PATIENCE):
        await taken.wait()
    return filler


async def joins(client: str, port: int, turns: int) -> list[dict[str, float]]:
    """Let a client join in a process of its own."""
    url = f"ws://127.0.0.1:{port}/r/{ROOM}"
    python = [sys.executable, "-m", "tests.benchmarks.late_joiner"]
    node = [find_node(), *NODE_OPTIONS, str(JOINER), LIBRARY.as_uri()]
    process = await asyncio.create_subprocess_exec(
        *(python if client == "Python" else node), url, str(turns), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"the {client} client could not join a room with a long past")
    took: list[dict[str, float]] = json.loads(output)
    return took


def cpu(on: Stage) -> float:
    """Return the seconds of CPU that the relay has used."""
    times = on.process.cpu_times()
    return float(times.user + times.system)


def table(rows: Sequence[Late]) -> str:
    """Return the rows as text."""
    head = f"{'history':>8} {'client':10} {'live ms':>8} {'heard':>7} {'relay CPU ms':>12} "
    lines = [head + f"{'neighbours p99 ms':>17} {'(quiet)':>8}"]
    lines += [
        f"{row.messages:8,} {row.client:10} {row.live:8.0f} {row.heard:7,} {row.relay:12.1f} "
        f"{row.p99:17.1f} {row.quiet:8.1f}"
        for row in rows
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(run()))
