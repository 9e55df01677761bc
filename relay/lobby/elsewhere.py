"""Rooms of other nodes, as far as these tell of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from protocol.frames import RoomOptions
from relay.lobby.listing import Listing
from relay.room.room import Room

REMOTE_BYTES: Final = 1536
"""Bytes of memory that a room of another node takes here, with its places in lists."""

HIDDEN: Final = "*"
"""Stands for the hash of a password that another node has."""


@dataclass(frozen=True, slots=True, eq=False)
class RemoteRoom:
    """What another node tells of a room. It stands in lists beside the rooms of this node."""

    name: str
    options: RoomOptions
    player_count: int = 0
    spectator_count: int = 0
    password_hash: str = ""
    """`HIDDEN` if a password is needed, else empty."""
    host_name: str | None = None
    is_entered: bool = False
    """Whether anybody ever was in it."""
    barred: frozenset[bytes] = frozenset()
    """Hashes of networks and seats that the host keeps out."""


class Elsewhere:
    """The rooms that other nodes have, and this one has not.

    Attributes:
        players: in all of them.
        on_new: called with each room that this node has from now on.
        counts: says whether another node counts the room of this name. Of those that have it, one
            does.
    """

    def __init__(self, listing: Listing[Room | RemoteRoom], is_here: Callable[[str], bool]) -> None:
        """Args: listing: in which they stand. is_here: whether this node has a room itself."""
        self.players = 0
        self.on_new: Callable[[Room], None] = lambda room: None
        self.counts: Callable[[str], bool] = lambda name: False
        self._listing = listing
        self._is_here = is_here
        self._told: dict[str, RemoteRoom] = {}
        self._shown: dict[str, RemoteRoom] = {}

    def __len__(self) -> int:
        return len(self._shown)

    def __iter__(self) -> Iterator[RemoteRoom]:
        return iter(self._shown.values())

    def find(self, name: str) -> RemoteRoom | None:
        """Return the room of this canonical name."""
        return self._shown.get(name)

    def tell(self, name: str, room: RemoteRoom | None) -> None:
        """Take the newest description of a room; None: no other node has it."""
        if room is None:
            self._told.pop(name, None)
        else:
            self._told[name] = room
        self.review(name)

    def came(self, room: Room) -> None:
        """Take note that this node has a room: its own description counts."""
        self.review(room.name)
        self.on_new(room)

    def review(self, name: str) -> None:
        """Decide again whose description counts: this node's own, if it has the room."""
        wanted = None if self._is_here(name) else self._told.get(name)
        shown = self._shown.get(name)
        if wanted is shown:
            return
        if shown is not None:
            del self._shown[name]
            self.players -= shown.player_count
            self._listing.remove(shown)
        if wanted is not None:
            self._show(wanted)

    def _show(self, room: RemoteRoom) -> None:
        self._shown[room.name] = room
        self.players += room.player_count
        self._listing.add(room)
        if room.is_entered:
            self._listing.enter(room)
