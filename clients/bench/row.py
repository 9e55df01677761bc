"""One line of a report: a load, and its measurements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hdrh.histogram import HdrHistogram

from clients.bench.shape import Shape
from clients.bench.sockets.stamps import UNITS

LONGEST = 3600 * UNITS
SHARES = (50.0, 99.0, 99.9, 100.0)

LATE = 10.0  # ms: a load whose 99th percentile is later than this measures itself
BUSY = 0.8  # share of a core: a load that uses more measures itself


class Spread(NamedTuple):
    """Percentiles in milliseconds, and the longest time."""

    p50: float
    p99: float
    p999: float
    longest: float


def spread(units: Counter[int]) -> Spread | None:
    """Return the percentiles of times, counted in units; None if there are none."""
    if not units:
        return None
    histogram = HdrHistogram(1, LONGEST, 3)
    for value, count in units.items():
        histogram.record_value(min(max(value, 1), LONGEST), count)
    return Spread(*(histogram.get_value_at_percentile(share) * 1000 / UNITS for share in SHARES))


@dataclass(frozen=True, slots=True)
class Row:
    """A load and its measurements. CPU is in shares of a core."""

    shape: Shape
    kind: str
    seconds: float
    sent: int
    expected: int
    """Deliveries, if none were lost."""
    delivered: int
    lost_connections: int
    latency: Spread | None
    """The time from the scheduled moment of a message to its arrival at a probe."""
    lateness: Spread | None
    """How late this generator sent."""
    load_cpu: float
    server_cpu: float | None
    us_per_delivery: float | None
    """CPU of the server for each delivery, in microseconds."""

    @property
    def per_second(self) -> float:
        return self.delivered / self.seconds

    @property
    def share(self) -> float:
        return self.delivered / self.expected

    @property
    def is_honest(self) -> bool:
        """Whether the row measures the server, and not the load itself."""
        return self.load_cpu < BUSY and (self.lateness is None or self.lateness.p99 < LATE)

    def as_dict(self) -> dict[str, object]:
        """Return it for programs."""
        shape = self.shape
        return {
            "rooms": shape.rooms,
            "players": shape.players,
            "hz": shape.hz,
            "bytes": shape.size,
            "kind": self.kind,
            "seconds": self.seconds,
            "sent": self.sent,
            "expected": self.expected,
            "delivered": self.delivered,
            "deliveries_per_second": round(self.per_second, 1),
            "lost_connections": self.lost_connections,
            "latency_ms": self.latency and self.latency._asdict(),
            "lateness_ms": self.lateness and self.lateness._asdict(),
            "load_cpu": round(self.load_cpu, 3),
            "server_cpu": self.server_cpu and round(self.server_cpu, 3),
            "us_per_delivery": self.us_per_delivery and round(self.us_per_delivery, 2),
            "honest": self.is_honest,
        }


HEAD = (
    f"{'rooms x players x rate x payload':42}{'deliveries/s':>13}{'delivered':>10}"
    f"{'p50 ms':>8}{'p99 ms':>8}{'p99.9':>8}{'us each':>8}{'server':>7}{'load':>6}"
)


def table(rows: Sequence[Row]) -> str:
    """Return the rows as text, with a warning below if some of them are doubtful."""
    lines = [HEAD, *(_line(row) for row in rows)]
    if not all(row.is_honest for row in rows):
        lines.append(
            "* the load itself was late, or used more than "
            f"{BUSY:.0%} of a core: this row does not measure the server"
        )
    return "\n".join(lines)


def _line(row: Row) -> str:
    what = f"{row.shape} {row.kind}{'' if row.is_honest else ' *'}"
    times = row.latency[:3] if row.latency else (None, None, None)
    return (
        f"{what:42}{row.per_second:13,.0f}{row.share:10.2%}"
        + "".join(_number(each, 8) for each in (*times, row.us_per_delivery))
        + _percent(row.server_cpu, 7)
        + _percent(row.load_cpu, 6)
    )


def _number(value: float | None, width: int) -> str:
    return f"{'-':>{width}}" if value is None else f"{value:{width}.1f}"


def _percent(value: float | None, width: int) -> str:
    return f"{'-':>{width}}" if value is None else f"{value:{width}.0%}"
