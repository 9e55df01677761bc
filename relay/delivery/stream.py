"""How a connection begins, and the room's history as one player reads it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

Slot = tuple[int, int]
"""Sender and key of a volatile value."""


class Source(Protocol):
    """The room's history, as one player reads it."""

    @property
    def seq(self) -> int:
        """Where the history is now."""

    @property
    def is_late(self) -> bool:
        """Whether the player is kept behind the room, so that its outbox never stops following."""

    def read(self, seq: int, max_bytes: int) -> tuple[list[bytes], int] | None:
        """Return what follows `seq` for the player, in runs, and up to where; None if it is
        gone."""

    def finish(self, kept: dict[Slot, bytes]) -> Iterable[bytes]:
        """Return the messages for the moment when all of the history is read for the first time.
        Remove the values among them from those that are `kept` for the player."""


class Stream(NamedTuple):
    """How a connection begins. It is read as fast as its link takes it, so that none stalls the
    room."""

    facts: tuple[bytes, ...]
    """Messages before anything from the history."""
    source: Source
    follow: int
    """The seq after which to read on from the history."""
    complete_from: int = 0
    """A stream that begins anew has everything that was for all players after this seq."""
