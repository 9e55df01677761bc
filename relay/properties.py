"""What a room remembers beside its order: named values of the room and of its players."""

from __future__ import annotations

from collections.abc import Iterator
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

    def __iter__(self) -> Iterator[tuple[int, str, Value]]:
        for scope, values in self._scopes.items():
            for key, value in values.items():
                yield scope, key, value

    def version(self, scope: int, key: str) -> int:
        """Return the version of a property, 0 if it does not exist."""
        value = self._scopes.get(scope, {}).get(key)
        return value.version if value else 0

    def fits(self, scope: int, key: str, value: bytes) -> bool:
        """Whether a scope has room for this value in place of the present one."""
        others = {k: v for k, v in self._scopes.get(scope, {}).items() if k != key}
        size = sum(len(k.encode()) + len(v.value) for k, v in others.items())
        return len(others) < MAX_PROPERTIES and size + len(key.encode()) + len(value) <= MAX_BYTES

    def set(self, scope: int, key: str, value: Value) -> None:
        self._scopes.setdefault(scope, {})[key] = value

    def delete(self, scope: int, key: str) -> None:
        self._scopes.get(scope, {}).pop(key, None)

    def drop(self, scope: int) -> None:
        """Forget all of a player's properties."""
        self._scopes.pop(scope, None)
