"""In which of several processes a room lives: its name alone says it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

HASH_BYTES = 8


@dataclass(frozen=True, slots=True)
class Homes:
    """A process among those that share a port. Each has a number, from 0 on.

    Attributes:
        count: how many there are. own: the number of this one.
    """

    count: int = 1
    own: int = 0

    def of(self, name: str) -> int:
        """Return the number of the process in which the room of this canonical name lives.

        All processes must agree, so Python's own hash, which differs from start to start, is no
        use.
        """
        digest = hashlib.blake2b(name.encode(), digest_size=HASH_BYTES).digest()
        return int.from_bytes(digest) % self.count

    def is_own(self, name: str) -> bool:
        """Say whether the room of this canonical name lives here."""
        return self.count == 1 or self.of(name) == self.own


ALONE = Homes()
"""One process that has all rooms."""
