"""What a room remembers beside its order: named values of the room and of its players."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MAX_PROPERTIES = 256
"""Properties of one scope."""

MAX_BYTES = 64 * 1024
"""Bytes of one scope's values and keys: what a joiner is sent before anything else."""

ROOM = 0
"""The scope of the room itself; any other scope is a player's number."""


@dataclass(frozen=True, slots=True)
class Value:
    """A property as it stands. Its version is the seq at which it was set, so that no version
    ever comes twice, not even after a deletion."""

    value: bytes
    version: int
    by: int


class Properties:
    """Versioned values by scope and key."""

    def __init__(self) -> None:
        self._scopes: dict[int, dict[str, Value]] = {}
        self._sizes: dict[int, int] = {}

    def __iter__(self) -> Iterator[tuple[int, str, Value]]:
        for scope, values in self._scopes.items():
            for key, value in values.items():
                yield scope, key, value

    def keys(self, scope: int) -> Iterable[str]:
        return self._scopes.get(scope, {}).keys()

    def version(self, scope: int, key: str) -> int:
        """Return the version of a property, 0 if it does not exist."""
        value = self._scopes.get(scope, {}).get(key)
        return value.version if value else 0

    def fits(self, scope: int, key: str, value: bytes) -> bool:
        """Whether a scope has room for this value in place of the present one."""
        values = self._scopes.get(scope, {})
        size = self._sizes.get(scope, 0) + _size(key, value)
        present = values.get(key)
        if present is not None:
            size -= _size(key, present.value)
        return size <= MAX_BYTES and (present is not None or len(values) < MAX_PROPERTIES)

    def set(self, scope: int, key: str, value: Value) -> None:
        self.delete(scope, key)
        self._scopes.setdefault(scope, {})[key] = value
        self._sizes[scope] = self._sizes.get(scope, 0) + _size(key, value.value)

    def delete(self, scope: int, key: str) -> None:
        value = self._scopes.get(scope, {}).pop(key, None)
        if value is not None:
            self._sizes[scope] -= _size(key, value.value)

    def drop(self, scope: int) -> None:
        """Forget all of a player's properties."""
        self._scopes.pop(scope, None)
        self._sizes.pop(scope, None)


def _size(key: str, value: bytes) -> int:
    return len(key.encode()) + len(value)
