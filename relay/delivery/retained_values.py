"""The newest broadcast value of every (sender, key), for players who join while others send
nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from relay.history.memory_budget import OBJECT_BYTES, VALUES, Account

MAX_BYTES: Final = 64 * 1024
"""Bytes kept for one sender; values beyond are relayed but not kept."""

SLOT_BYTES: Final = OBJECT_BYTES + 112
"""Bytes of memory that a value takes beside its message."""


class RetainedValues:
    """Newest volatile values, as the wrapped UPDATE that a joiner gets. Not part of the history."""

    def __init__(self, account: Account | None = None, kind: int = VALUES) -> None:
        """Args: account: is charged for them, as this kind. Where it may not grow, no more of them
        are kept."""
        self._account = account or Account()
        self._kind = kind
        self._updates: dict[int, dict[int, bytes]] = {}
        self._sizes: dict[int, int] = {}

    def keep(self, sender: int, key: int, update: bytes) -> None:
        updates = self._updates.get(sender)
        if updates is None:
            updates = self._updates[sender] = {}
            self._sizes[sender] = 0
        older = updates.get(key)
        # Rarely: most values are as long as those before.
        if older is None or len(older) != len(update):
            grown = len(update) - (len(older) if older is not None else -SLOT_BYTES)
            if not self._has_room(sender, len(update), older, grown):
                # SPEC 14.2: a stale value would be worse than none.
                self._drop(sender, key)
                return
            self._sizes[sender] += len(update) - (len(older) if older is not None else 0)
            self._account.charge(self._kind, grown)
        updates[key] = update

    def _has_room(self, sender: int, size: int, older: bytes | None, grown: int) -> bool:
        size += self._sizes[sender] - (len(older) if older is not None else 0)
        return size <= MAX_BYTES and (grown <= 0 or self._account.may_grow(grown))

    def _drop(self, sender: int, key: int) -> None:
        older = self._updates[sender].pop(key, None)
        if older is not None:
            self._sizes[sender] -= len(older)
            self._account.charge(self._kind, -len(older) - SLOT_BYTES)

    def drop(self, sender: int) -> None:
        """Forget a player who left."""
        updates = self._updates.pop(sender, None)
        if updates is not None:
            size = self._sizes.pop(sender) + SLOT_BYTES * len(updates)
            self._account.charge(self._kind, -size)

    def has(self, sender: int, key: int, update: bytes) -> bool:
        """Say whether exactly this value is kept."""
        return self._updates.get(sender, {}).get(key) is update

    def has_equal(self, sender: int, key: int, update: bytes) -> bool:
        """Say whether an equal value is kept."""
        return self._updates.get(sender, {}).get(key) == update

    def of(self, player: int) -> Iterator[tuple[int, bytes]]:
        """Yield the keys and values of a player."""
        yield from self._updates.get(player, {}).items()

    def but_of(self, player: int) -> Iterator[bytes]:
        """Yield the values of everyone else."""
        for sender, updates in self._updates.items():
            if sender != player:
                yield from updates.values()
