"""The operator's way to the rooms: brings a room to this node, and waits for its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from protocol.error_codes import ErrorCode
from relay.broker import Broker
from relay.lobby.registry import RoomRegistry, canonical
from relay.room.effects import Answered
from relay.room.entries import OPERATED, Act
from relay.room.refusals import Refusal
from relay.room.room import Room

BRING_SECONDS: Final = 3.0
ANSWER_SECONDS: Final = 5.0
"""Seconds for an entry to be ordered: a log whose leader has died needs several."""


class Operating:
    """What operators ask of rooms, until the rooms have answered."""

    def __init__(self, registry: RoomRegistry, broker: Broker) -> None:
        self._registry = registry
        self._broker = broker
        self._asked: dict[int, asyncio.Future[Refusal | None]] = {}

    async def find(self, name: str) -> Room | None:
        """Return the room of this name, in capitals or not, of any node; None if there is none.

        Raises:
            Refusal: the room cannot be loaded now.
        """
        try:
            name = canonical(name)
        except Refusal:
            return None
        try:
            async with asyncio.timeout(BRING_SECONDS):
                await self._broker.attach(name)
        except TimeoutError:
            raise _not_now("the room cannot be brought here for the moment") from None
        return self._registry.get(name)

    async def do(self, room: Room, act: Callable[[int], Act]) -> None:
        """Have a room do something, and return when it is done.

        Args: act: makes the entry of an errand.

        Raises:
            Refusal: the room has refused it, or has not answered in time.
        """
        if self._registry.get(room.name) is not room:
            raise Refusal(ErrorCode.ROOM_GONE, "the room has ended meanwhile")
        if self._broker.rules(room.name) < OPERATED:
            raise Refusal(
                ErrorCode.NOT_AVAILABLE,
                "this room began under an older relay, which operators could not act in",
            )
        errand = self._broker.next_attachment()
        answer = self._asked[errand] = asyncio.get_running_loop().create_future()
        try:
            self._broker.append(room.name, act(errand))
            async with asyncio.timeout(ANSWER_SECONDS):
                refusal = await answer
        except TimeoutError:
            raise _not_now("it waits to be ordered, and may still be done: look again") from None
        finally:
            del self._asked[errand]
        if refusal is not None:
            raise refusal

    def answered(self, answered: Answered) -> None:
        """Take note of a room's answer. It may be for another node."""
        answer = self._asked.get(answered.errand)
        if answer is not None and not answer.done():
            answer.set_result(answered.refusal)


def _not_now(why: str) -> Refusal:
    return Refusal(ErrorCode.RELAY_FULL, why, retry=True, after=1000)
