"""What the host does: it lays orbs out, decides who got one, and tells everybody.

Every player has a referee, and only the host's referee acts. It goes on from what the last host
told, so the game outlives each of its hosts.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from typing import Any, Protocol, TypeAlias

from roomwire import (
    EVERYONE,
    BaseRoom,
    Event,
    HostChanged,
    Joined,
    Left,
    Live,
    PresenceChanged,
    PresenceState,
    Reconnecting,
)
from roomwire.comets.arena import HEIGHT, REACH, WIDTH, Comet, Orb

ORBS = 12
MARGIN = 60
DOUBT = 160  # units by which the host may misplace a comet: a claim within them is no cheating
REMEMBER_EVERY = 1.0  # seconds between two notes of the scores in the room itself


Wish: TypeAlias = Callable[[BaseRoom[Any]], Any]
"""Something to send. Call it with the room; await the result if the room is async."""


class Play(Protocol):
    """The game, as far as its referee decides about it."""

    room: BaseRoom[Any]
    orbs: dict[int, Orb]
    scores: dict[int, int]
    mine: Comet | None

    def wish(self, wish: Wish) -> None:
        """Add something to send."""

    def comet(self, player: int) -> Comet | None:
        """Return a player's comet as they told of it last."""


class Referee:
    """The host's part of the game. Each player has one, ready to become host."""

    def __init__(self, game: Play, random: Random) -> None:
        self._game = game
        self._random = random
        self._is_live = False
        self._remembered_at = -math.inf
        self._is_to_remember = False

    def handle(self, event: Event, now: float) -> None:
        """Take one of the room's events."""
        match event:
            case Live():
                self._is_live = True
                self._begin()
            case Reconnecting():
                self._is_live = False
            case HostChanged():
                self._begin()
            case Joined():
                self._tell()
            case PresenceChanged(player) if player.state == PresenceState.HERE:
                self._tell()
            case Left(player):
                self._game.scores.pop(player.number, None)
                self._tell()

    def step(self, now: float) -> None:
        """Write the scores into the room, for a next host who has heard nothing yet."""
        if self._is_to_remember and now - self._remembered_at >= REMEMBER_EVERY:
            self._is_to_remember = False
            self._remembered_at = now
            scores = self._scores()
            self._game.wish(lambda room: room.set_property("scores", scores))

    def grabbed(self, player: int, orb_id: int, now: float) -> None:
        """Judge a player's claim that their comet touches an orb."""
        orb = self._game.orbs.get(orb_id)
        comet = self._comet(player, now)
        # Two comets may touch one orb at once. The relay's order decides: the second finds it gone.
        if not self._is_acting or orb is None or comet is None:
            return
        if comet.distance(orb) > REACH + DOUBT:
            return
        del self._game.orbs[orb.id]
        self._game.scores[player] = self._game.scores.get(player, 0) + 1
        self._lay_orb()
        self._tell()
        self._is_to_remember = True

    @property
    def _is_acting(self) -> bool:
        return self._is_live and self._game.room.is_host

    def _comet(self, player: int, now: float) -> Comet | None:
        if player == self._game.room.me:
            return self._game.mine
        comet = self._game.comet(player)
        return comet and comet.by(now)

    def _begin(self) -> None:
        if self._is_acting:
            while len(self._game.orbs) < ORBS:
                self._lay_orb()
            self._tell()

    def _lay_orb(self) -> None:
        number = max(self._game.orbs, default=0) + 1
        x = self._random.randint(MARGIN, WIDTH - MARGIN)
        y = self._random.randint(MARGIN, HEIGHT - MARGIN)
        self._game.orbs[number] = Orb(number, x, y)

    def _tell(self) -> None:
        if self._is_acting:
            orbs = [list(orb) for orb in self._game.orbs.values()]
            told = {"t": "orbs", "orbs": orbs, "scores": self._scores()}
            self._game.wish(lambda room: room.send(told, to=EVERYONE))

    def _scores(self) -> dict[str, int]:
        return {str(player): score for player, score in self._game.scores.items()}
