"""The load itself, an open loop: messages go out when they are due, whatever becomes of the others.

Time is cut into slices. Each slice sends the messages that are due, and reads a few players, the
probes. Latency is measured at the probes alone; this generator adds at most two slices to it while
it keeps up. The other players are read in turn, a share of them in each slice, only to count their
messages. So the load needs no more than one core, even if the server uses another one fully.
"""

from __future__ import annotations

import contextlib
import gc
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from clients.bench.shape import Shape
from clients.bench.sockets.connection import Connection
from clients.bench.sockets.dialect import Dialect, Refused
from clients.bench.sockets.poll import Poll, poll
from clients.bench.sockets.reader import Reader
from clients.bench.sockets.stamps import STAMP, UNITS, Ages

SLICE = 0.001  # seconds
PROBES = 16
"""Players that are read in every slice. They are drawn at random."""

SHARES = 20
"""Slices in which all other players are read once."""

ENTERING = 64
"""Players who enter at the same time."""

ENTER_SECONDS = 10.0  # seconds for each of them
SETTLE_SECONDS = 1.0  # seconds without any delivery: messages that are missing then are lost


class Crowd:
    """Players in their rooms, in the order in which they send."""

    def __init__(self, dialect: Dialect, rooms: int, players: int) -> None:
        self.dialect = dialect
        self.connections: list[Connection] = []
        self.probes = poll()
        self.shares = [poll() for _ in range(SHARES)]
        seats = [room for room in range(rooms) for _ in range(players)]
        random.Random(rooms).shuffle(seats)  # so that a room's players do not send in a row
        self.seats = seats
        """The room of each of them."""
        self.seconds = 0.0
        """How long it took until all had entered."""
        self.gone = 0
        """Players whose connections were lost."""

    def enter(self) -> None:
        """Let all enter.

        Raises:
            OSError: nothing listens there.
            Refused: the server refuses one of them.
        """
        reader, start = Reader(self.dialect, STAMP.size), time.perf_counter()
        entering: set[Connection] = set()
        with contextlib.closing(poll()) as everybody:
            for room in self.seats:
                connection = Connection.to(self.dialect, room)
                self.connections.append(connection)
                everybody.add(connection)
                entering.add(connection)
                self._let_in(reader, everybody, entering, ENTERING - 1)
            self._let_in(reader, everybody, entering, 0)
        self.seconds = time.perf_counter() - start
        self._deal()

    def _deal(self) -> None:
        """Choose the probes at random: a server tells the first players of a room first, so they
        would be no fair probes."""
        order = list(self.connections)
        random.Random(len(order)).shuffle(order)
        for index, connection in enumerate(order):
            watch = self.probes if index < PROBES else self.shares[index % SHARES]
            watch.add(connection)

    def _let_in(
        self, reader: Reader, everybody: Poll, entering: set[Connection], rest: int
    ) -> None:
        """Read until at most `rest` of them have yet to enter."""
        ends = time.perf_counter() + ENTER_SECONDS
        while len(entering) > rest:
            for connection in everybody.ready(ENTER_SECONDS):
                self.read(reader, everybody, connection)
                reader.take()
                if connection.has_entered:
                    entering.discard(connection)
            if time.perf_counter() > ends:
                raise Refused(f"{len(entering)} players wait for more than {ENTER_SECONDS:g} s")

    def read(self, reader: Reader, watch: Poll, connection: Connection) -> bool:
        """Read a connection, and stop watching it if it is closed. Returns: as `Reader.read`."""
        is_time = reader.read(connection)
        if not connection.is_open:
            watch.remove(connection)
            if not connection.has_entered:
                raise Refused("the server hung up on a player who was entering")
            self.gone += 1
            if self.gone == len(self.connections):
                raise Refused("the server hung up on everybody")
        return is_time

    def close(self) -> None:
        for watch in (self.probes, *self.shares):
            watch.close()
        for connection in self.connections:
            connection.leave()


@contextlib.contextmanager
def crowd(dialect: Dialect, rooms: int, players: int) -> Iterator[Crowd]:
    """Let players enter; at the end all of them leave."""
    gathered = Crowd(dialect, rooms, players)
    try:
        gathered.enter()
        yield gathered
    finally:
        gathered.close()


@dataclass(frozen=True, slots=True)
class Outcome:
    """Counts of the messages that were sent in the measured part of a run."""

    delivered: int
    ages: Counter[int]
    """Messages that came to a probe, by their age in units."""
    sent: int
    lateness: Counter[int]
    """Messages that this generator sent, by how many units it was late."""
    lost_connections: int


class Load:
    """One run of a crowd under a shape of load."""

    def __init__(
        self,
        crowd: Crowd,
        shape: Shape,
        *,
        warm_up: float,
        seconds: float,
        settle: float,
    ) -> None:
        """Args: settle: most seconds to wait at the end for late messages."""
        self.crowd = crowd
        self.shape = shape
        self.reader = Reader(crowd.dialect, shape.size)
        self.ages = Ages(int(warm_up * UNITS), int((warm_up + seconds) * UNITS))
        self._most_settling = settle
        self._slices = 0
        self.lateness: Counter[int] = Counter()
        self.sent = self.measured = 0
        self._total = int(shape.sends * (warm_up + seconds))
        self._acknowledged = 0
        self._frames = bytearray(crowd.dialect.send(bytes(shape.size)))
        self._stamp_at = len(self._frames) - shape.size
        self._players = crowd.connections * 2  # so that a slice may run past the end
        self._origin = 0.0

    def run(self, on_slice: Sequence[Callable[[float], None]] = ()) -> Outcome:
        """Play. Each function of `on_slice` gets the seconds since the start, and must be quick.

        Raises:
            Refused: the server throws a player out, or says that the load is too much.
        """
        with _no_garbage_collection():
            self._origin = time.perf_counter()
            while self.sent < self._total or self._now() * UNITS < self.ages.last:
                self._slice(on_slice)
            self._settle(on_slice)
        delivered = self.ages.count()
        return Outcome(delivered, self.ages.counts, self.measured, self.lateness, self.crowd.gone)

    def _settle(self, on_slice: Sequence[Callable[[float], None]]) -> None:
        """Wait for messages that are still on their way."""
        ends = self._now() + self._most_settling
        before, since = -1, self._now()
        while not self._has_all() and (now := self._now()) < ends:
            if self.ages.arrived != before:
                before, since = self.ages.arrived, now
            if now - since > SETTLE_SECONDS:
                break
            self._slice(on_slice)

    def _has_all(self) -> bool:
        receivers = self.shape.players - 1
        # Messages of an earlier run may have arrived, too, so the measured ones are counted.
        return (
            self.ages.arrived >= self.sent * receivers
            and self.ages.count() >= self.measured * receivers
        )

    def _slice(self, on_slice: Sequence[Callable[[float], None]]) -> None:
        begin = self._now()
        self._send(begin)
        self._read(self.crowd.probes, are_probes=True)
        self._read(self.crowd.shares[self._slices % SHARES], are_probes=False)
        self._acknowledge(begin)
        for hear in on_slice:
            hear(begin)
        self._slices += 1
        time.sleep(max(0.0, begin + SLICE - self._now()))  # nothing is due before

    def _send(self, now: float) -> None:
        """Send what is due. Messages of one unit of time have one stamp.

        Each message is a write of its own, as with real players. Several in one write would save
        this process half of its time, and a server even more.
        """
        rate, turns, units = self.shape.sends, len(self._players) // 2, int(now * UNITS)
        due, alike = min(int(now * rate) + 1, self._total), max(int(rate / UNITS), 1)
        while self.sent < due:
            scheduled, turn = int(self.sent * UNITS / rate), self.sent % turns
            count = min(alike, turns, due - self.sent)
            STAMP.pack_into(self._frames, self._stamp_at, scheduled)
            for player in self._players[turn : turn + count]:
                player.write(self._frames)
            if scheduled >= self.ages.first:
                self.measured += count
                self.lateness[units - scheduled] += count
            self.sent += count

    def _read(self, watch: Poll, are_probes: bool) -> None:
        crowd, reader = self.crowd, self.reader
        for connection in watch.ready(0):
            if crowd.read(reader, watch, connection):
                self._take(are_probes)
        self._take(are_probes)

    def _take(self, are_probes: bool) -> None:
        if stamps := self.reader.take():
            self.ages.note(stamps, int(self._now() * UNITS) + 1 if are_probes else None)

    def _acknowledge(self, now: float) -> None:
        """Let each player acknowledge once a second, one after the other, and flush its writes."""
        players = self.crowd.connections
        due = int(now * len(players))
        for index in range(self._acknowledged, due):
            player = players[index % len(players)]
            player.flush()
            player.acknowledge()
        self._acknowledged = due

    def _now(self) -> float:
        return time.perf_counter() - self._origin


@contextlib.contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Turn the cyclic collector off: its pauses would count as latency. A run makes no cycles."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()
