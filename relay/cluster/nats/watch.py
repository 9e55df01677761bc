"""Tells when a log is in trouble, from what was asked of its streams and what they answered.

A stream without a leader answers "nobody is here" at once. A server that is cut off from the others
answers nothing at all. Either way entries wait; in the second case another server may do better.
Pure: the time is an argument.
"""

from __future__ import annotations

from collections.abc import Mapping

TROUBLE_SECONDS = 1.0
"""Without an acknowledgement that is owed, until a stream counts as in trouble. A planned move of a
leader takes 0.02 s to 0.07 s."""

SILENCE_SECONDS = 2.5
"""Without any answer, while one is owed, until another server is tried."""

CHANCE_SECONDS = 6.0
"""For which a new server is given a chance. An election of leaders takes 4 s to 9 s."""


FULL_SECONDS = 5.0
"""After the last entry that a stream refused as it is full, for which it counts as such."""


class Watch:
    """What streams owe, and since when."""

    def __init__(self) -> None:
        self._owed: dict[str, float] = {}
        self._asked: set[str] = set()
        self._answered_at = float("-inf")
        self._connected_at: float | None = None
        self._cut_at = float("-inf")

    def wants(self, stream: str, now: float) -> bool:
        """Say whether the next entry of a stream should ask for an acknowledgement.

        One at a time tells enough, and costs a message less for each of the other entries. In
        trouble each asks, as an answer may be lost.
        """
        if stream in self._asked and now - self._owed[stream] <= TROUBLE_SECONDS:
            return False
        self._owed.setdefault(stream, now)
        self._asked.add(stream)
        return True

    def acknowledged(self, stream: str, now: float) -> None:
        """Note that a stream has stored an entry, or has refused it for a reason of its own."""
        self._owed.pop(stream, None)
        self._asked.discard(stream)
        self._answered_at = now

    def refused(self, stream: str, now: float) -> None:
        """Note that a stream has no leader, or cannot store. It goes on owing."""
        self._asked.discard(stream)
        self._answered_at = now

    def connected(self, now: float) -> None:
        self._connected_at = now

    def cut(self, now: float) -> None:
        """Note that the connection ended, and with it all answers that were on their way."""
        self._connected_at, self._cut_at = None, now
        self._asked.clear()

    def is_cut(self, now: float) -> bool:
        """Say whether there has been no connection for a while."""
        return self._connected_at is None and now - self._cut_at > TROUBLE_SECONDS

    def troubled(self, now: float) -> frozenset[str]:
        """Return the streams that owe an acknowledgement for too long."""
        return frozenset(self.troubled_since(now))

    def troubled_since(self, now: float) -> Mapping[str, float]:
        """Return since when each of those owes one."""
        owed = self._owed.items()
        return {stream: since for stream, since in owed if now - since > TROUBLE_SECONDS}

    def should_move(self, now: float) -> bool:
        """Say whether to try another server."""
        if self._connected_at is None or not self._owed:
            return False
        silent_since = max(min(self._owed.values()), self._answered_at)
        has_had_a_chance = now - self._connected_at > CHANCE_SECONDS
        return has_had_a_chance and now - silent_since > SILENCE_SECONDS


class Shortage:
    """Rooms whose entries a full stream refuses.

    Others of that stream go on: a room that has as many entries as are kept of one loses its oldest
    for each new one. So what a stream answers does not say which rooms wait.

    Attributes:
        streams: those that are full, and when they refused an entry last.
        waiting: of each of their rooms an entry that was not heard yet, and since when.
    """

    def __init__(self) -> None:
        self.streams: dict[str, float] = {}
        self.waiting: dict[str, tuple[str, float]] = {}

    def refused(self, stream: str, now: float) -> None:
        self.streams[stream] = now

    def published(self, stream: str, room: str, id: str, now: float) -> None:
        """Note an entry that may be refused."""
        if stream in self.streams:
            self.waiting.setdefault(room, (id, now))

    def heard(self, room: str, id: str | None) -> None:
        """Note an entry that is stored."""
        if room in self.waiting and self.waiting[room][0] == id:
            del self.waiting[room]

    def waits(self, room: str, now: float) -> bool:
        """Say whether an entry of a room waits for too long."""
        return room in self.waiting and now - self.waiting[room][1] > TROUBLE_SECONDS

    def look(self, now: float) -> bool:
        """Forget streams that refuse nothing any more. Returns: whether any room waits."""
        self.streams = {
            stream: at for stream, at in self.streams.items() if now - at <= FULL_SECONDS
        }
        if not self.streams:
            self.waiting.clear()
        return any(self.waits(room, now) for room in self.waiting)
