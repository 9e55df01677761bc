"""Neighbours: players who must not notice an attack. They measure how late they hear each other."""

from __future__ import annotations

import asyncio
import heapq
import struct
import time
from dataclasses import dataclass
from typing import TypeVar

from tests.attack import seat
from tests.attack.seat import DELIVER, Seat

R = TypeVar("R")

STAMP = struct.Struct(">d")
SETTLE_SECONDS = 20.0
"""Seconds after which a missing message counts as lost. A late one counts as late."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """The result of one `listen`. Latencies are in milliseconds."""

    p50: float
    p99: float
    worst: float
    lost: int
    """Deliveries that did not come."""


class Neighbours:
    """Players in rooms of their own, or in an attacker's rooms."""

    def __init__(self, rooms: list[list[Seat]], speakers: int, hz: float, size: int) -> None:
        """Args: speakers: in each room. size: bytes of a payload."""
        self._rooms = rooms
        self._speakers = [(one, len(room) - 1) for room in rooms for one in room[:speakers]]
        self._hz = hz
        self._filler = bytes(size - STAMP.size)
        self._latencies: list[float] = []
        for room in rooms:
            for one in room:
                one.on_message = self._hear

    async def listen(self, seconds: float, during: asyncio.Future[R] | None = None) -> Hearing:
        """Play for this long, on a schedule that a slow relay does not slow down.

        Args: during: an attack. The players go on until it is over.
        """
        self._latencies.clear()
        expected = 0
        start = time.perf_counter()
        many = len(self._speakers)
        due = [(start + turn / many / self._hz, turn) for turn in range(many)]
        while (when := due[0][0]) < start + seconds or not (during is None or during.done()):
            if (wait := when - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            speaker, hearers = self._speakers[due[0][1]]
            speaker.say(self._message(when))
            expected += hearers
            heapq.heapreplace(due, (when + 1 / self._hz, due[0][1]))
        await self._settle(expected)
        heard = sorted(self._latencies)
        assert heard, "the neighbours heard nothing at all"
        p50, p99 = (heard[int(len(heard) * share)] for share in (0.5, 0.99))
        return Hearing(p50, p99, heard[-1], expected - len(heard))

    async def end(self) -> None:
        """Drop all connections, so that a relay that ends need not wait for them."""
        everybody = [one for room in self._rooms for one in room]
        for one in everybody:
            one.abort()
        await asyncio.gather(*(one.ended for one in everybody))

    async def _settle(self, expected: int) -> None:
        until = time.perf_counter() + SETTLE_SECONDS
        while len(self._latencies) < expected and time.perf_counter() < until:  # noqa: ASYNC110 - a loss sets no event
            await asyncio.sleep(0.01)

    def _message(self, stamp: float) -> bytes:
        body = STAMP.pack(stamp) + self._filler
        return b"\x93\x10\xc0\xc5" + len(body).to_bytes(2) + body

    def _hear(self, message: bytes) -> None:
        if message[1] == DELIVER and len(message) > len(self._filler) + STAMP.size:
            (sent,) = STAMP.unpack_from(message, len(message) - len(self._filler) - STAMP.size)
            self._latencies.append((time.perf_counter() - sent) * 1000)


async def gather(
    port: int, *, rooms: int = 2, players: int = 5, hz: float = 20, size: int = 256
) -> Neighbours:
    """Let players enter rooms of their own."""
    names = [f"QUIET{number}" for number in range(rooms)]
    seated = [[await seat.enter(port, name) for _ in range(players)] for name in names]
    return Neighbours(seated, players, hz, size)
