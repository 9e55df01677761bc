"""When a connection has to ping and to acknowledge, and when its relay is silent for too long."""

from __future__ import annotations

PING = 5.0  # seconds between pings: two of them come within the relay's 10 s of patience
QUICK_PINGS = 3  # pings at the start, so that the clock is good at once
QUICK = 0.1  # seconds between these
ACK = 1.0  # seconds between acknowledgements at least
SILENCE = 15.0  # seconds without a frame: then the connection is dead, if the relay was pinged
ASKED = 2  # pings without an answer: a client that was asleep must ping again before it gives up


class Heartbeat:
    """The timers of one connection. `now` is in seconds of a monotonic clock."""

    def __init__(self, now: float) -> None:
        self.heard = now
        """When the relay was last heard. The receiver of frames sets it."""
        self._quick = QUICK_PINGS
        self._ping_at: float | None = None
        self._pinged = now
        self._unanswered = 0
        self._acked = -1
        self._ack_from = now

    def live(self, now: float) -> None:
        """Begin to ping and to acknowledge, both at once."""
        self._ping_at = now
        self._ack_from = now

    def deadline(self, seq: int) -> float:
        """Return when something will be due. `seq`: position that the client has reached."""
        if self._ping_at is None:
            return self.heard + SILENCE
        due = self._ping_at
        if seq > self._acked:
            due = min(due, self._ack_from)
        if self._has_asked:
            due = min(due, self.heard + SILENCE)
        return due

    def is_silent(self, now: float) -> bool:
        """Say whether the connection must be given up."""
        # SPEC 18.2: a client that was asleep pings before it gives up.
        return now - self.heard >= SILENCE and (self._ping_at is None or self._has_asked)

    def take_ping(self, now: float) -> bool:
        """Say whether to ping now; the next one is due later."""
        if self._ping_at is None or now < self._ping_at:
            return False
        self._unanswered = self._unanswered + 1 if self.heard < self._pinged else 1
        self._pinged = now
        self._quick = max(self._quick - 1, 0)
        self._ping_at = now + (QUICK if self._quick else PING)
        return True

    def take_ack(self, seq: int, now: float) -> bool:
        """Say whether to acknowledge `seq` now; the next one is due later."""
        if self._ping_at is None or seq <= self._acked or now < self._ack_from:
            return False
        self._acked = seq
        self._ack_from = now + ACK
        return True

    @property
    def _has_asked(self) -> bool:
        return self._unanswered >= ASKED and self.heard < self._pinged
