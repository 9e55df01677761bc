"""One server with one crowd, which both stay from load to load as long as the server bears them."""

from __future__ import annotations

import contextlib
import time
from types import TracebackType

import psutil

from clients.bench.load import Crowd, crowd
from clients.bench.measure import measure
from clients.bench.row import BUSY, Row
from clients.bench.shape import Shape
from clients.bench.sockets.dialect import Refused
from tests.benchmarks.peer import Peer, Running, running

WARM_UP, SECONDS = 1.5, 2.5
SETTLE_SECONDS = 2.0  # seconds: a message that is later than this is of no use
TRIES = 3
QUIET_SECONDS = 5.0  # most seconds to wait for others on this machine
QUIET = 15.0  # percent of all cores
P99_MS = 50.0
"""The bound of a p99: one tick of a game of 20 Hz."""


class Stage:
    """Loads on one kind of server."""

    def __init__(self, peer: Peer, rooms: int, players: int) -> None:
        self.peer = peer
        self.rooms = rooms
        self.players = players
        self._open: contextlib.ExitStack | None = None
        self._server: Running
        self._crowd: Crowd

    def __enter__(self) -> Stage:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._strike()

    def row(self, hz: float, seconds: float = SECONDS) -> Row | None:
        """Measure one load. Try again if others on this machine disturbed it.

        Returns: the row; None if the server threw somebody out.
        """
        shape = Shape(self.rooms, self.players, hz)
        row = self._try(shape, seconds)
        for _ in range(TRIES - 1):
            if row is None or row.is_honest or (holds(row) and row.load_cpu < BUSY):
                break
            wait_for_quiet()
            row = self._try(shape, seconds)
        return row

    def _try(self, shape: Shape, seconds: float) -> Row | None:
        try:
            self._set()
            row = measure(
                self._crowd,
                shape,
                seconds=seconds,
                warm_up=WARM_UP,
                settle=SETTLE_SECONDS,
                kind=self.peer.name,
                gauge=self._server.gauge,
            )
        except (Refused, OSError):
            self._strike()
            return None
        if not holds(row):
            self._strike()  # late messages would disturb the next load
        return row

    def _set(self) -> None:
        if self._open is None:
            with contextlib.ExitStack() as opening:
                self._server = opening.enter_context(running(self.peer))
                speak = self.peer.speak(self._server.base)
                self._crowd = opening.enter_context(crowd(speak, self.rooms, self.players))
                self._open = opening.pop_all()

    def _strike(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


def wait_for_quiet() -> None:
    """Wait until others on this machine are quiet, for at most QUIET_SECONDS."""
    ends = time.monotonic() + QUIET_SECONDS
    while time.monotonic() < ends and psutil.cpu_percent(0.5) > QUIET:
        pass


def holds(row: Row) -> bool:
    """Say whether a server bears a load: nothing lost, nothing doubled, nothing late."""
    return (
        row.delivered == row.expected
        and row.lost_connections == 0
        and row.latency is not None
        and row.latency.p99 < P99_MS
    )
