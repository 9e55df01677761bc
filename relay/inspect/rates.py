"""How many frames of each kind a room has told since the last look."""

from __future__ import annotations

from relay.inspect.watched_audience import OPCODES, WatchedAudience
from relay.inspect.watcher import NAMES


class Rates:
    """Counts the frames of a watched room for one watcher."""

    def __init__(self, audience: WatchedAudience) -> None:
        self._audience = audience
        self._counts, self._sizes = audience.counts.copy(), audience.sizes.copy()

    def since(self) -> dict[str, list[int]]:
        """Return by opcode how many there were since the last time, and their bytes."""
        counts, sizes = self._audience.counts.copy(), self._audience.sizes.copy()
        told = {
            NAMES[op]: [counts[op] - self._counts[op], sizes[op] - self._sizes[op]]
            for op in range(OPCODES)
            if counts[op] > self._counts[op]
        }
        self._counts, self._sizes = counts, sizes
        return told
