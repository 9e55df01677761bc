"""Where entries get their order: the one seam between a room and the nodes that share it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from relay.room.entries import Create, Entry
from relay.room.room import Room

Follower = Callable[[str, Entry], None]
"""Takes the next entry of a room; called in the room's order."""


class Keeper(Protocol):
    """What a broker asks of the node whose rooms it keeps in step."""

    def make(self, create: Create) -> None:
        """A room begins. There is none of its name."""

    def adopt(self, room: Room, create: Create) -> None:
        """A room is here, as it stands, that began with `create` and that others have served."""

    def room(self, name: str) -> Room | None:
        """Return the room of this name, if it is here."""

    def lose(self, name: str) -> None:
        """Let go of a room that goes on elsewhere, and of its connections: they may come back."""

    def overwhelmed(self, attachment: int) -> None:
        """An entry of this connection was not taken: let it go. It may come back with it."""

    def stalled(self, name: str, is_stalled: bool) -> None:
        """What is proposed for a room waits from now on, or does so no more."""

    def fenced(self) -> None:
        """Other nodes take this one for dead. Let all connections go: they may come back."""


class Broker(Protocol):
    """Puts proposals into one order a room, and hands every entry to every follower."""

    @property
    def held(self) -> int:
        """Bytes of proposals that are on their way."""

    def follow(self, follower: Follower) -> None:
        """Hand this node the entries of its rooms from now on."""

    def keep(self, keeper: Keeper) -> None:
        """Have this node make rooms and let go of them. Call it once."""

    def append(self, room: str, entry: Entry) -> None:
        """Propose an entry. It reaches the followers in its place: at once, later, or (when the
        room is gone) never."""

    async def attach(self, name: str) -> None:
        """Bring the room of this name here, if there is one anywhere.

        Raises:
            Refusal: there is one that this node cannot serve.
        """

    def release(self, name: str) -> None:
        """Let go of what `attach` brought, if it goes on elsewhere."""

    async def create(self, create: Create) -> None:
        """Have a room begin. When this returns there is one of the name here, this or an older one.

        Raises:
            Refusal: there is no place for another room.
        """

    def rules(self, name: str) -> int:
        """Return the version of what entries do to this room, which is here."""

    def next_attachment(self) -> int:
        """Return a number for a connection that no other has, on whatever node."""

    def skip_attachments(self, until: int) -> None:
        """Give no number up to this one any more: rooms that were kept know it."""

    def is_ours(self, attachment: int) -> bool:
        """Whether this number is of a connection of this node."""
