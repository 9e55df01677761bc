"""Which nodes are alive: those whose heartbeats come.

A node that hears nobody may be the one that is cut off, and a process that stood still has heard
nobody meanwhile. So nobody is suspected unless our own heartbeats come back and our loop runs.
A false suspicion ends no room: players of the suspect come back through another node.
"""

from __future__ import annotations

from typing import Final

BEAT_SECONDS: Final = 0.3
PATIENCE: Final = 1.5
"""Seconds without a heartbeat after which a node is suspected."""

FORGET_SECONDS: Final = 600.0
"""Seconds without a heartbeat after which nothing is remembered of a node."""

FROZEN_SECONDS: Final = 3 * BEAT_SECONDS
"""A time between two beats of ours in which the loop must have stood still."""


class Pulse:
    """When each other incarnation was heard of last. `now` is seconds of a monotonic clock."""

    def __init__(self, now: float) -> None:
        self._beaten = now
        self._echoed = now
        self._heard: dict[int, float] = {}
        self._suspects: set[int] = set()

    def heard(self, incarnation: int, now: float) -> None:
        """Take another node's heartbeat."""
        self._heard[incarnation] = now
        self._suspects.discard(incarnation)

    def echoed(self, now: float) -> None:
        """Take note that our own heartbeat came back."""
        if now - self._echoed > PATIENCE:
            self._wait_anew(now)
        self._echoed = now

    def expect(self, incarnation: int, now: float) -> None:
        """A room has players at this incarnation: suspect it, too, if nothing is heard of it."""
        self._heard.setdefault(incarnation, now)

    def is_suspect(self, incarnation: int) -> bool:
        return incarnation in self._suspects

    def beat(self, now: float) -> list[int]:
        """Call it every `BEAT_SECONDS`. Returns: incarnations to suspect from now on."""
        if now - self._beaten > FROZEN_SECONDS:
            self._wait_anew(now)
        self._beaten = now
        if now - self._echoed > PATIENCE:
            return []
        suspects = [
            incarnation
            for incarnation, heard in self._heard.items()
            if now - heard > PATIENCE and incarnation not in self._suspects
        ]
        self._suspects.update(suspects)
        self._forget(now)
        return suspects

    def _forget(self, now: float) -> None:
        """Forget nodes that are gone. If a room still has players there, `expect` says so."""
        for incarnation in [each for each in self._suspects if self._is_old(each, now)]:
            del self._heard[incarnation]
            self._suspects.discard(incarnation)

    def _is_old(self, incarnation: int, now: float) -> bool:
        return now - self._heard[incarnation] > FORGET_SECONDS

    def _wait_anew(self, now: float) -> None:
        for incarnation in self._heard:
            self._heard[incarnation] = now
