"""How many lines of a log strangers may cause: a burst of each kind, then few that count the rest.

Time is an argument: seconds of any monotonic clock.
"""

from __future__ import annotations

from relay.policy.rate_limits import TokenBucket

MAX_KINDS = 256
"""Kinds that are told apart; foreign code may write its values into the line that tells a kind."""


class _Kind:
    __slots__ = ("bucket", "unsaid")

    def __init__(self, bucket: TokenBucket) -> None:
        self.bucket = bucket
        self.unsaid = 0


class Flood:
    """Bounds the lines of a log."""

    def __init__(self, rate: float, burst: float, *, of_all: TokenBucket | None = None) -> None:
        """
        Args:
            rate, burst: lines of one kind, a second and at once.
            of_all: bounds the lines of all kinds together.
        """
        self._rate = rate
        self._burst = burst
        self._of_all = of_all
        self._kinds: dict[str, _Kind] = {}

    def __len__(self) -> int:
        return len(self._kinds)

    def passes(self, kind: str, now: float) -> str | None:
        """Judge a line. Returns: what to write at its end; None if it is to be left out."""
        known = self._kinds.get(kind)
        if known is None:
            if len(self._kinds) >= MAX_KINDS:
                self._kinds.clear()
            known = self._kinds[kind] = _Kind(TokenBucket(self._rate, self._burst))
        if known.bucket.ask(1, now) or (self._of_all is not None and self._of_all.ask(1, now)):
            known.unsaid += 1
            return None
        unsaid, known.unsaid = known.unsaid, 0
        return more_like_it(unsaid)


def more_like_it(unsaid: int) -> str:
    """Say how many lines were left out; nothing if none was."""
    return f"; {unsaid} more like it" if unsaid else ""
