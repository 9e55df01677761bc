"""Names of rooms on this node."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from relay.lobby.homes import ALONE, Homes
from relay.room.refusals import Refusal
from relay.room.room import Room

ALPHABET = "23456789ABCDEFGHJKMNPQRTVWXY"
"""28 letters and digits of which none is mistaken for another, read aloud or on a screen.
None of 0, O, 1, I and L is in it. It has 5 but not S, 2 but not Z, and V but not U."""

CODE_LENGTH = 6  # 28^6 is 481 million: a guess finds one of 10,000 rooms once in 48,000 tries

NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")

Choose = Callable[[Sequence[str]], str]
"""Picks one element: chance comes from outside."""


class RoomRegistry:
    """Name to room. Names are compared without regard to case and kept in capitals."""

    def __init__(self, homes: Homes = ALONE) -> None:
        """Args: homes: which rooms live in this process."""
        self.homes = homes
        self.by_name: dict[str, Room] = {}
        """Only `add` and `remove` change it. A message looks its room up here, without a call."""

    def __len__(self) -> int:
        return len(self.by_name)

    def __iter__(self) -> Iterator[Room]:
        return iter(self.by_name.values())

    def get(self, name: str) -> Room | None:
        """Return the room of this canonical name."""
        return self.by_name.get(name)

    def find(self, name: str) -> Room | None:
        """Return the room of this name, in capitals or not."""
        return self.by_name.get(name.upper())

    def add(self, room: Room) -> None:
        self.by_name[room.name] = room

    def remove(self, name: str) -> None:
        self.by_name.pop(name, None)

    def new_name(self, choose: Choose) -> str:
        """Generate a name that no room has, of one that lives in this process."""
        while True:
            name = "".join(choose(ALPHABET) for _ in range(CODE_LENGTH))
            if name not in self.by_name and self.homes.is_own(name):
                return name


def canonical(name: str) -> str:
    """Return the name in capitals.

    Raises:
        Refusal: no room can have this name.
    """
    if not NAME.fullmatch(name):
        raise Refusal(
            ErrorCode.NO_SUCH_ROOM,
            "no room can have this name",
            close=CloseCode.NO_SUCH_ROOM,
            expected="1..32 of A-Z a-z 0-9 _ -",
            got=f"{len(name)} characters",
        )
    return name.upper()
