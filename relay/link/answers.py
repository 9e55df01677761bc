"""How long a client takes to answer pings, and for how long it was silent. Time is an argument."""

from __future__ import annotations

from relay.policy.conduct import LAPSE_SECONDS

SILENT_SECONDS = 1.0  # without an answer to a ping: no network is so slow, so nobody answers
FEW = 8  # frames that may come before the answer of a client that wakes; more: it was awake
LATELY = 5.0  # seconds for which an earlier silence matters


class Answers:
    """The pings of one connection, and what came of them.

    Attributes:
        asked: when the ping without an answer went out; None if there is none.
        rtt: seconds of the round trip, by the last answer.
    """

    __slots__ = ("_blocked", "_flowed", "_frames", "_heard", "_lapse", "_woke", "asked", "rtt")

    def __init__(self) -> None:
        self.asked: float | None = None
        self.rtt: float | None = None
        self._heard = 0.0
        """When they were heard last before the ping."""
        self._frames = 0
        """How many frames had come by then."""
        self._lapse = 0.0
        """Seconds for which they were silent, when they were so last."""
        self._woke = float("-inf")
        """When that was over."""
        self._blocked = 0.0
        """Seconds for which they did not take what waited, when they did so last."""
        self._flowed = float("-inf")
        """When that was over."""

    def ask(self, now: float, heard: float, frames: int) -> None:
        """Take note of a ping. Args: heard: when anything came last. frames: how many came."""
        self.asked, self._heard, self._frames = now, heard, frames

    def take(self, heard: float, frames: int) -> None:
        """Take the answer."""
        if self.asked is None:
            return
        if lapse := self._slept(heard, frames):
            self._lapse, self._woke = lapse, heard
        self.rtt, self.asked = heard - self.asked, None

    def flowed(self, blocked: float, now: float) -> None:
        """Take note that they read on. Args: blocked: seconds for which they had not."""
        if blocked >= SILENT_SECONDS:
            self._blocked, self._flowed = blocked, now

    def lapses(self, now: float) -> tuple[tuple[str, float, float], ...]:
        """Return how they stood still lately: the word for it, seconds, and seconds since then."""
        known = (("silent", self._lapse, self._woke), ("blocked", self._blocked, self._flowed))
        return tuple(
            (word, seconds, now - end) for word, seconds, end in known if now - end < LAPSE_SECONDS
        )

    def lately(self, now: float, heard: float, frames: int) -> float:
        """Return how many seconds a client was silent that is heard again; 0.0 for others."""
        return self._slept(heard, frames) or (self._lapse if now - self._woke < LATELY else 0.0)

    def _slept(self, heard: float, frames: int) -> float:
        # What came since the ping may be what the client said when it woke, before its answer.
        is_late = self.asked is not None and heard - self.asked >= SILENT_SECONDS
        return heard - self._heard if is_late and frames - self._frames <= FEW else 0.0
