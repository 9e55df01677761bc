"""What it costs that a connection comes to the wrong worker: CPU for each, both workers' together.

python -m tests.benchmarks.moving

The clients are in this process, too, but cost the same for a connection that stays.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from itertools import islice

import uvloop

from tests.benchmarks.micro import Ratio
from tests.helpers.crew import Colleague, colleagues, names_at

CONNECTIONS = 500
ROUNDS = 5
MANY_CONNECTIONS, MANY_ROUNDS = 100, 40
BOUND = 300.0
"""Microseconds of CPU that a hand-over may cost."""

UPGRADE = (
    "GET /r/{name} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


def row(connections: int = CONNECTIONS) -> Ratio:
    """Compare upgrades that move with such that stay."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        moving, staying = runner.run(_measure(connections))
    return Ratio("a WebSocket that moves to its worker", "one that stays", moving, staying)


async def _measure(connections: int) -> tuple[float, float]:
    rounds = await _rounds(connections, ROUNDS)
    moving, staying = (statistics.median(side) for side in zip(*rounds, strict=True))
    return moving, staying


async def _rounds(connections: int, count: int) -> list[tuple[float, float]]:
    """Return the microseconds for each upgrade that moves, and for each that stays."""
    # As strangers are, and not as loopback: with all limits.
    async with colleagues(limit_loopback=True, profile="bench") as (first, _):
        return [
            (await _upgrade(first, 1, connections), await _upgrade(first, 0, connections))
            for _ in range(count)
        ]


async def _upgrade(worker: Colleague, home: int, connections: int) -> float:
    """Return the microseconds of CPU for each upgrade, for rooms of one worker."""
    port = int(worker.url.rpartition(":")[2])
    began = time.process_time()
    for name in islice(names_at(home), connections):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(UPGRADE.format(name=name).encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101"), head
        writer.transport.abort()
    return (time.process_time() - began) / connections * 1e6


def main() -> None:
    """Measure many short rounds: what disturbs a machine for a while disturbs few of them."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        rounds = runner.run(_rounds(MANY_CONNECTIONS, MANY_ROUNDS))
    added = [moving - staying for moving, staying in rounds]
    low, middle, high = statistics.quantiles(added, n=4)
    stays = statistics.median(staying for _, staying in rounds)
    print(
        f"a hand-over adds {middle:.0f} us of CPU (quartiles {low:.0f} us and {high:.0f} us; the "
        f"bound is {BOUND:.0f} us) to the {stays:.0f} us that an upgrade and its client take"
    )


if __name__ == "__main__":
    main()
