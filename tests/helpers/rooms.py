"""Short names for what tests do with rooms of both clients."""

from __future__ import annotations

from clients.python import Message
from clients.python.base_room import BaseRoom
from tests.helpers.players import TestPlayer


def values(player: TestPlayer) -> list[object]:
    """Return the values of the messages that a player has read."""
    return [event.value for event in player.seen if isinstance(event, Message)]


def volatile(number: int, room: BaseRoom[object]) -> None:
    room.volatile(0, number)


def reaches(number: int, message: Message) -> bool:
    return bool(message.value >= number)
