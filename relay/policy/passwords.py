"""Rooms' passwords: slow to guess by design, so hashed in one thread of their own.

Each costs an address some of its share, as it costs the relay tens of milliseconds, and whoever
has many to be hashed waits in a line of their own: addresses take turns.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

import argon2
from argon2.exceptions import VerificationError

from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from relay.policy.rate_limits import (
    SITE_FACTOR,
    AddressBuckets,
    is_loopback,
    site_of,
)
from relay.room.refusals import Refusal

MEMORY = 19 * 1024  # KiB; OWASP's advice for argon2id: 19 MiB, 2 passes, 1 lane
PASSES = 2
TRIES = 5  # wrong ones of one address in a room within a minute; one more every 12 seconds
MINUTE = 60.0
MAX_WAITING = 256
"""Passwords that wait to be hashed, all in all; it takes some seconds to get through them."""

R = TypeVar("R")


class Passwords:
    """Hashes and verifies one password at a time: more would only share the same cores.

    Use it within one event loop, and call `close` at its end.
    """

    def __init__(
        self,
        rate: float = 4,
        burst: float = 60,
        *,
        limit_loopback: bool = False,
        site_factor: float = SITE_FACTOR,
    ) -> None:
        """Args:
        rate: passwords a second of one address.
        burst: passwords of one address at once.
        limit_loopback: as for `AddressLimits`. Wrong passwords are limited in any case.
        site_factor: as for `AddressLimits`.
        """
        self._hasher = argon2.PasswordHasher(
            time_cost=PASSES, memory_cost=MEMORY, parallelism=1, type=argon2.Type.ID
        )
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="passwords")
        self.shares = AddressBuckets(rate, burst, site_factor)
        self._limit_loopback = limit_loopback
        self.tries = AddressBuckets(TRIES / MINUTE, TRIES, site_factor)
        self._line = Line()

    async def hash(self, password: str, address: str, now: float) -> str:
        """Return what to keep instead of the password: it tells nothing and is salted.

        Args: address: who asks for it. now: seconds of a monotonic clock.

        Raises:
            Refusal: the address, or all of them together, ask for too much.
        """
        self._charge(address, now)
        async with self._line.turn(site_of(address)):
            return await self._in_thread(lambda: self._hasher.hash(password))

    async def verify(self, hashed: str, password: str, room: str, address: str, now: float) -> bool:
        """Say whether the password is the one that was hashed. Only wrong ones count as tries.

        Args: room: whose password it is. address, now: as for `hash`.

        Raises:
            Refusal: as for `hash`, or the address has tried too often in this room.
        """
        self._charge(address, now)
        # One after another, so that a hundred tries at once do not all begin before one has failed.
        async with self._line.turn(site_of(address)):
            wait = self.tries.ask(address, now, about=room)
            if wait:
                what = f"wrong passwords for this room from your address: {TRIES} a minute"
                raise _too_often(f"too many {what} are allowed", wait)
            is_right = await self._in_thread(lambda: self._matches(hashed, password))
            if is_right:
                self.tries.give_back(address, now, about=room)
            return is_right

    def _charge(self, address: str, now: float) -> None:
        if self._limit_loopback or not is_loopback(address):
            wait = self.shares.ask(address, now)
            if wait:
                raise _too_often("too many passwords from your address", wait)

    def _matches(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except VerificationError:
            return False

    async def _in_thread(self, work: Callable[[], R]) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        """Let the thread go, once it is through with what it was given."""
        self._thread.shutdown(wait=False)


class Line:
    """Lets one in at a time, of each network in turn. It is only so long: then the longest of the
    networks' own lines loses its last."""

    def __init__(self, most: int = MAX_WAITING) -> None:
        self._most = most
        self._is_busy = False
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    @asynccontextmanager
    async def turn(self, network: str) -> AsyncIterator[None]:
        """Wait for a turn, which lasts as long as this is entered.

        Raises:
            Refusal: too many wait, and most of them with this network.
        """
        if self._is_busy:
            await self._wait(network)
        self._is_busy = True
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, network: str) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(network, deque()).append(turn)
        if len(self) > self._most:
            self._send_away()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._pass_on()  # it came in the very moment in which nobody wanted it any more
            raise

    def _send_away(self) -> None:
        network = max(self._waiting, key=lambda network: len(self._waiting[network]))
        last = self._waiting[network].pop()
        if not self._waiting[network]:
            del self._waiting[network]
        if not last.done():
            last.set_exception(_too_often("too many passwords wait to be checked", 1.0))

    def _pass_on(self) -> None:
        self._is_busy = False
        while self._waiting and not self._is_busy:
            network, own = next(iter(self._waiting.items()))
            del self._waiting[network]
            turn = own.popleft()
            if own:
                self._waiting[network] = own  # behind all others
            if not turn.done():
                turn.set_result(None)
                self._is_busy = True


def _too_often(text: str, wait: float) -> Refusal:
    return Refusal(
        ErrorCode.TOO_FAST,
        text,
        close=CloseCode.TOO_FAST,
        retry=True,
        after=math.ceil(wait * 1000),
    )
