"""How the streams did, added up for the operator. Pure: the time is an argument."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

TRIP_SECONDS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Bounds of the ranges in which trips are counted."""
LOST_SECONDS: Final = 15.0
"""After which an entry is waited for no more. An election of leaders takes 4 s to 9 s."""


class Trips:
    """How long entries take from here into the log and back. One at a time is timed.

    Attributes:
        seconds: of all trips together.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._counts = [0] * (len(TRIP_SECONDS) + 1)
        self._id = ""
        self._began = 0.0

    def begin(self, id: str, now: float) -> None:
        """An entry is sent, perhaps once more."""
        if not self._id or now - self._began > LOST_SECONDS:
            self._id, self._began = id, now

    def is_awaited(self, id: str | None) -> bool:
        """Say whether it is this entry's trip that is timed."""
        return id == self._id and bool(id)

    def end(self, now: float) -> None:
        """The entry is back."""
        taken = now - self._began
        self._id = ""
        self.seconds += taken
        self._counts[bisect_left(TRIP_SECONDS, taken)] += 1

    def ranges(self) -> Iterator[tuple[str, int]]:
        """Yield how many trips took at most so many seconds, as Prometheus writes it."""
        total = 0
        for bound, count in zip((*TRIP_SECONDS, "+Inf"), self._counts, strict=True):
            total += count
            yield str(bound), total


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
        """Take note of who led a stream at the last look, and who does."""
        if before is not None and now is not None:
            self.leader_changes[stream] += before != now
