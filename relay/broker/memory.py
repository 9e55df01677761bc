"""One process: proposing is applying, in the same call."""

from __future__ import annotations

from collections import deque

from relay.broker import Follower
from relay.room.entries import Entry


class MemoryBroker:
    """The order of the calls is the order of the entries."""

    def __init__(self) -> None:
        self._followers: list[Follower] = []
        self._waiting: deque[tuple[str, Entry]] = deque()
        self._is_appending = False

    def follow(self, follower: Follower) -> None:
        self._followers.append(follower)

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
