"""Measures the log over NATS: `python -m tests.benchmarks.nats`.

Two nodes in one process, at different servers where there are three. A flood of entries shows how
many a CPU second publishes, and how many it also delivers. A calm pace shows how long an entry
takes from one node to the other.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvloop

from relay.cluster.log import Logged
from relay.cluster.nats.joining import Membership, joined
from relay.cluster.nats.layout import Layout
from relay.cluster.nats.options import Servers
from tests.helpers.nats import nats_cluster, nats_server, until

LAYOUT = Layout(streams=8)
ROOMS = [f"ROOM{number}" for number in range(50)]
PAYLOAD = 64  # bytes
FLOOD = 20_000
BATCH = 200  # entries of the flood between two waits for what was published before
STORED_SECONDS = 10.0  # after the flood, for its last entries
CALM = 2_000
PACE = 500  # entries a second
STAMP = 8  # bytes


@dataclass(frozen=True, slots=True)
class Measured:
    """What one set of servers did."""

    servers: str
    published: float
    """Entries that a CPU second of the client publishes, stored ones."""
    delivered: float
    """The same, where the client also hears each."""
    stored: float
    """Entries a second that are stored, by the clock."""
    p50: float
    p99: float
    """Milliseconds from publishing to delivery at the other node."""

    def __str__(self) -> str:
        return (
            f"{self.servers}: {self.published:,.0f} published per CPU second, "
            f"{self.delivered:,.0f} published and delivered, {self.stored:,.0f} stored per second, "
            f"p50 {self.p50:.2f} ms, p99 {self.p99:.2f} ms at {PACE}/s"
        )


@contextmanager
def r1() -> Iterator[tuple[str, ...]]:
    with nats_server() as server:
        yield (server.url, server.url)


@contextmanager
def r3() -> Iterator[tuple[str, ...]]:
    with nats_cluster() as servers:
        yield tuple(server.url for server in servers)


async def measure(name: str, urls: tuple[str, ...]) -> Measured:
    """Measure with servers that run."""
    async with (
        joined(Servers(urls[:1]), "one", LAYOUT) as one,
        joined(Servers(urls[1:2]), "two", LAYOUT) as two,
    ):
        await flood(one, "warm", FLOOD // 4)
        published, stored = await flood(one, "flood", FLOOD)
        for room in ROOMS:
            one.log.follow(room, lambda entry: None)
        delivered, _ = await flood(one, "heard", FLOOD)
        times = await calm(one, two)
    cuts = statistics.quantiles(times, n=100)
    return Measured(name, published, delivered, stored, cuts[49] * 1e3, cuts[98] * 1e3)


async def flood(node: Membership, word: str, count: int) -> tuple[float, float]:
    """Publish as fast as it is stored. Returns: entries per CPU second, and per second."""
    before = await entries_at(node)
    cpu, clock = time.process_time(), time.perf_counter()
    for number in range(count):
        room = ROOMS[number % len(ROOMS)]
        if number % BATCH:
            node.log.publish(room, f"{word} {number}", bytes(PAYLOAD))
        else:  # bounds what is on its way
            await node.log.publish_first(room, f"{word} {number}", bytes(PAYLOAD))
    async with asyncio.timeout(STORED_SECONDS):
        while await entries_at(node) < before + count:
            pass
    return count / (time.process_time() - cpu), count / (time.perf_counter() - clock)


async def entries_at(node: Membership) -> int:
    return sum([(await node.streams.look_at(name)).entries for name in LAYOUT.rooms])


async def calm(one: Membership, two: Membership) -> list[float]:
    """Publish at a pace. Returns: the seconds that each entry took to the other node."""
    times: list[float] = []

    def hear(entry: Logged) -> None:
        sent = int.from_bytes(entry.data[:STAMP], "big")
        if sent:
            times.append((time.perf_counter_ns() - sent) / 1e9)

    for room in ROOMS:
        two.log.follow(room, hear)
    await asyncio.sleep(1)
    began = time.perf_counter()
    for number in range(CALM):
        stamp = time.perf_counter_ns().to_bytes(STAMP, "big")
        one.log.publish(ROOMS[number % len(ROOMS)], f"calm {number}", stamp + bytes(PAYLOAD))
        await asyncio.sleep(max(0.0, began + (number + 1) / PACE - time.perf_counter()))
    await until(lambda: len(times) >= CALM * 0.99)
    return times


def main() -> None:
    """Measure one server, then three."""
    for name, servers in (("R1", r1), ("R3", r3)):
        with servers() as urls, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            print(runner.run(measure(name, urls)))


if __name__ == "__main__":
    main()
