"""A player with its client in this process. It numbers its frames and notes what it says."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection

from protocol.fields.field_types import Target
from protocol.frames import Frame
from tests.chaos import numbered
from tests.chaos.journal import Acknowledged, Announced, Asked, Expected, GivenUp, Sent
from tests.chaos.player import NOBODY, Player
from tests.chaos.pulse import Pulse


class LocalPlayer(Player):
    """A send of the client. It returns the frame's count in the turn of the loop that counts it."""

    def __init__(self, label: str, pulse: Pulse) -> None:
        super().__init__(label, pulse)
        self._number = 0
        self._update = 0

    # What a client does.

    @property
    @abstractmethod
    def position(self) -> int:
        """The seq up to which everything was received."""

    @abstractmethod
    async def _send(self, payload: bytes, to: Target) -> int: ...

    @abstractmethod
    async def _set(self, key: str, payload: bytes, expected: int | None) -> int: ...

    @abstractmethod
    async def _subscribe(self, add: frozenset[int], remove: frozenset[int]) -> int: ...

    @abstractmethod
    async def _transfer(self, player: int) -> int: ...

    @abstractmethod
    async def _kick(self, player: int) -> int: ...

    @abstractmethod
    async def _leave(self) -> None: ...

    @abstractmethod
    def _volatile(self, key: int, payload: bytes) -> None: ...

    # Notes for the journal.

    async def send(self, target: Target, size: int = 0) -> int:
        number = self._next_number()
        count = await self._send(numbered.make(self.journal.label, number, size), target)
        expected: Expected = "refused" if target == NOBODY else "taken"
        self.journal.said.append(Sent(number, count, target, self.position, expected))
        return number

    async def set_property(self, key: str, expected: int | None = None) -> None:
        number = self._next_number()
        count = await self._set(key, numbered.make(self.journal.label, number), expected)
        fate: Expected = "taken" if expected is None else "either"
        self.journal.said.append(Sent(number, count, True, self.position, fate, is_payload=False))

    async def transfer(self, player: int) -> None:
        count = await self._transfer(player)
        self.journal.said.append(Asked(count, self.position))

    async def kick(self, player: int) -> None:
        count = await self._kick(player)
        self.journal.said.append(Asked(count, self.position))

    async def subscribe(self, add: Collection[int] = (), remove: Collection[int] = ()) -> None:
        groups = frozenset(add), frozenset(remove)
        self.groups = (self.groups | groups[0]) - groups[1]
        count = await self._subscribe(*groups)
        self.journal.said.append(Asked(count, self.position, *groups))

    async def volatile(self, key: int) -> None:
        self._update += 1
        self._volatile(key, numbered.make(self.journal.label, self._update))

    async def leave(self) -> None:
        self.journal.said.append(Acknowledged(self.taken))
        await self._leave()

    def finish(self, is_complete: bool) -> None:
        if is_complete:
            self.journal.said.append(Acknowledged(self.taken))
        super().finish(is_complete)

    def give_up(self, sent: Collection[Frame]) -> None:
        """Note frames that will not be sent again."""
        if sent:
            self.journal.said.append(GivenUp(numbered.numbers(sent)))

    def announce(self, sent: Collection[Frame]) -> None:
        """Note frames that the client announced as given up."""
        if sent:
            self.hear(Announced(numbered.numbers(sent)))

    def _next_number(self) -> int:
        self._number += 1
        return self._number
