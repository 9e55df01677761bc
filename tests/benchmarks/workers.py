"""What two workers cost beside one: `python -m tests.benchmarks.workers`.

It compares instructions in user space for each delivery (instructions.py): those of two workers
beside those of one, which has half as many rooms, or as many.

It also says how evenly two workers are used, by their CPU time, without valgrind.
"""

from __future__ import annotations

import argparse
import sys
import time
from itertools import islice
from typing import NamedTuple

from clients.bench.gauge import Gauge
from clients.bench.load import crowd
from clients.bench.measure import measure
from clients.bench.shape import Shape
from clients.bench.sockets.roomwire import Reliable
from tests.benchmarks.instructions import Counting, Rounds, counted, need_valgrind, play, served
from tests.benchmarks.peer import ours
from tests.helpers.crew import names_at, pids
from tests.helpers.relay import RelayProcess, relay_process

ROOMS, PLAYERS = 8, 8
ROUNDS = Rounds(50, PLAYERS)
IDLE_SECONDS = 8.0
BOUND = 1.05
"""What two workers may need for a delivery beside one."""
EVEN = Shape(rooms=100, players=8, hz=5)
EVEN_SECONDS, EVEN_WARM_UP = 6.0, 2.0
START_SECONDS = 120.0


class Spent(NamedTuple):
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


def count(workers: int, rooms: int) -> Spent:
    """Count the instructions of a relay of its own."""
    deliveries = 0

    def work() -> None:
        nonlocal deliveries
        deliveries = play(gathered, ROUNDS, serving)

    with served("--workers", str(workers)) as (relay, folder):
        serving = processes(relay, workers)
        with crowd(Placed(_base(relay), rooms), rooms, PLAYERS) as gathered:
            counting = [Counting(pid, folder) for pid in serving]
            for each in counting:
                each.begin()
            found = counted(counting, work, idle_seconds=IDLE_SECONDS)
    total = sum(found.instructions)
    return Spent(total / deliveries, max(found.instructions) / total, found.idle)


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


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.workers",
        description="What two workers cost beside one: the exit code is 1 beyond the bound. On a "
        "machine that does nothing else, --tries 1 --looks 1 says the same in a third of the time.",
    )
    parser.add_argument(
        "--tries",
        type=int,
        default=3,
        help="times that each is counted; the least counts: a machine that is busy only adds to it",
    )
    parser.add_argument(
        "--looks", type=int, default=5, help="times that it is seen how evenly workers are used"
    )
    return parser.parse_args()


def main() -> None:
    """Measure, and say whether the bound holds."""
    given = read_arguments()
    shares = sorted(evenness() for _ in range(given.looks))
    print(f"{EVEN}: the busier of two workers has {shares[0]:.0%} to {shares[-1]:.0%} of their CPU")
    need_valgrind()
    kinds = ((2, 2 * ROOMS), (1, ROOMS), (1, 2 * ROOMS))
    tries = [[count(*kind) for kind in kinds] for _ in range(given.tries)]
    two, *ones = (min(each) for each in zip(*tries, strict=True))
    print(f"two workers, {2 * ROOMS} rooms: {_said(two)}; the busier has {two.share:.1%}")
    for (_, rooms), one in zip(kinds[1:], ones, strict=True):
        ratio = two.instructions / one.instructions
        print(f"one worker, {rooms} rooms: {_said(one)}: two need x {ratio:.3f}")
    worst = two.instructions / min(one.instructions for one in ones)
    if worst > BOUND:
        sys.exit(f"the bound is x {BOUND}")


def _said(spent: Spent) -> str:
    idle = f"{spent.idle / 1e6:.2f} million a second at rest"
    return f"{spent.instructions:,.0f} instructions for each delivery, {idle}"


if __name__ == "__main__":
    main()
