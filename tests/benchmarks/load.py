"""A load over real sockets: rooms x players x frames a second, and what it costs the server."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import psutil
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

PAYLOAD = b"x" * 64
SEND = b"\x93\x10\xc0\xc4\x40" + PAYLOAD
HELLO = bytes.fromhex("93010180")
DELIVER = 0x11
SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Shape:
    rooms: int
    players: int
    hz: int

    def __str__(self) -> str:
        return f"{self.rooms} x {self.players} x {self.hz} Hz"


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run cost: deliveries counted at the receivers, CPU of the server and of the load."""

    server: str
    shape: str
    sent: int
    delivered: int
    expected: int
    us_per_delivery: float
    load_cpu: float
    """Share of one core that the load generator used: near 1.0 it measures itself."""


COMMANDS = {
    "relay": ["-m", "relay", "serve", "--profile", "bench", "--log-level", "warning", "--port"],
    "tutorial": ["-m", "tests.benchmarks.tutorial"],
}


@contextlib.asynccontextmanager
async def server(name: str) -> AsyncIterator[tuple[psutil.Process, int]]:
    """Run a server in its own process, on its own core where there are several."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = await asyncio.create_subprocess_exec(sys.executable, *COMMANDS[name], str(port))
    process = psutil.Process(running.pid)
    try:
        if (os.cpu_count() or 1) > 1:
            process.cpu_affinity([0])
        await _until_listening(port)
        yield process, port
    finally:
        running.terminate()
        await running.wait()


async def _until_listening(port: int) -> None:
    for _ in range(400):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise TimeoutError(f"nothing listens on port {port}")


class Player:
    """Sends at its own pace and counts what reaches it."""

    def __init__(self, connection: ClientConnection, greets: bool) -> None:
        self.connection = connection
        self.greets = greets
        self.sent = self.delivered = 0

    async def join(self) -> None:
        if self.greets:
            await self.connection.send(HELLO)
            while (await self.connection.recv())[1] != 0x09:  # LIVE
                pass

    def payload(self) -> bytes:
        """Return the next message to send."""
        return SEND

    async def count(self) -> None:
        # The tutorial's server passes on what was sent as it is.
        wanted = DELIVER if self.greets else SEND[1]
        async for message in self.connection:
            assert isinstance(message, bytes)
            self.delivered += message[1] == wanted

    async def play(self, start: float, hz: int, until: float) -> None:
        """Send on schedule, whatever the server does: a stalled server does not slow the clock."""
        due = start
        while due < until:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await self.connection.send(self.payload())
            self.sent += 1
            due += 1 / hz


async def measure(name: str, shape: Shape) -> Cost:
    """Run one server under one shape of load."""
    async with server(name) as (process, port), contextlib.AsyncExitStack() as stack:
        players = [
            Player(await stack.enter_async_context(connection(name, port, room)), name == "relay")
            for room in range(shape.rooms)
            for _ in range(shape.players)
        ]
        for player in players:
            await player.join()
        return await _play(name, process, players, shape)


async def _play(name: str, process: psutil.Process, players: list[Player], shape: Shape) -> Cost:
    me = psutil.Process()
    async with asyncio.TaskGroup() as counting:
        tasks = [counting.create_task(player.count()) for player in players]
        cpu, own, start = _cpu(process), _cpu(me), time.monotonic()
        async with asyncio.TaskGroup() as playing:
            for index, player in enumerate(players):
                begin = start + index / len(players) / shape.hz
                playing.create_task(player.play(begin, shape.hz, start + SECONDS))
        sent = sum(player.sent for player in players)
        expected = sent * (shape.players - 1)
        await settle(players, expected)
        cpu, own, elapsed = _cpu(process) - cpu, _cpu(me) - own, time.monotonic() - start
        for task in tasks:
            task.cancel()
    delivered = sum(player.delivered for player in players)
    us = cpu / max(delivered, 1) * 1e6
    return Cost(name, str(shape), sent, delivered, expected, us, own / elapsed)


def connection(name: str, port: int, room: int) -> connect:
    """Connect to a room of a server."""
    protocols = [Subprotocol("roomwire.1")] if name == "relay" else None
    url = f"ws://127.0.0.1:{port}/r/room{room}"
    return connect(url, subprotocols=protocols, compression=None)


async def settle(players: Sequence[Player], expected: int) -> None:
    """Wait until all was delivered, or nothing more comes for a second."""
    before = -1
    while before != (now := sum(player.delivered for player in players)) < expected:
        before = now
        await asyncio.sleep(1)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
