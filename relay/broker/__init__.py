"""Where entries get their order: the one seam between a room and the nodes that share it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from relay.room.entries import Entry

Follower = Callable[[str, Entry], None]
"""Takes the next entry of a room; called in the room's order."""


class Broker(Protocol):
    """Puts proposals into one order a room, and hands every entry to every follower."""

    def follow(self, follower: Follower) -> None:
        """Hand this node the entries of its rooms from now on."""

    def append(self, room: str, entry: Entry) -> None:
        """Propose an entry. It reaches the followers in its place: at once, later, or (when the
        room is gone) never."""
