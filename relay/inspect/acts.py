"""What operators do in a room. Each act is an entry, so that all nodes that have the room do it."""

from __future__ import annotations

from protocol import codec
from protocol.frames import Kick, Set, Transfer
from relay.node.operating import Operating
from relay.room.entries import Dissolve, Operate, Say
from relay.room.room import Room


class Acts:
    """Acts of an operator. Each method raises `Refusal` if the room refuses."""

    def __init__(self, operating: Operating) -> None:
        self._operating = operating

    async def kick(self, room: Room, player: int, reason: str) -> None:
        """Remove a player for the room's life."""
        await self._operating.do(room, lambda errand: Operate(errand, Kick(player, reason)))

    async def appoint(self, room: Room, player: int) -> None:
        """Make a player host who is here and can be."""
        await self._operating.do(room, lambda errand: Operate(errand, Transfer(player)))

    async def set_option(self, room: Room, name: str, value: bool | int | str) -> None:
        """Change an option of the room that a host can change, too."""
        frame = Set(0, f"@{name}", codec.pack(value))
        await self._operating.do(room, lambda errand: Operate(errand, frame))

    async def say(self, room: Room, text: str) -> None:
        """Tell something to all who are connected."""
        await self._operating.do(room, lambda errand: Say(errand, text))

    async def close(self, room: Room) -> None:
        """End the room, and all connections to it."""
        await self._operating.do(room, Dissolve)
