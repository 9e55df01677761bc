"""What a room remembers beside its order: named values of the room and of its players."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from relay.history.memory_budget import FACTS, OBJECT_BYTES, Account

MAX_PROPERTIES = 256
"""Properties of one scope."""

MAX_BYTES = 64 * 1024
"""Bytes of one scope's values and keys: what a joiner is sent before anything else."""

ROOM = 0
"""The scope of the room itself; any other scope is a player's number."""


PROPERTY_BYTES = 400
"""Bytes of memory that a property takes beside its PROPERTY frame."""


class Kept(NamedTuple):
    """What is known of a property beside its value, which stands in its PROPERTY frame. Its version
    is the seq at which it was set, so that no version ever comes twice, not even after a deletion.
    """

    version: int
    size: int
    """Bytes of its key and its value."""


class Properties:
    """Versions and sizes of properties by scope and key."""

    def __init__(self, account: Account | None = None) -> None:
        """Args: account: is charged for them, as far as their frames are not."""
        self._account = account or Account()
        self._scopes: dict[int, dict[str, Kept]] = {}
        self._sizes: dict[int, int] = {}

    def __iter__(self) -> Iterator[tuple[int, str, Kept]]:
        for scope, kept in self._scopes.items():
            for key, each in kept.items():
                yield scope, key, each

    def keys(self, scope: int) -> Collection[str]:
        return self._scopes.get(scope, {}).keys()

    def version(self, scope: int, key: str) -> int:
        """Return the version of a property, 0 if it does not exist."""
        kept = self._scopes.get(scope, {}).get(key)
        return kept.version if kept is not None else 0

    def growth(self, scope: int, key: str, value: bytes) -> int:
        """Return how many more bytes of memory this value would take than the present one."""
        present = self._scopes.get(scope, {}).get(key)
        if present is None:
            return PROPERTY_BYTES + 6 * OBJECT_BYTES + _size(key, value)
        return _size(key, value) - present.size

    def fits(self, scope: int, key: str, value: bytes) -> bool:
        """Whether a scope has room for this value in place of the present one."""
        values = self._scopes.get(scope, {})
        size = self._sizes.get(scope, 0) + _size(key, value)
        present = values.get(key)
        if present is not None:
            size -= present.size
        return size <= MAX_BYTES and (present is not None or len(values) < MAX_PROPERTIES)

    def set(self, scope: int, key: str, value: bytes, version: int) -> None:
        self.delete(scope, key)
        size = _size(key, value)
        self._scopes.setdefault(scope, {})[key] = Kept(version, size)
        self._sizes[scope] = self._sizes.get(scope, 0) + size
        self._account.charge(FACTS, PROPERTY_BYTES)

    def delete(self, scope: int, key: str) -> None:
        kept = self._scopes.get(scope, {}).pop(key, None)
        if kept is not None:
            self._sizes[scope] -= kept.size
            self._account.charge(FACTS, -PROPERTY_BYTES)

    def drop(self, scope: int) -> None:
        """Forget all of a player's properties."""
        self._account.charge(FACTS, -PROPERTY_BYTES * len(self.keys(scope)))
        self._scopes.pop(scope, None)
        self._sizes.pop(scope, None)


def _size(key: str, value: bytes) -> int:
    return len(key.encode()) + len(value)
