"""Measures how players who stopped reading affect the others and the relay's memory.

Runs come in pairs, one without stuck players and one with them. So a slow machine slows both sides
of a pair alike.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from clients.bench.gauge import Gauge
from clients.bench.guests import StuckPlayers, wait_until_inside
from clients.bench.load import crowd
from clients.bench.measure import measure
from clients.bench.shape import Shape
from clients.bench.sockets.roomwire import Reliable
from tests.benchmarks.peer import OURS, running

SHAPE = Shape(rooms=20, players=5, hz=20, size=512)
STUCK = 5
"""Stuck players in each room."""

SECONDS = 8.0
ENTER_SECONDS = 20.0
LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Side:
    """One run. Latencies are in milliseconds, from when a message was due to its receipt."""

    p50: float
    p99: float
    delivered: float
    """The delivered share of the healthy players' messages."""
    grown: float
    """MiB by which the relay's memory grew, from before the stuck players to its highest."""
    grown_late: float
    """The part of it in the second half. It shows whether memory keeps growing with time."""
    load_cpu: float


class Memory:
    """The highest memory of each half of a run."""

    def __init__(self, gauge: Gauge) -> None:
        self._gauge = gauge
        self._next = 0.0
        self.before = self._now()
        self.peaks = [self.before, self.before]

    def look(self, now: float) -> None:
        """Read the memory ten times a second; `now` is in seconds since the load began."""
        if now >= self._next:
            self._next = now + LOOK_SECONDS
            half = 0 if now < SECONDS / 2 else 1
            self.peaks[half] = max(self.peaks[half], self._now())

    def _now(self) -> float:
        use = self._gauge.read()
        assert use is not None
        return use.memory / 2**20


def run(with_stuck: bool, seconds: float = SECONDS) -> Side:
    """Measure one side of a pair."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(running(OURS))
        speak = Reliable(server.base, SHAPE.players + STUCK)
        healthy = stack.enter_context(crowd(speak, SHAPE.rooms, SHAPE.players))
        memory = Memory(server.gauge)
        looks = [memory.look]
        if with_stuck:
            stuck = StuckPlayers(speak, SHAPE.rooms, each=STUCK)
            stack.enter_context(contextlib.closing(stuck))
            wait_until_inside(stuck, ENTER_SECONDS)
            looks.append(stuck.look)
        row = measure(healthy, SHAPE, seconds=seconds, beside=looks)
    assert row.latency is not None
    return Side(
        p50=row.latency.p50,
        p99=row.latency.p99,
        delivered=row.share,
        grown=max(memory.peaks) - memory.before,
        grown_late=max(memory.peaks) - memory.peaks[0],
        load_cpu=row.load_cpu,
    )
