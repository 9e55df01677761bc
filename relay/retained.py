"""The newest broadcast value of every (sender, key), for who joins while others stand still."""

from __future__ import annotations

from collections.abc import Iterator

MAX_BYTES = 64 * 1024
"""Bytes kept for one sender; values beyond are relayed but not kept."""


class Retained:
    """Newest volatile values, encoded as the UPDATE that a joiner gets. Not part of the log."""

    def __init__(self) -> None:
        self._updates: dict[int, dict[int, bytes]] = {}
        self._sizes: dict[int, int] = {}

    def keep(self, sender: int, key: int, update: bytes) -> None:
        updates = self._updates.get(sender)
        if updates is None:
            updates = self._updates[sender] = {}
            self._sizes[sender] = 0
        older = updates.get(key)
        size = self._sizes[sender] + len(update) - (len(older) if older is not None else 0)
        if size > MAX_BYTES:
            # A stale value would be worse than none.
            if older is not None:
                del updates[key]
                self._sizes[sender] -= len(older)
            return
        updates[key] = update
        self._sizes[sender] = size

    def drop(self, sender: int) -> None:
        """Forget a player who left."""
        self._updates.pop(sender, None)
        self._sizes.pop(sender, None)

    def but_of(self, player: int) -> Iterator[bytes]:
        """Yield the values of everyone else."""
        for sender, updates in self._updates.items():
            if sender != player:
                yield from updates.values()
