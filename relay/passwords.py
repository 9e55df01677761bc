"""Rooms' passwords: slow to guess by design, so hashed in one thread of their own."""

from __future__ import annotations

import asyncio
import math
from concurrent.futures import ThreadPoolExecutor

import argon2
from argon2.exceptions import VerificationError

from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from relay.rates import AddressBuckets
from relay.refusals import Refusal

MEMORY = 19 * 1024  # KiB; OWASP's advice for argon2id: 19 MiB, 2 passes, 1 lane
PASSES = 2
TRIES = 5  # wrong ones of one address within a minute; one more is allowed every 12 seconds
MINUTE = 60.0


class Passwords:
    """Hashes and verifies one password at a time: more would only share the same cores.

    Use it within one event loop, and call `close` at its end.
    """

    def __init__(self) -> None:
        self._hasher = argon2.PasswordHasher(
            time_cost=PASSES, memory_cost=MEMORY, parallelism=1, type=argon2.Type.ID
        )
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="passwords")
        self._tries = AddressBuckets(TRIES / MINUTE, TRIES)
        self._turn = asyncio.Lock()

    async def hash(self, password: str) -> str:
        """Return what to keep instead of the password: it tells nothing and is salted."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._hasher.hash, password)

    async def verify(self, hashed: str, password: str, address: str, now: float) -> bool:
        """Say whether the password is the one that was hashed. Only wrong ones count as tries.

        Args: address: who tries. now: seconds of a monotonic clock.

        Raises:
            Refusal: the address has tried too often.
        """
        # One after another, so that a hundred tries at once do not all begin before one has failed.
        async with self._turn:
            wait = self._tries.ask(address, now)
            if wait:
                raise _too_often(wait)
            loop = asyncio.get_running_loop()
            is_right = await loop.run_in_executor(self._thread, self._matches, hashed, password)
            if is_right:
                self._tries.give_back(address, now)
            return is_right

    def _matches(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except VerificationError:
            return False

    def close(self) -> None:
        """Let the thread go, once it is through with what it was given."""
        self._thread.shutdown(wait=False)


def _too_often(wait: float) -> Refusal:
    return Refusal(
        ErrorCode.TOO_FAST,
        f"too many wrong passwords from your address: {TRIES} a minute are allowed",
        close=CloseCode.TOO_FAST,
        retry=True,
        after=math.ceil(wait * 1000),
    )
