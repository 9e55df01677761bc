"""Measures a return over a gap: the time to connect, resume, hear what was missed, and be live."""

from __future__ import annotations

import contextlib
import os
import time

from clients.bench.sockets import wire
from clients.bench.sockets.connection import Connection
from clients.bench.sockets.dialect import Entering, Refused
from clients.bench.sockets.poll import poll
from clients.bench.sockets.reader import Reader
from clients.bench.sockets.roomwire import Reliable, say_hello
from clients.bench.sockets.stamps import unpack
from protocol.codec import Role, decode, encode
from protocol.frames import HelloOptions, Live, Send, Welcome
from protocol.limits import SEAT_BYTES

GAP = 1000
"""Frames that are missed."""

PATIENCE = 30.0  # seconds for each step


class Returner(Reliable):
    """A player that remembers its position when it comes back."""

    def __init__(self, base: str, run: str) -> None:
        super().__init__(base, capacity=2)
        self.run = run
        self.seat = os.urandom(SEAT_BYTES)
        self.position: tuple[bytes, int] | None = None

    def enter(self, room: int) -> Entering:
        epoch = b""
        hello = say_hello(HelloOptions(seat=self.seat, position=self.position))
        answer = next(hello)
        while True:
            message = yield answer
            match decode(message, Role.RELAY):
                case Welcome(session=session):
                    epoch = session.epoch
                case Live(seq=seq):
                    self.position = (epoch, seq)
                    return b""
            answer = hello.send(message)


def time_return(base: str, size: int, gap: int = GAP) -> float:
    """Return the seconds from the connect until the gap is closed and the stream is live.

    Raises:
        OSError: nothing listens there.
        Refused: the relay refuses a player, or the gap takes too long.
    """
    keeper = Reliable(base, capacity=2)
    returner = Returner(base, keeper.run)
    staying, leaving = Connection.to(keeper, 0), Connection.to(returner, 0)
    try:
        _pump(staying, size)
        _pump(leaving, size)
        leaving.close()
        message = wire.frame(wire.BINARY, encode(Send(True, bytes(size))))
        staying.write(message * gap)
        _pump(staying, size, gap)
        start = time.perf_counter()
        leaving = Connection.to(returner, 0)
        _pump(leaving, size, gap)
        return time.perf_counter() - start
    finally:
        staying.leave()
        leaving.leave()


def _pump(connection: Connection, size: int, deliveries: int = 0) -> None:
    """Read one connection until it has entered and this many deliveries have come."""
    reader, count = Reader(connection.dialect, size), 0
    ends = time.monotonic() + PATIENCE
    with contextlib.closing(poll()) as polled:
        polled.add(connection)
        while count < deliveries or not connection.has_entered:
            connection.flush()
            if polled.ready(0.01):
                reader.read(connection)
                count += len(unpack(reader.take()))
            if not connection.is_open:
                raise Refused("the server hung up on a player who came back")
            if time.monotonic() > ends:
                raise Refused(f"a gap of {GAP:,} frames takes longer than {PATIENCE:g} s")
    if count > deliveries:
        raise Refused(f"the server delivers {count:,} frames where there were {deliveries:,}")
