"""What it costs that somebody watches a room: the relay's CPU for each delivery, with and without.

python -m tests.benchmarks.watched

`relay watch ROOM --json` runs beside every other load. Loads come in pairs, on one crowd. So a slow
machine slows both sides of a pair alike.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial

from clients.bench.load import Crowd, crowd
from clients.bench.measure import measure
from clients.bench.shape import Shape
from clients.bench.sockets.roomwire import Reliable
from protocol import fast_path
from relay.inspect.watched_audience import WatchedAudience
from relay.inspect.watcher import Wanted, Watcher
from relay.room.room import Room
from tests.benchmarks.micro import PAYLOAD, Ratio, compare, room_of
from tests.benchmarks.peer import LOAD_CORE, OURS, Running, pin, running

SHAPES = (Shape(1, 20, 250), Shape(1, 64, 20), Shape(10, 64, 20), Shape(50, 8, 10))
"""Loads of which one room is watched."""
PAIRS = 5
SECONDS = 3.0
BOUND = 1.15
"""How many times as much a delivery may cost."""


def in_process(players: int = 20, frames: int = 500) -> Ratio:
    """Compare the frames of a tenth of a second, with and without somebody who watches.

    Nothing of it is sent or received, which costs a relay most. So it is more than in a relay.
    """
    plain, watched = room_of(players), room_of(players)
    audience = WatchedAudience(watched.audience, lambda: int(time.monotonic() * 1e6))
    watcher = Watcher(Wanted())
    audience.takers.append(watcher.take)
    watched.audience = audience
    entry = (1, None, fast_path.tail(PAYLOAD))

    def turns(room: Room) -> None:
        for _ in range(frames):
            room.apply(entry)
            room.audience.fan_out.flush()

    def ours() -> None:
        turns(watched)
        audience.hand_out()
        ",".join(watcher.frames(watched.groups.by_set())).encode()

    what = f"{frames} frames of a room of {players}, watched"
    return compare(what, ours, "nobody watches", lambda: turns(plain), 40)


def rows(pairs: int = PAIRS, seconds: float = SECONDS) -> list[Ratio]:
    """Compare each load with itself, watched."""
    return [_row(shape, pairs, seconds) for shape in SHAPES]


def _row(shape: Shape, pairs: int, seconds: float) -> Ratio:
    with running(OURS) as server:
        speak = Reliable(server.base, shape.players)
        with crowd(speak, shape.rooms, shape.players) as players:
            cost = partial(_cost, server, players, shape, seconds)
            found = [(cost(speak.url(0)), cost(None)) for _ in range(pairs)]
    # The median pair of ratios, and not the ratio of medians: it is drawn from one moment.
    ours, theirs = sorted(found, key=lambda pair: pair[0] / pair[1])[len(found) // 2]
    return Ratio(f"a delivery, {shape}, a room watched", "nobody watches", ours, theirs)


def _cost(
    server: Running, players: Crowd, shape: Shape, seconds: float, watched: str | None
) -> float:
    """Return microseconds of the relay's CPU for each delivery."""
    with contextlib.nullcontext() if watched is None else _watched(server, watched):
        row = measure(players, shape, seconds=seconds, warm_up=1.0, gauge=server.gauge)
    assert row.delivered == row.expected, row
    assert row.us_per_delivery is not None
    return row.us_per_delivery


@contextlib.contextmanager
def _watched(server: Running, link: str) -> Iterator[None]:
    """Have a room watched. It is once the first line is there."""
    room, url = link.rpartition("/")[2], server.base.replace("ws", "http", 1)
    command = [sys.executable, "-m", "relay", "watch", room, "--json", "--url", url]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        pin(process.pid, LOAD_CORE)
        assert process.stdout is not None
        assert b'"room"' in process.stdout.readline()
        drain = subprocess.Popen(["cat"], stdin=process.stdout, stdout=subprocess.DEVNULL)
        try:
            yield
        finally:
            process.terminate()
            drain.wait()


def main() -> None:
    for row in (in_process(), *rows()):
        over = f"  over {BOUND}" if row.ratio > BOUND else ""
        print(f"{row.what:50} {row.ours:8.2f} {row.theirs:8.2f} {row.ratio:6.3f}{over}")


if __name__ == "__main__":
    main()
