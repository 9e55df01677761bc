"""What two workers cost beside one: `python -m tests.benchmarks.workers`.

It compares instructions in user space for each delivery, which valgrind counts: those of one worker
with so many rooms, and with twice as many, beside those of two workers with twice as many. CPU time
would say nothing here. A relay with time to spare makes more and smaller turns, so that a delivery
costs more in whatever has more cores. Under valgrind each worker is as busy as it can be.

It also says how evenly two workers are used, by their CPU time, without valgrind.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from clients.bench.gauge import Gauge
from clients.bench.load import Crowd, crowd
from clients.bench.measure import measure
from clients.bench.shape import Shape
from clients.bench.sockets.dialect import Dialect
from clients.bench.sockets.roomwire import Reliable
from tests.benchmarks.peer import ours
from tests.helpers.crew import names_at, pids
from tests.helpers.relay import RelayProcess, relay_process

ROOMS, PLAYERS, HZ = 2, 8, 10
SECONDS = 25.0
SETTLE = 60.0
BOUND = 1.05
"""What two workers may need for a delivery beside one."""
EVEN = Shape(rooms=100, players=8, hz=5)
EVEN_SECONDS, EVEN_WARM_UP, EVEN_ROUNDS = 6.0, 2.0, 5
START_SECONDS = 120.0

VALGRIND = ("valgrind", "--tool=callgrind", "--trace-children=yes", "--instr-atstart=no")
TOTAL = re.compile(r"^totals: (\d+)", re.MULTILINE)
NO_VALGRIND = (
    "valgrind is not here, so that instructions cannot be counted: `apt-get install valgrind` "
    "brings it on Debian and Ubuntu"
)


class Counted(NamedTuple):
    """What the workers of one relay did."""

    instructions: float
    """In user space, of all workers, for each delivery."""
    share: float
    """The busier worker's."""
    delivered: int


class Placed(Reliable):
    """Chooses names of rooms so that each of two workers has as many."""

    def __init__(self, base: str, rooms: int) -> None:
        super().__init__(base, capacity=64)
        halves = [islice(names_at(home), rooms // 2) for home in range(2)]
        self._names = [name for pair in zip(*halves, strict=True) for name in pair]

    def url(self, room: int) -> str:
        return f"{self.base}/r/{self._names[room]}"


def count(workers: int, rooms: int) -> Counted:
    """Count the instructions of a relay of its own, from the first message to the last one."""
    shape = Shape(rooms, PLAYERS, HZ)
    with _served(workers) as (relay, folder), _gathered(Placed(_base(relay), rooms), shape) as all_:
        serving = processes(relay, workers)
        for pid in serving:
            _control("--instr=on", pid)
        row = measure(all_, shape, seconds=SECONDS, warm_up=0.0, settle=SETTLE)
        for pid in serving:
            _control("--instr=off", pid)
            _control("--dump", pid)
        totals = [_total(folder, pid) for pid in serving]
    assert row.share == 1, f"only {row.share:.1%} arrived"
    return Counted(sum(totals) / row.delivered, max(totals) / sum(totals), row.delivered)


@contextmanager
def _served(workers: int) -> Iterator[tuple[RelayProcess, Path]]:
    with tempfile.TemporaryDirectory() as name:
        under = (*VALGRIND, f"--callgrind-out-file={name}/%p")
        options = ("--profile", "bench", "--workers", str(workers))
        with relay_process(*options, under=under) as relay:
            yield relay, Path(name)


@contextmanager
def _gathered(dialect: Dialect, shape: Shape) -> Iterator[Crowd]:
    with crowd(dialect, shape.rooms, shape.players) as gathered:
        yield gathered


def _control(what: str, pid: int) -> None:
    subprocess.run(["callgrind_control", what, str(pid)], check=True, capture_output=True)


def _total(folder: Path, pid: int) -> int:
    texts = [file.read_text() for file in folder.glob(f"{pid}*")]
    return sum(int(found[1]) for text in texts if (found := TOTAL.search(text)))


def evenness() -> float:
    """Return the busier worker's share of the CPU of two, with 100 rooms."""
    with relay_process("--profile", "bench", "--workers", "2") as relay:
        gauges = [Gauge(pid) for pid in processes(relay, 2)]
        with crowd(ours(_base(relay)), EVEN.rooms, EVEN.players) as gathered:
            before = [_cpu(gauge) for gauge in gauges]
            measure(gathered, EVEN, seconds=EVEN_SECONDS, warm_up=EVEN_WARM_UP)
            spent = [_cpu(gauge) - then for gauge, then in zip(gauges, before, strict=True)]
    return max(spent) / sum(spent)


def processes(relay: RelayProcess, workers: int) -> list[int]:
    """Return who serves: the workers, or the one process that there is."""
    if workers == 1:
        return [relay.process.pid]
    ends = time.monotonic() + START_SECONDS
    while len(found := pids(relay)) < workers:
        assert time.monotonic() < ends, relay.log
    return list(found.values())


def _base(relay: RelayProcess) -> str:
    return f"ws{relay.url.removeprefix('http')}"


def _cpu(gauge: Gauge) -> float:
    use = gauge.read()
    assert use is not None
    return use.cpu


def main() -> None:
    """Measure, and say whether the bound holds."""
    shares = sorted(evenness() for _ in range(EVEN_ROUNDS))
    print(f"{EVEN}: the busier of two workers has {shares[0]:.0%} to {shares[-1]:.0%} of their CPU")
    if shutil.which("valgrind") is None:
        sys.exit(NO_VALGRIND)
    os.nice(10)
    twos = count(2, 2 * ROOMS)
    print(f"two workers, {2 * ROOMS} rooms: {_said(twos)}; the busier has {twos.share:.1%}")
    worst = 0.0
    for rooms in (ROOMS, 2 * ROOMS):
        one = count(1, rooms)
        ratio = twos.instructions / one.instructions
        worst = max(worst, ratio)
        print(f"one worker, {rooms} rooms: {_said(one)}: two need x {ratio:.3f}", flush=True)
    if worst > BOUND:
        sys.exit(f"the bound is x {BOUND}")


def _said(counted: Counted) -> str:
    return f"{counted.instructions:,.0f} instructions for each of {counted.delivered:,} deliveries"


if __name__ == "__main__":
    main()
