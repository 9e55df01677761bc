"""What two workers cost beside one, under the same load: `python -m tests.benchmarks.workers`.

The load takes a core, too: on two cores it and the workers share them. So this compares the CPU of
a delivery. How many deliveries two workers bear can be seen only where there are more cores.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

from clients.bench.gauge import Gauge, Use
from clients.bench.load import crowd
from clients.bench.measure import measure
from clients.bench.shape import Shape
from tests.benchmarks.peer import ours
from tests.helpers.crew import pids
from tests.helpers.relay import RelayProcess, relay_process

SHAPE = Shape(rooms=100, players=8, hz=5)
SECONDS, WARM_UP = 6.0, 2.0
PAIRS = 5
START_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Measured:
    """One run."""

    us: float
    """CPU of all workers for each delivery."""
    share: float
    """The busiest worker's, of the CPU of all."""
    arrived: float
    """The share of all deliveries that came."""


class Gauges(Gauge):
    """Reads several processes as one."""

    def __init__(self, pids: list[int]) -> None:
        super().__init__(pids[0])
        self.each = [Gauge(pid) for pid in pids]

    def read(self) -> Use | None:
        found = [use for gauge in self.each if (use := gauge.read()) is not None]
        return Use(sum(use.cpu for use in found), sum(use.memory for use in found))


def run(workers: int) -> Measured:
    """Measure a relay of its own with so many workers."""
    options = ("--profile", "bench", "--workers", str(workers))
    with relay_process(*options) as relay:
        gauges = Gauges(processes(relay, workers))
        base = f"ws{relay.url.removeprefix('http')}"
        with crowd(ours(base), SHAPE.rooms, SHAPE.players) as gathered:
            before = [_cpu(gauge) for gauge in gauges.each]
            row = measure(gathered, SHAPE, seconds=SECONDS, warm_up=WARM_UP, gauge=gauges)
            spent = [_cpu(gauge) - then for gauge, then in zip(gauges.each, before, strict=True)]
    assert row.us_per_delivery is not None
    return Measured(row.us_per_delivery, max(spent) / sum(spent), row.share)


def processes(relay: RelayProcess, workers: int) -> list[int]:
    """Return who serves: the workers, or the one process that there is."""
    if workers == 1:
        return [relay.process.pid]
    ends = time.monotonic() + START_SECONDS
    while len(found := pids(relay)) < workers:
        assert time.monotonic() < ends, relay.log
    return list(found.values())


def _cpu(gauge: Gauge) -> float:
    use = gauge.read()
    assert use is not None
    return use.cpu


def main() -> None:
    """Measure in turn, so that a slow machine slows both alike."""
    ratios = []
    for number in range(1, PAIRS + 1):
        one, two = run(1), run(2)
        ratios.append(two.us / one.us)
        print(
            f"pair {number}: one worker {one.us:.2f} us a delivery, two {two.us:.2f} us; the busier"
            f" of two has {two.share:.0%}; {min(one.arrived, two.arrived):.1%} arrived",
            flush=True,
        )
    print(f"{SHAPE}: two workers cost x {statistics.median(ratios):.3f} a delivery (median)")


if __name__ == "__main__":
    main()
