"""What two workers cost beside one: `python -m tests.benchmarks.workers`.

It compares instructions in user space for each delivery, which valgrind counts: those of two
workers beside those of one, which has half as many rooms, or as many. CPU time would say nothing
here: a relay that has time to spare makes more and smaller turns, so that a delivery costs more.

For the same reason all messages of a round wait when a worker begins with it: they are sent while
it stands still. So turns are alike, however busy the machine is. What a worker does while nothing
happens is counted for itself, and does not count.

It also says how evenly two workers are used, by their CPU time, without valgrind.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from clients.bench.gauge import Gauge
from clients.bench.load import Crowd, crowd
from clients.bench.measure import measure
from clients.bench.shape import Shape
from clients.bench.sockets.poll import Poll, poll
from clients.bench.sockets.reader import Reader
from clients.bench.sockets.roomwire import Reliable
from clients.bench.sockets.stamps import STAMP
from tests.benchmarks.peer import ours
from tests.helpers.crew import names_at, pids
from tests.helpers.relay import RelayProcess, relay_process

ROOMS, PLAYERS, ROUNDS = 8, 8, 50
ACKNOWLEDGE_EVERY = 10  # rounds
TRIES = 3
"""Times that each is counted. The least counts: a machine that is busy only adds to it."""
IDLE_SECONDS = 8.0
STALL_SECONDS = 120.0  # without any delivery
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
    idle: float
    """Of all workers, in a second in which nothing happens."""


class Placed(Reliable):
    """Chooses names of rooms so that each of two workers has as many."""

    def __init__(self, base: str, rooms: int) -> None:
        super().__init__(base, capacity=64)
        halves = [islice(names_at(home), rooms // 2) for home in range(2)]
        self._names = [name for pair in zip(*halves, strict=True) for name in pair]

    def url(self, room: int) -> str:
        return f"{self.base}/r/{self._names[room]}"


def count(workers: int, rooms: int) -> Counted:
    """Count the instructions of a relay of its own."""
    with _served(workers) as (relay, folder):
        serving = processes(relay, workers)
        with crowd(Placed(_base(relay), rooms), rooms, PLAYERS) as gathered:
            served = [Counting(pid, folder) for pid in serving]
            idle, idle_seconds = _counted(served, lambda: time.sleep(IDLE_SECONDS))
            busy, seconds = _counted(served, lambda: play(gathered, serving))
    spent = [all_ - rest * seconds / idle_seconds for all_, rest in zip(busy, idle, strict=True)]
    deliveries = rooms * PLAYERS * (PLAYERS - 1) * ROUNDS
    return Counted(sum(spent) / deliveries, max(spent) / sum(spent), sum(idle) / idle_seconds)


@contextmanager
def _served(workers: int) -> Iterator[tuple[RelayProcess, Path]]:
    with tempfile.TemporaryDirectory() as name:
        under = (*VALGRIND, f"--callgrind-out-file={name}/%p")
        # Nobody answers pings while the load waits for valgrind.
        options = ("--profile", "bench", "--workers", str(workers), "--ping-seconds", "never")
        with relay_process(*options, under=under) as relay:
            yield relay, Path(name)


class Counting:
    """Counts what one process does, from one `take` to the next."""

    def __init__(self, pid: int, folder: Path) -> None:
        self.pid = pid
        self._folder = folder
        self._parts = 0
        self._control("--instr=on")

    def take(self) -> int:
        """Return the instructions since the last call."""
        self._control("--dump")
        self._parts += 1
        found = TOTAL.search((self._folder / f"{self.pid}.{self._parts}").read_text())
        assert found, "valgrind has counted nothing"
        return int(found[1])

    def _control(self, what: str) -> None:
        subprocess.run(["callgrind_control", what, str(self.pid)], check=True, capture_output=True)


def _counted(served: list[Counting], work: Callable[[], None]) -> tuple[list[int], float]:
    """Return the instructions of each while work is done, and the seconds that it took."""
    for each in served:
        each.take()
    began = time.monotonic()
    work()
    seconds = time.monotonic() - began
    return [each.take() for each in served], seconds


def play(gathered: Crowd, pids: list[int]) -> None:
    """Let each player say something, and all hear it, round by round."""
    frame = gathered.dialect.send(bytes(STAMP.size))
    listeners = PLAYERS - 1
    with closing(poll()) as everybody:
        for connection in gathered.connections:
            everybody.add(connection)
        for number in range(ROUNDS):
            with _frozen(pids):
                for connection in gathered.connections:
                    connection.write(frame)
                    if number % ACKNOWLEDGE_EVERY == 0:
                        connection.acknowledge()
            _hear(gathered, everybody, listeners * len(gathered.connections))


@contextmanager
def _frozen(pids: list[int]) -> Iterator[None]:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    yield
    for pid in pids:
        os.kill(pid, signal.SIGCONT)


def _hear(gathered: Crowd, everybody: Poll, wanted: int) -> None:
    """Read until so many deliveries have come."""
    reader = Reader(gathered.dialect, STAMP.size)
    while wanted:
        ready = everybody.ready(STALL_SECONDS)
        assert ready, f"{wanted} deliveries do not come"
        for connection in ready:
            gathered.read(reader, everybody, connection)
            wanted -= len(reader.take()) // STAMP.size


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
    kinds = ((2, 2 * ROOMS), (1, ROOMS), (1, 2 * ROOMS))
    tries = [[count(*kind) for kind in kinds] for _ in range(TRIES)]
    two, *ones = (min(each) for each in zip(*tries, strict=True))
    print(f"two workers, {2 * ROOMS} rooms: {_said(two)}; the busier has {two.share:.1%}")
    for (_, rooms), one in zip(kinds[1:], ones, strict=True):
        ratio = two.instructions / one.instructions
        print(f"one worker, {rooms} rooms: {_said(one)}: two need x {ratio:.3f}")
    worst = two.instructions / min(one.instructions for one in ones)
    if worst > BOUND:
        sys.exit(f"the bound is x {BOUND}")


def _said(counted: Counted) -> str:
    idle = f"{counted.idle / 1e6:.2f} million a second at rest"
    return f"{counted.instructions:,.0f} instructions for each delivery, {idle}"


if __name__ == "__main__":
    main()
