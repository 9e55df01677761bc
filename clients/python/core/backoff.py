"""When to come back after a connection was lost, and when to stay away."""

from __future__ import annotations

from collections.abc import Callable

from protocol.close_codes import may_return

FIRST = 0.1  # seconds: a blip of a phone's network is over by then
CAP = 5.0  # seconds: a relay that restarts is missed by no more than this
STEADY = 5.0  # seconds live after which a loss is a new one and not the last one's echo


class Backoff:
    """Delays that double up to a cap, each drawn from zero to its bound ("full jitter").

    Full jitter spreads the clients of a relay that fell over the whole delay, where a smaller one
    would let them come back in waves.
    """

    def __init__(self, random: Callable[[], float]) -> None:
        """Args: random: draws from [0, 1)."""
        self._random = random
        self.attempt = 0
        """Attempts since the connection was last steady."""
        self._live_since: float | None = None
        self._not_before = 0.0

    def live(self, now: float) -> None:
        """Note that the connection has come to life."""
        self._live_since = now

    def wait(self, after: float, now: float) -> None:
        """Note that the relay asked not to come back within `after` seconds, as it drains."""
        self._not_before = max(self._not_before, now + after)

    def lost(self, code: int, now: float, *, after: float = 0.0) -> float | None:
        """Return the seconds to wait before the next attempt, or None to stay away.

        Args:
            code: the WebSocket close code; 1006 where there was none.
            after: as for `wait`.
        """
        self.wait(after, now)
        if not may_return(code):
            return None
        # SPEC 21.1: one who was live for so long begins with a short wait again.
        if self._live_since is not None and now - self._live_since >= STEADY:
            self.attempt = 0
        self._live_since = None
        # Doubled without end, the bound would overflow a float after some hours.
        bound = min(CAP, FIRST * 2.0 ** min(self.attempt, 16))
        self.attempt += 1
        return max(self._not_before - now, 0.0) + self._random() * bound
