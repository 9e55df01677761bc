"""A player of a chaos run. With any client, it does things and keeps a journal."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from random import Random

from protocol.close_codes import CloseCode
from protocol.fields.field_types import Target
from protocol.frames import HelloOptions, PresenceState
from tests.chaos.journal import Delivered, Heard, Journal
from tests.chaos.pulse import Pulse

NOBODY = 2**32 - 1
"""A player number that no room reaches, so the relay refuses frames to it."""


class Out(Exception):
    """A player wanted to say something, but the room is over for it."""


class Player(ABC):
    """A player with any client."""

    def __init__(self, label: str, pulse: Pulse) -> None:
        """Args: pulse: beats whenever this player hears something."""
        self.journal = Journal(label)
        self.pulse = pulse
        self.groups: set[int] = set()
        self.delivered: set[tuple[str, int]] = set()
        """Label and number of the frames that it heard."""
        self.trouble = ""
        """Why the player ended although nobody asked it to, in words."""
        self.is_kicked = False
        self._is_finished = False

    @abstractmethod
    async def run(self) -> None:
        """Be in the room until `leave`, or until the relay says to stay away: `trouble`."""

    # How it stands.

    @property
    @abstractmethod
    def me(self) -> int:
        """This player's number."""

    @property
    @abstractmethod
    def others(self) -> Collection[int]:
        """The numbers of the other players that it knows."""

    @property
    @abstractmethod
    def taken(self) -> int:
        """Frames of this seat that were acknowledged."""

    @property
    @abstractmethod
    def was_live(self) -> bool:
        """Whether it was ever live."""

    @property
    @abstractmethod
    def is_settled(self) -> bool:
        """Whether the stream is live and every frame acknowledged."""

    @property
    def is_out(self) -> bool:
        """Whether the room is over for it, although it did not leave."""
        return self.is_kicked or bool(self.trouble)

    # What it can do. Each act waits while the window is full. It raises Out or a client's own error
    # if the room is over.

    @abstractmethod
    async def send(self, target: Target, size: int = 0) -> int:
        """Send a numbered frame; return its number."""

    @abstractmethod
    async def set_property(self, key: str, expected: int | None = None) -> None:
        """Write a property of the room. All players hear of it.

        Args: expected: write only if the property has this version; otherwise it is refused.
        """

    @abstractmethod
    async def transfer(self, player: int) -> None:
        """Ask for another host, which may be refused."""

    @abstractmethod
    async def kick(self, player: int) -> None:
        """Ask to remove a player, which may be refused."""

    @abstractmethod
    async def subscribe(self, add: Collection[int] = (), remove: Collection[int] = ()) -> None:
        """Join and leave groups."""

    @abstractmethod
    async def volatile(self, key: int) -> None:
        """Give a key a newer value."""

    @abstractmethod
    async def presence(self, state: PresenceState) -> None:
        """Say HERE or AWAY."""

    def reload(self) -> bool:
        """Forget everything but the secret, as a reloaded page does; say whether it did."""
        return False

    @abstractmethod
    async def leave(self) -> None:
        """Give the seat up."""

    def finish(self, is_complete: bool) -> None:
        """Close the journal. Args: complete: it was there when everything had arrived."""
        self.journal.is_complete = is_complete
        self._is_finished = True

    # What happens to it.

    def end(self, code: int, text: str) -> None:
        """Note that the relay tells this player to stay away."""
        self.is_kicked = code == CloseCode.KICKED
        self.trouble = "" if self.is_kicked else f"closed with {code}: {text}"
        self.pulse.beat()

    def hear(self, heard: Heard) -> None:
        """Note something that the program was told."""
        if self._is_finished:
            return
        self.journal.heard.append(heard)
        if isinstance(heard, Delivered):
            self.delivered.add((heard.label, heard.number))
        self.pulse.beat()


MakePlayer = Callable[[str, Pulse, str, HelloOptions, Random], Player]
"""Makes a player, given a label, a pulse to beat, a room's URL, and a source of chance."""
