"""What happened to the streams, added up for the operator. Pure: the time is an argument."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from relay.delivery.spread import Spread

TRIP_SECONDS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Bounds of the ranges in which trips are counted."""
LOST_SECONDS: Final = 15.0
"""Seconds after which an entry is no longer waited for. Electing a leader takes 4 s to 9 s."""


class Trips:
    """How long entries take from here into the log and back. One at a time is timed."""

    def __init__(self) -> None:
        self.spread = Spread(TRIP_SECONDS)
        self._id = ""
        self._began = 0.0

    def begin(self, id: str, now: float) -> None:
        """An entry is sent, perhaps once more."""
        if not self._id or now - self._began > LOST_SECONDS:
            self._id, self._began = id, now

    def is_awaited(self, id: str | None) -> bool:
        """Say whether this entry is the one that is timed."""
        return id == self._id and bool(id)

    def end(self, now: float) -> None:
        """The entry is back."""
        self._id = ""
        self.spread.add(now - self._began)


class Records:
    """What happened to the streams.

    Attributes:
        trips: of entries. leader_changes: by stream, as far as looks have seen them.
        waited: seconds in which a stream has stored nothing that it was asked to store.
    """

    def __init__(self, streams: Iterable[str]) -> None:
        names = tuple(streams)
        self.trips = Trips()
        self.leader_changes = Counter(dict.fromkeys(names, 0))
        self.waited = dict.fromkeys(names, 0.0)
        self._waited_until: dict[str, float] = {}

    def note_trouble(self, since: Mapping[str, float], now: float) -> None:
        """Take note of the streams that are in trouble, and since when."""
        for stream, began in since.items():
            self.waited[stream] += now - max(began, self._waited_until.get(stream, began))
            self._waited_until[stream] = now

    def note_leader(self, stream: str, before: str | None, now: str | None) -> None:
        """Take note of who led a stream before, and who leads it now."""
        if before is not None and now is not None:
            self.leader_changes[stream] += before != now
