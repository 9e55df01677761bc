"""One process: proposing is applying, in the same call."""

from __future__ import annotations

from collections import deque

from relay.broker import Follower, Keeper
from relay.room.entries import RULES, Create, Entry


class MemoryBroker:
    """The order of the calls is the order of the entries."""

    held = 0

    def __init__(self) -> None:
        self._followers: list[Follower] = []
        self._keeper: Keeper | None = None
        self._waiting: deque[tuple[str, Entry]] = deque()
        self._is_appending = False
        self._attachments = 0

    def follow(self, follower: Follower) -> None:
        self._followers.append(follower)

    def keep(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def append(self, room: str, entry: Entry) -> None:
        if self._is_appending or self._waiting:
            # A follower proposes while it applies: its turn comes when that is through.
            self._waiting.append((room, entry))
            if self._is_appending:
                return
            room, entry = self._waiting.popleft()
        self._is_appending = True
        try:
            for follower in self._followers:
                follower(room, entry)
            while self._waiting:
                room, entry = self._waiting.popleft()
                for follower in self._followers:
                    follower(room, entry)
        finally:
            self._is_appending = False

    # Every room is here, and every connection.

    async def attach(self, name: str) -> None:
        pass

    def release(self, name: str) -> None:
        pass

    async def create(self, create: Create) -> None:
        if self._keeper is not None and self._keeper.room(create.name) is None:
            self._keeper.make(create)

    def rules(self, name: str) -> int:
        return RULES

    def next_attachment(self) -> int:
        self._attachments += 1
        return self._attachments

    def skip_attachments(self, until: int) -> None:
        """Give no number up to this one any more."""
        self._attachments = max(self._attachments, until)

    def is_ours(self, attachment: int) -> bool:
        return True
