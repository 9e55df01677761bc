"""Players beside a running load, who join late or stop reading."""

from __future__ import annotations

import math
import random
import time

from clients.bench.sockets import wire
from clients.bench.sockets.connection import Connection
from clients.bench.sockets.dialect import Dialect, Refused
from clients.bench.sockets.poll import poll
from clients.bench.sockets.reader import Reader
from clients.bench.sockets.roomwire import NOTHING_HEARD
from clients.bench.sockets.stamps import STAMP

BETWEEN = 0.1  # seconds from one late joiner to the next
RECEIVE_BUFFER = 4096
"""Bytes that the kernel buffers for a player who never reads."""

SIGN_OF_LIFE = 1.0  # seconds between two writes of a stuck player; after a cut a write fails
RETURN_SECONDS = 5.0  # most seconds until a stuck player returns, as with Roomwire's own clients


class Door:
    """Lets guests enter, without waiting for them."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._poll = poll()
        self._reader = Reader(dialect, STAMP.size)

    def knock(self, room: int, receive_buffer: int | None = None) -> Connection:
        """Begin to enter."""
        guest = Connection.to(self._dialect, room, receive_buffer)
        self._poll.add(guest)
        return guest

    def entered(self) -> list[Connection]:
        """Return the guests that have entered since the last call, and stop reading from them."""
        ready = self._poll.ready(0)
        for guest in ready:
            self._reader.read(guest)
            self._reader.take()
            if not guest.is_open:
                raise Refused("the server hung up on a guest who was entering")
        inside = [guest for guest in ready if guest.has_entered]
        for guest in inside:
            self._poll.remove(guest)
        return inside

    def close(self) -> None:
        self._poll.close()


class LateJoiners:
    """Guests that enter one after the other, each the next room. Each leaves once it is live."""

    def __init__(self, dialect: Dialect, rooms: int) -> None:
        self.seconds: list[float] = []
        """Seconds from the connect to LIVE, for each guest."""
        self._door = Door(dialect)
        self._rooms = rooms
        self._knocked = 0.0
        self._next = 0.0

    def look(self, now: float) -> None:
        """Do what is due; `now` is in seconds since the load began."""
        for guest in self._door.entered():
            self.seconds.append(time.perf_counter() - self._knocked)
            self._next = now + BETWEEN
            guest.leave()
        if now >= self._next:
            self._next = math.inf
            self._knocked = time.perf_counter()
            self._door.knock(len(self.seconds) % self._rooms)

    def close(self) -> None:
        self._door.close()


class StuckPlayers:
    """Players in each room that never read. Cut off, they come back and do the same."""

    def __init__(self, dialect: Dialect, rooms: int, each: int = 1) -> None:
        """Args: each: how many in every room."""
        self._door = Door(dialect)
        self._random = random.Random(rooms)
        self._stuck: list[tuple[int, Connection]] = []
        self._returning: list[tuple[float, int]] = [(0.0, room) for room in [*range(rooms)] * each]
        self._entering: dict[Connection, int] = {}
        self._next = 0.0
        self.cut_off = 0
        """How often the relay cut one of them off."""

    @property
    def are_inside(self) -> bool:
        return not self._entering and not self._returning

    def look(self, now: float) -> None:
        """Do what is due; `now` is in seconds since the load began."""
        for due, room in [each for each in self._returning if each[0] <= now]:
            self._returning.remove((due, room))
            self._entering[self._door.knock(room, RECEIVE_BUFFER)] = room
        if self._entering:
            for guest in self._door.entered():
                self._stuck.append((self._entering.pop(guest), guest))
        if now >= self._next:
            self._next = now + SIGN_OF_LIFE
            self._show_life(now)

    def _show_life(self, now: float) -> None:
        for room, guest in list(self._stuck):
            guest.write(wire.frame(wire.BINARY, NOTHING_HEARD))
            if not guest.is_open:
                self.cut_off += 1
                self._stuck.remove((room, guest))
                self._returning.append((now + self._random.uniform(0, RETURN_SECONDS), room))

    def close(self) -> None:
        self._door.close()
        for guest in [*self._entering, *(guest for _, guest in self._stuck)]:
            guest.leave()


def wait_until_inside(stuck: StuckPlayers, seconds: float) -> None:
    """Wait until all of them have entered.

    Raises:
        Refused: it took longer than `seconds`.
    """
    ends = time.monotonic() + seconds
    while not stuck.are_inside:
        stuck.look(0)
        if time.monotonic() > ends:
            raise Refused(f"players wait to enter for more than {seconds:g} s")
        time.sleep(0.001)
