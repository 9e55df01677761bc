"""What players who stopped reading cost the others, and the relay's memory.

Runs come in pairs, one without stuck players and one with them, so that what slows the machine
slows both sides of a pair.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import statistics
import struct
import time
from dataclasses import dataclass

import psutil
from websockets.asyncio.client import ClientConnection

from protocol.codec import encode
from protocol.frames import Hello, HelloOptions
from tests.benchmarks import load
from tests.helpers import raw

ROOMS, HEALTHY, STUCK, HZ = 20, 5, 5, 20
FILLER = bytes(504)
SECONDS = 10.0
RECEIVE_BUFFER = 4096
STAMP = struct.Struct(">d")


@dataclass(frozen=True, slots=True)
class Side:
    """One run. Latencies are in milliseconds, from before the send to after the receipt."""

    p50: float
    p99: float
    delivered: float
    """Share of what the healthy were to be delivered."""
    grown: float
    """MiB by which the relay's memory grew from before the load to its highest."""
    grown_late: float
    """MiB of that in the second half: what depends on how long it lasts."""


class Healthy(load.Player):
    """Sends its clock, and measures how old the clocks of the others are when they come."""

    def __init__(self, connection: ClientConnection) -> None:
        super().__init__(connection, greets=True)
        self.latencies: list[float] = []

    def payload(self) -> bytes:
        body = STAMP.pack(time.perf_counter()) + FILLER
        return b"\x93\x10\xc0\xc5" + len(body).to_bytes(2, "big") + body

    async def count(self) -> None:
        async for message in self.connection:
            assert isinstance(message, bytes)
            if message[1] == load.DELIVER:
                self.delivered += 1
                (sent,) = STAMP.unpack_from(message, len(message) - len(FILLER) - STAMP.size)
                self.latencies.append((time.perf_counter() - sent) * 1000)


async def never_read(port: int, room: int, inside: asyncio.Semaphore) -> None:
    """Hold a seat and read nothing; once cut off, take it up again as clients do."""
    hello = encode(Hello(1, HelloOptions(seat=os.urandom(16))))
    while True:
        with contextlib.suppress(OSError, raw.Closed, raw.Refused):
            url = f"ws://127.0.0.1:{port}/r/room{room}"
            async with raw.connect(url, receive_buffer=RECEIVE_BUFFER) as client:
                await client.send(hello)
                await client.receive()
                client.stop_reading()
                inside.release()
                while True:
                    await asyncio.sleep(random.uniform(0.5, 1.5))
                    await client.send("92 07 00")  # fails once the relay has let go
        await asyncio.sleep(random.uniform(0, 5))  # the jitter of Roomwire's own clients


async def run(with_stuck: bool) -> Side:
    """Measure one side of a pair."""
    async with load.server("relay") as (process, port), contextlib.AsyncExitStack() as stack:
        players = []
        for room in range(ROOMS):
            for _ in range(HEALTHY):
                connection = await stack.enter_async_context(load.connection("relay", port, room))
                players.append(Healthy(connection))
                await players[-1].join()
        async with asyncio.TaskGroup() as tasks:
            counting = [tasks.create_task(player.count()) for player in players]
            before = _memory(process)
            inside = asyncio.Semaphore(0)
            for room in list(range(ROOMS)) * STUCK if with_stuck else []:
                counting.append(tasks.create_task(never_read(port, room, inside)))
                await inside.acquire()
            half, peak = await _play(players, process)
            for task in counting:
                task.cancel()
        return _side(players, before, half, peak)


async def _play(players: list[Healthy], process: psutil.Process) -> tuple[float, float]:
    """Returns: the highest memory of the first half, and of both."""
    start = time.monotonic()
    peaks = [0.0, 0.0]
    async with asyncio.TaskGroup() as tasks:
        for index, player in enumerate(players):
            begin = start + index / len(players) / HZ
            tasks.create_task(player.play(begin, HZ, start + SECONDS))
        while (elapsed := time.monotonic() - start) < SECONDS:
            half = int(elapsed * 2 / SECONDS)
            peaks[half] = max(peaks[half], _memory(process))
            await asyncio.sleep(0.1)
    sent = sum(player.sent for player in players)
    await load.settle(players, sent * (HEALTHY - 1))
    return peaks[0], max(peaks)


def _side(players: list[Healthy], before: float, half: float, peak: float) -> Side:
    latencies = sorted(ms for player in players for ms in player.latencies)
    sent = sum(player.sent for player in players)
    return Side(
        p50=statistics.median(latencies),
        p99=latencies[int(len(latencies) * 0.99)],
        delivered=len(latencies) / (sent * (HEALTHY - 1)),
        grown=peak - before,
        grown_late=peak - half,
    )


def _memory(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 2**20
