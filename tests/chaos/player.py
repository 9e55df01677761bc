"""A player of a chaos run: says numbered frames and keeps its journal, whatever its client is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection

from protocol.close_codes import CloseCode
from protocol.frames import Frame, PresenceState
from protocol.kinds import Target
from tests.chaos import numbered
from tests.chaos.journal import (
    Acknowledged,
    Announced,
    Asked,
    Delivered,
    Expected,
    GivenUp,
    Heard,
    Journal,
    Sent,
)
from tests.chaos.pulse import Pulse

NOBODY = 2**32 - 1
"""A player number that no room reaches: the relay refuses to send there."""


class Out(Exception):
    """The room is over for the player who was about to say something."""


class Player(ABC):
    """What every client can do, and the numbers of what it did."""

    def __init__(self, label: str, pulse: Pulse) -> None:
        """Args: pulse: beats whenever this player hears something."""
        self.journal = Journal(label)
        self.pulse = pulse
        self.groups: set[int] = set()
        self.delivered: set[tuple[str, int]] = set()
        """Label and number of the frames that were heard."""
        self.trouble = ""
        """An end that nobody asked for, in words."""
        self.is_kicked = False
        self._is_finished = False
        self._number = 0
        self._update = 0

    # What a client is.

    @abstractmethod
    async def run(self) -> None:
        """Be in the room until `leave`, or until the relay says to stay away: `trouble`."""

    @property
    @abstractmethod
    def me(self) -> int:
        """This player's number."""

    @property
    @abstractmethod
    def is_host(self) -> bool:
        """Whether this player is host, as far as it knows."""

    @property
    @abstractmethod
    def others(self) -> Collection[int]:
        """The numbers of the other players, as far as they are known."""

    @property
    @abstractmethod
    def position(self) -> int:
        """The seq up to which everything was received."""

    @property
    @abstractmethod
    def taken(self) -> int:
        """Frames of this seat that were acknowledged."""

    @property
    def is_out(self) -> bool:
        """Whether the room is over for it, though it did not leave."""
        return self.is_kicked or bool(self.trouble)

    @property
    @abstractmethod
    def was_live(self) -> bool:
        """Whether it was live once."""

    @property
    @abstractmethod
    def is_settled(self) -> bool:
        """Whether the stream is live and every frame acknowledged."""

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

    @abstractmethod
    def presence(self, state: PresenceState) -> None:
        """Say whether somebody looks."""

    # What a player does. Each waits while the window is full, and notes what was said.

    async def send(self, target: Target, size: int = 0) -> int:
        """Send a numbered frame; return its number."""
        number = self._next_number()
        count = await self._send(numbered.make(self.journal.label, number, size), target)
        # No turn of the loop has passed since the client counted it, so that the position is its.
        expected: Expected = "refused" if target == NOBODY else "taken"
        self.journal.said.append(Sent(number, count, target, self.position, expected))
        return number

    async def set_property(self, key: str) -> None:
        """Write a property of the room, of which all are told."""
        number = self._next_number()
        count = await self._set(key, numbered.make(self.journal.label, number), None)
        self.journal.said.append(Sent(number, count, True, self.position))

    async def claim_property(self, key: str) -> None:
        """Write a property if there is none yet, which is refused if there is."""
        number = self._next_number()
        count = await self._set(key, numbered.make(self.journal.label, number), 0)
        self.journal.said.append(Sent(number, count, True, self.position, "either"))

    async def transfer(self, player: int) -> None:
        """Ask for another host, which may be refused."""
        count = await self._transfer(player)
        self.journal.said.append(Asked(count, self.position))

    async def kick(self, player: int) -> None:
        """Ask to remove a player, which may be refused."""
        count = await self._kick(player)
        self.journal.said.append(Asked(count, self.position))

    async def subscribe(self, add: Collection[int] = (), remove: Collection[int] = ()) -> None:
        """Join and leave groups."""
        groups = frozenset(add), frozenset(remove)
        self.groups = (self.groups | groups[0]) - groups[1]
        count = await self._subscribe(*groups)
        self.journal.said.append(Asked(count, self.position, *groups))

    def volatile(self, key: int) -> None:
        """Give a key a newer value."""
        self._update += 1
        self._volatile(key, numbered.make(self.journal.label, self._update))

    async def leave(self) -> None:
        """Give the seat up."""
        self.journal.said.append(Acknowledged(self.taken))
        await self._leave()

    def finish(self, is_complete: bool) -> None:
        """Close the journal. Complete: this player was there when everything had arrived."""
        if is_complete:
            self.journal.said.append(Acknowledged(self.taken))
        self.journal.is_complete = is_complete
        self._is_finished = True

    def _next_number(self) -> int:
        self._number += 1
        return self._number

    def reload(self) -> bool:
        """Forget all but the secret, as a page that is loaded again; say whether it did so."""
        return False

    def end(self, code: int, text: str) -> None:
        """Note that the relay tells this player to stay away."""
        self.is_kicked = code == CloseCode.KICKED
        self.trouble = "" if self.is_kicked else f"closed with {code}: {text}"
        self.pulse.beat()

    # What a player hears.

    def hear(self, heard: Heard) -> None:
        """Note something that the program was told."""
        if self._is_finished:
            return
        self.journal.heard.append(heard)
        if isinstance(heard, Delivered):
            self.delivered.add((heard.label, heard.number))
        self.pulse.beat()

    def give_up(self, sent: Collection[Frame]) -> None:
        """Note frames that will not be sent again."""
        if sent:
            self.journal.said.append(GivenUp(numbered.numbers(sent)))

    def announce(self, sent: Collection[Frame]) -> None:
        """Note frames of which the program was told that they are given up."""
        if sent:
            self.hear(Announced(numbered.numbers(sent)))
