"""The audience of a room that somebody watches. Any other room has a plain one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from relay.delivery.audience import Audience
from relay.history.packed_frames import Addressees
from relay.history.ws_frame import start_of

Noted = tuple[int, Addressees, bytes]
"""A message: when it was sent, in microseconds of the relay's time; to whom; its bytes, wrapped."""

Take = Callable[[list[Noted]], None]

MOST: Final = 512
MOST_BYTES: Final = 1024 * 1024
"""Messages that are kept until watchers take them. More are handed out at once."""

OPCODES: Final = 128
"""Every opcode is a positive fixint, so there are so many."""


class WatchedAudience(Audience):
    """Replaces a room's audience while somebody watches. It has the audience's players and values.

    Attributes:
        audience: the one that it replaces.
        watchers: how many operators watch.
        takers: of the watchers that want frames. Each is called with all messages, in batches.
        counts, sizes: frames and their bytes so far, by opcode.
    """

    def __init__(self, audience: Audience, clock: Callable[[], int]) -> None:
        """Args: clock: returns the relay's time in microseconds."""
        self.fan_out = audience.fan_out
        self.retained = audience.retained
        self.delay = audience.delay
        self.audience = audience
        self.watchers = 0
        self.takers: list[Take] = []
        self.counts = [0] * OPCODES
        self.sizes = [0] * OPCODES
        self._clock = clock
        self._noted: list[Noted] = []
        self._bytes = 0

    def tell(self, to: Addressees, message: bytes) -> None:
        self.audience.tell(to, message)
        self._note(to, message)

    def tell_value(self, sender: int, key: int, to: Addressees, message: bytes) -> None:
        self.audience.tell_value(sender, key, to, message)
        self._note(to, message)

    def hear_value(self, sender: int, key: int, to: Addressees, message: bytes) -> None:
        self.audience.hear_value(sender, key, to, message)
        self._note(to, message)

    def want_values(self) -> None:
        self.audience.want_values()

    def overhear(self, to: Addressees, message: bytes) -> None:
        self._note(to, message)

    def hand_out(self) -> None:
        """Let the watchers take the messages since the last call."""
        noted, self._noted, self._bytes = self._noted, [], 0
        for take in self.takers:
            take(noted)

    def _note(self, to: Addressees, message: bytes) -> None:
        start = start_of(message)
        op = message[start + 1]
        self.counts[op] += 1
        self.sizes[op] += len(message) - start
        if self.takers:
            self._noted.append((self._clock(), to, message))
            self._bytes += len(message)
            if self._bytes > MOST_BYTES or len(self._noted) >= MOST:
                self.hand_out()
