"""A game at a table where the relay is a script: frames in, wishes out."""

from __future__ import annotations

from random import Random

from clients.python.base_room import BaseRoom
from clients.python.core.commands import Slot
from clients.python.core.room_state import RoomState
from protocol.codec import pack, unpack
from protocol.frames import Send, Set, Update, Volatile
from roomwire.comets import Game
from roomwire.comets.arena import Point
from tests.helpers.scripted_relay import ScriptedRelay, as_it_stands, message, welcome

STILL = Point(0, 0)


class Seated(BaseRoom[int]):
    """The room of a client whose relay is a script."""

    def __init__(self, relay: ScriptedRelay) -> None:
        super().__init__(relay.client)

    @property
    def _facts(self) -> RoomState:
        return self._protocol.room

    @property
    def seq(self) -> int:
        return self._protocol.known_seq

    def _post(self, *messages: bytes) -> int:
        return [self._protocol.post(message) for message in messages][-1]

    def _volatile(self, slot: Slot, message: bytes) -> None:
        self._protocol.volatile(slot, message)

    def presence(self, state: object) -> None:
        raise NotImplementedError

    def drop(self) -> None:
        raise NotImplementedError


class Table:
    """Ann (player 1) is host, Bob (player 2) her guest; the game is that of `player`."""

    def __init__(self, player: int = 1) -> None:
        self.relay = ScriptedRelay().accepts()
        self.game = Game(Seated(self.relay), Random(1))
        self.seq = 3
        self.player = player

    def enter(self) -> Table:
        """Come to life, and forget what was sent meanwhile."""
        self.relay.says(welcome(player=self.player), *as_it_stands())
        self.go_on()
        self.sent()
        return self

    def go_on(self) -> None:
        """Give the game what it was told, and the relay what it wishes."""
        for event in self.relay.told():
            self.game.handle(event, self.relay.now)
        for wish in self.game.wishes():
            wish(self.game.room)

    def says(self, sender: int, value: object) -> Table:
        """Let a player say something."""
        self.seq += 1
        self.relay.says(message(self.seq, value, sender))
        self.go_on()
        return self

    def is_at(self, sender: int, position: object) -> Table:
        """Let a player tell where they are."""
        self.relay.says(Update(0, sender, pack(position)))
        self.go_on()
        return self

    def step(self, dt: float = 0.1, steer: Point = STILL) -> Table:
        """Let time pass."""
        self.relay.now += dt
        self.game.step(dt, steer, self.relay.now)
        self.go_on()
        return self

    def sent(self) -> list[tuple[object, object]]:
        """Return target and value of what the game has sent since the last time."""
        return [
            (frame.target, unpack(frame.payload))
            for frame in self._frames()
            if isinstance(frame, Send)
        ]

    def told(self) -> dict[int, object]:
        """Return the newest volatile values since the last time, by key."""
        return {
            frame.key: unpack(frame.payload)
            for frame in self._frames()
            if isinstance(frame, Volatile)
        }

    def written(self) -> dict[str, object]:
        """Return the properties written since the last time."""
        return {
            frame.key: unpack(frame.value)
            for frame in self._frames()
            if isinstance(frame, Set) and isinstance(frame.value, bytes)
        }

    def _frames(self) -> list[object]:
        return list(self.relay.heard())
