"""Measures one load on one crowd, and the CPU of both sides."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from clients.bench.gauge import Gauge
from clients.bench.load import Crowd, Load
from clients.bench.row import Row, spread
from clients.bench.shape import Shape

WARM_UP = 2.0  # seconds
SETTLE = 10.0  # seconds after which a late message counts as lost

Say = Callable[[str], None]
"""Takes a line of progress."""


def silent(line: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The counts at one moment of a run."""

    at: float
    arrived: int
    own_cpu: float
    server_cpu: float | None


class Meter:
    """Samples a running load once a second."""

    def __init__(self, load: Load, gauge: Gauge | None, warm_up: float, seconds: float, say: Say):
        self._load = load
        self._gauge = gauge
        self._say = say
        self._begin, self._end = warm_up, warm_up + seconds
        self._next = 0.0
        self._last: Mark | None = None
        self.first: Mark | None = None
        self.final: Mark | None = None

    def look(self, now: float) -> None:
        """Called in each slice, `now` seconds after the start. Most calls do nothing."""
        if now < self._next or self.final is not None:
            return
        mark = self.mark(now)
        if self._last is not None:
            self._say(_describe(self._last, mark, self.first is None))
        if self.first is None and now >= self._begin:
            self.first = mark
        if now >= self._end:
            self.final = mark
        self._last = mark
        edges = [edge for edge in (self._begin, self._end) if edge > now]
        self._next = min(now + 1, *edges) if edges else now + 1

    def mark(self, now: float) -> Mark:
        """Return the counts of this moment."""
        use = self._gauge.read() if self._gauge else None
        return Mark(now, self._load.ages.arrived, time.process_time(), use and use.cpu)


def _describe(before: Mark, now: Mark, is_warm_up: bool) -> str:
    span = max(now.at - before.at, 1e-9)
    rate, own = (now.arrived - before.arrived) / span, (now.own_cpu - before.own_cpu) / span
    line = f"{now.at:5.1f} s  {rate:11,.0f} deliveries/s  load {own:4.0%}"
    if now.server_cpu is not None and before.server_cpu is not None:
        line += f"  server {(now.server_cpu - before.server_cpu) / span:4.0%}"
    return f"{line}  (warm-up)" if is_warm_up else line


def measure(
    crowd: Crowd,
    shape: Shape,
    *,
    seconds: float,
    kind: str = "",
    gauge: Gauge | None = None,
    warm_up: float = WARM_UP,
    settle: float = SETTLE,
    beside: Sequence[Callable[[float], None]] = (),
    say: Say = silent,
) -> Row:
    """Put a load on a server for `warm_up` and then for `seconds` that count.

    Args:
        gauge: of the server's process, if it is known.
        settle: most seconds to wait at the end for late messages.
        beside: functions to call in each slice with the seconds since the start. They must be
            quick.

    Raises:
        Refused: the server throws a player out, or says that the load is too much.
    """
    load = Load(crowd, shape, warm_up=warm_up, seconds=seconds, settle=settle)
    meter = Meter(load, gauge, warm_up, seconds, say)
    outcome = load.run((meter.look, *beside))
    final = meter.final or meter.mark(warm_up + seconds)
    costs = _costs(meter.first or final, final)
    return Row(
        shape=shape,
        kind=kind,
        seconds=seconds,
        sent=outcome.sent,
        expected=outcome.sent * (shape.players - 1),
        delivered=outcome.delivered,
        lost_connections=outcome.lost_connections,
        latency=spread(outcome.ages),
        lateness=spread(outcome.lateness),
        load_cpu=costs.load_cpu,
        server_cpu=costs.server_cpu,
        us_per_delivery=costs.us_per_delivery,
    )


class Costs(NamedTuple):
    """CPU between two marks, in shares of a core."""

    load_cpu: float
    server_cpu: float | None
    us_per_delivery: float | None


def _costs(first: Mark, final: Mark) -> Costs:
    span, arrived = max(final.at - first.at, 1e-9), final.arrived - first.arrived
    load = (final.own_cpu - first.own_cpu) / span
    if first.server_cpu is None or final.server_cpu is None:
        return Costs(load, None, None)
    server = final.server_cpu - first.server_cpu
    return Costs(load, server / span, server * 1e6 / arrived if arrived else None)
