"""When to come back after a connection was lost, and when to stay away."""

from __future__ import annotations

from collections.abc import Callable

from protocol.close_codes import may_return

FIRST = 0.1  # seconds: a short gap in a phone's network is over by then
CAP = 5.0  # seconds: a client is back no later than this after its relay is
STEADY = 5.0  # seconds live after which a loss counts as a new one, and not as part of the last


class Backoff:
    """Delays with "full jitter": each is drawn from 0 to a bound. The bound doubles up to a cap.

    When a relay falls, full jitter spreads its clients over the whole delay. A smaller jitter would
    let them come back in waves.
    """

    def __init__(self, random: Callable[[], float], relays: int = 1) -> None:
        """
        Args:
            random: draws from [0, 1).
            relays: how many there are that share the room. Each loss leads to the next one.
        """
        self.relay = 0
        """Which of them has its turn."""
        self._relays = relays
        self._random = random
        self.attempt = 0
        """Attempts since the connection was last steady."""
        self._live_since: float | None = None
        self._not_before = [0.0] * relays

    def live(self, now: float) -> None:
        """Note that the connection has come to life."""
        self._live_since = now

    def wait(self, after: float, now: float) -> None:
        """Note that the relay asks its clients to stay away for `after` seconds."""
        self._not_before[self.relay] = max(self._not_before[self.relay], now + after)

    def lost(self, code: int, now: float, *, after: float = 0.0) -> float | None:
        """Return the seconds to wait before the next attempt, or None to stay away.

        Args:
            code: the WebSocket close code; 1006 where there was none.
            after: as for `wait`.
        """
        self.wait(after, now)
        if not may_return(code):
            return None
        # SPEC 21.1: after a steady connection the first wait is short again.
        if self._live_since is not None and now - self._live_since >= STEADY:
            self.attempt = 0
        self._live_since = None
        # Without the `min`, the power would overflow a float after some hours.
        bound = min(CAP, FIRST * 2.0 ** min(self.attempt // self._relays, 16))
        self.attempt += 1
        self.relay = (self.relay + 1) % self._relays
        return max(self._not_before[self.relay] - now, 0.0) + self._random() * bound
