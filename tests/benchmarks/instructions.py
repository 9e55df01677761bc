"""Counts instructions in user space, by valgrind, that relays take for what players say.

CPU time would say nothing where relays are compared: one that has time to spare makes more and
smaller turns, so that a delivery costs more. For the same reason all messages of a round wait when
a relay begins with it: they are sent while it stands still. So turns are alike, however busy the
machine is. What a relay does while nothing happens is counted for itself, and does not count.
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
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from clients.bench.load import Crowd
from clients.bench.sockets.connection import Connection
from clients.bench.sockets.poll import Poll, poll
from clients.bench.sockets.reader import Reader
from clients.bench.sockets.stamps import STAMP
from tests.helpers.relay import THIS_PYTHON, Python, RelayProcess, relay_process

SIZE = 64
"""Bytes of a payload."""
ACKNOWLEDGE_EVERY = 10  # of its own messages
STALL_SECONDS = 120.0  # without any delivery

VALGRIND = ("valgrind", "--tool=callgrind", "--trace-children=yes", "--instr-atstart=no")
TOTAL = re.compile(r"^totals: (\d+)", re.MULTILINE)
NO_VALGRIND = (
    "valgrind is not here, so that instructions cannot be counted: `apt-get install valgrind` "
    "brings it on Debian and Ubuntu"
)


class Rounds(NamedTuple):
    """What players of each room say before a relay has its turn, again and again."""

    many: int
    speakers: int
    """Players of each room, in turn."""
    frames: int = 1
    """Of each of them, in one piece."""


class Counted(NamedTuple):
    """What some processes have done, one by one."""

    instructions: list[float]
    """For the work alone."""
    idle: float
    """Of all, in a second in which nothing happens."""


def need_valgrind() -> None:
    """End, and say why, if there is none. Let others on this machine go first."""
    if shutil.which("valgrind") is None:
        sys.exit(NO_VALGRIND)
    os.nice(10)


@contextmanager
def served(*options: str, python: Python = THIS_PYTHON) -> Iterator[tuple[RelayProcess, Path]]:
    """Run a relay under valgrind. Yields: the relay, and the folder for its counts."""
    with tempfile.TemporaryDirectory() as name:
        under = (*VALGRIND, f"--callgrind-out-file={name}/%p")
        # Nobody answers pings while the load waits for valgrind.
        options = ("--profile", "bench", "--ping-seconds", "never", *options)
        with relay_process(*options, under=under, python=python) as relay:
            yield relay, Path(name)


class Counting:
    """Counts what one process does, from one `take` to the next."""

    def __init__(self, pid: int, folder: Path) -> None:
        self.pid = pid
        self._folder = folder
        self._parts = 0

    def begin(self) -> None:
        """Count from now on."""
        self._control("--instr=on")

    def end(self) -> None:
        """Let the process run faster again."""
        self._control("--instr=off")

    def take(self) -> int:
        """Return the instructions since the last call."""
        self._control("--dump")
        self._parts += 1
        found = TOTAL.search((self._folder / f"{self.pid}.{self._parts}").read_text())
        assert found, "valgrind has counted nothing"
        return int(found[1])

    def _control(self, what: str) -> None:
        subprocess.run(["callgrind_control", what, str(self.pid)], check=True, capture_output=True)


def counted(processes: list[Counting], work: Callable[[], None], *, idle_seconds: float) -> Counted:
    """Count what processes do while work is done, without what they would have done anyway."""
    idle, rest = _taken(processes, lambda: time.sleep(idle_seconds))
    busy, seconds = _taken(processes, work)
    alone = [all_ - each * seconds / rest for all_, each in zip(busy, idle, strict=True)]
    return Counted(alone, sum(idle) / rest)


def _taken(processes: list[Counting], work: Callable[[], None]) -> tuple[list[int], float]:
    """Return the instructions of each while work is done, and the seconds that it took."""
    for each in processes:
        each.take()
    began = time.monotonic()
    work()
    seconds = time.monotonic() - began
    return [each.take() for each in processes], seconds


def play(gathered: Crowd, rounds: Rounds, pids: list[int]) -> int:
    """Let players speak, and all hear it, round by round. Returns: the deliveries."""
    return sum(each_round(gathered, rounds, pids))


def each_round(gathered: Crowd, rounds: Rounds, pids: list[int]) -> Iterator[int]:
    """Play one more round each time. Yields: its deliveries."""
    frames = gathered.dialect.send(bytes(SIZE)) * rounds.frames
    rooms = by_room(gathered)
    deliveries = sum(len(room) - 1 for room in rooms) * rounds.speakers * rounds.frames
    with closing(poll()) as everybody:
        for connection in gathered.connections:
            everybody.add(connection)
        for number in range(rounds.many):
            with _frozen(pids):
                for speaker in _in_turn(rooms, number, rounds.speakers):
                    speaker.write(frames)
                for connection in _due(gathered.connections, number, rounds.speakers * len(rooms)):
                    connection.acknowledge()
            _hear(gathered, everybody, deliveries)
            yield deliveries


def by_room(gathered: Crowd) -> list[list[Connection]]:
    """Return the players of each room."""
    found: defaultdict[int, list[Connection]] = defaultdict(list)
    for room, connection in zip(gathered.seats, gathered.connections, strict=True):
        found[room].append(connection)
    return list(found.values())


def _in_turn(rooms: list[list[Connection]], number: int, many: int) -> Iterator[Connection]:
    for turn in range(number * many, (number + 1) * many):
        for room in rooms:
            yield room[turn % len(room)]


def _due(connections: list[Connection], number: int, speakers: int) -> Iterator[Connection]:
    """Yield who acknowledges what it has heard."""
    begin, end = (each * speakers // ACKNOWLEDGE_EVERY for each in (number, number + 1))
    return (connections[turn % len(connections)] for turn in range(begin, end))


@contextmanager
def _frozen(pids: list[int]) -> Iterator[None]:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    yield
    for pid in pids:
        os.kill(pid, signal.SIGCONT)


def _hear(gathered: Crowd, everybody: Poll, wanted: int) -> None:
    """Read until so many deliveries have come."""
    reader = Reader(gathered.dialect, SIZE)
    while wanted:
        ready = everybody.ready(STALL_SECONDS)
        assert ready, f"{wanted} deliveries do not come"
        for connection in ready:
            gathered.read(reader, everybody, connection)
            wanted -= len(reader.take()) // STAMP.size
