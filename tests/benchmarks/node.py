"""What a relay does over NATS for a CPU second, and where its time goes.

python -m tests.benchmarks.node

One relay has all players, so nothing passes it by. The same load at a relay alone is beside it.
"""

from __future__ import annotations

import re
import signal
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

from clients.bench.gauge import Gauge
from clients.bench.load import crowd
from clients.bench.measure import measure
from clients.bench.shape import Shape
from tests.benchmarks.peer import ours
from tests.helpers.nats import nats_server
from tests.helpers.relay import RelayProcess, relay_process

SHAPES = (Shape(rooms=50, players=8, hz=10), Shape(rooms=10, players=32, hz=10))
SECONDS, WARM_UP = 5.0, 2.0
COUNTS = ("entries", "frames", "resent", "filled")


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run has shown."""

    us: float
    """CPU of the relay for each delivery."""
    per_cpu: dict[str, float]
    """How often each of `COUNTS` happened in a CPU second; nothing for a relay alone."""
    p50: float
    share: float

    def __str__(self) -> str:
        each = ", ".join(f"{count:,.0f} {name}" for name, count in self.per_cpu.items())
        return f"{self.us:.2f} us a delivery, p50 {self.p50:.1f} ms, {self.share:.1%} arrived" + (
            f"; in a CPU second {each}" if each else ""
        )


def run(shape: Shape, *options: str) -> Measured:
    """Put a load on a relay."""
    with relay_process("--profile", "bench", *options) as relay:
        return load(shape, relay)


def load(
    shape: Shape, relay: RelayProcess, around: Callable[[], object] = lambda: None
) -> Measured:
    """Args: around: called before the load, and after it."""
    gauge = Gauge(relay.process.pid)
    with crowd(ours(f"ws{relay.url.removeprefix('http')}"), shape.rooms, shape.players) as gathered:
        around()
        before, began = counts(relay), cpu(gauge)
        row = measure(gathered, shape, seconds=SECONDS, warm_up=WARM_UP, gauge=gauge)
        after, spent = counts(relay), cpu(gauge) - began
        around()
    assert row.us_per_delivery is not None
    assert row.latency is not None
    per_cpu = {name: (after[name] - before[name]) / spent for name in after}
    return Measured(row.us_per_delivery, per_cpu, row.latency.p50, row.share)


def counts(relay: RelayProcess) -> dict[str, float]:
    with urllib.request.urlopen(f"{relay.url}/metrics") as answer:
        text = answer.read().decode()
    found = re.findall(r"^roomwire_cluster_(\w+)_total ([\d.e+]+)$", text, re.M)
    return {name: float(value) for name, value in found if name in COUNTS}


def cpu(gauge: Gauge) -> float:
    use = gauge.read()
    assert use is not None
    return use.cpu


def profile(shape: Shape, *options: str) -> str:
    """Return what a profiler says of a relay under load."""
    options = ("--profile", "bench", *options)
    with relay_process(*options, module="tests.benchmarks.profiled", is_forked=False) as relay:
        load(shape, relay, lambda: relay.process.send_signal(signal.SIGUSR1))
        relay.end()
        return relay.log.partition("profile:")[2]


def main() -> None:
    for shape in SHAPES:
        print(f"{shape}, a relay alone: {run(shape)}", flush=True)
        with nats_server() as server:
            print(f"{shape}, over NATS: {run(shape, '--nats', server.url)}", flush=True)
    with nats_server() as server:
        print(f"profile:{profile(SHAPES[0], '--nats', server.url)}")


if __name__ == "__main__":
    main()
