"""The game as one player sees it: what they hear, where they fly, and what they want to send."""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random
from typing import Any, TypeGuard

from roomwire import (
    EVERYONE,
    HOST,
    BaseRoom,
    Event,
    Left,
    Live,
    Message,
    PropertyChanged,
    RemoteProtocolError,
    Resumed,
    Updated,
)
from roomwire.comets.arena import HEIGHT, REACH, WIDTH, Comet, Orb, Point
from roomwire.comets.referee import Referee, Wish

POSITION, ROUND_TRIP = 0, 1
"""Keys of the volatile values."""

TELL_EVERY = 0.05  # seconds
RTT_EVERY = 2.0
ASK_AGAIN = 1.0
LONGEST_LINE = 200


class Game:
    """The game as one player sees it."""

    def __init__(self, room: BaseRoom[Any], random: Random) -> None:
        self.room = room
        self.orbs: dict[int, Orb] = {}
        self.scores: dict[int, int] = {}
        self.mine: Comet | None = None
        self.lines: list[tuple[int, str]] = []
        """What was said, and by whom. The code that shows a line removes it."""
        self.pops: list[Comet] = []
        """Where comets pulsed. The code that shows a pulse removes it."""
        self._random = random
        self._heard: dict[int, tuple[Updated, float] | Comet | None] = {}
        self._asked: dict[int, float] = {}
        self._wishes: list[Wish] = []
        self._told: list[int] = []
        self._told_at = self._rtt_at = -math.inf
        self._referee = Referee(self, random)

    def wishes(self) -> list[Wish]:
        """Take what the game wants to send."""
        wishes, self._wishes = self._wishes, []
        return wishes

    def wish(self, wish: Wish) -> None:
        """Add something to send."""
        self._wishes.append(wish)

    def comet(self, player: int) -> Comet | None:
        """Return a player's comet as they told of it last."""
        heard = self._heard.get(player)
        if isinstance(heard, tuple):
            # Decoded late: of a hundred positions that come in, few are looked at.
            self._heard[player] = heard = read_comet(*heard)
        return heard

    def others(self, now: float) -> Iterator[tuple[int, Comet]]:
        """Return the others' comets where they are by now, if they flew straight on."""
        for player in list(self._heard):
            if (comet := self.comet(player)) is not None:
                yield player, comet.by(now)

    def handle(self, event: Event, now: float) -> None:
        """Take one of the room's events."""
        match event:
            case Updated(key=key, sender=sender):
                if key == POSITION:
                    self._heard[sender] = (event, now)
                return
            case Message():
                self._message(event, now)
            case Left(player):
                self._heard.pop(player.number, None)
            case Live():
                self._begin()
            case Resumed(resumed=False):
                self._reset()
            case PropertyChanged(scope=0, key="scores") if not self.scores:
                self.scores = read_scores(readable(event))
        self._referee.handle(event, now)

    def step(self, dt: float, steer: Point, now: float) -> None:
        """Move my comet on by `dt` seconds and tell of it."""
        if self.mine is None or self.room.state != "live":
            return
        self.mine.steer(steer.x, steer.y, dt)
        self._tell(self.mine, now)
        self._grab(self.mine, now)
        self._referee.step(now)

    def pop(self) -> None:
        """Pulse, and push away the comets that are near."""
        if self.mine is not None:
            self.pops.append(self.mine)
            self.wish(lambda room: room.send({"t": "pop"}))

    def say(self, text: str) -> None:
        """Say a line to everyone, this player included."""
        line = {"t": "say", "text": text[:LONGEST_LINE]}
        self.wish(lambda room: room.send(line, to=EVERYONE))

    def _begin(self) -> None:
        me = self.room.players.get(self.room.me)
        if self.mine is None and me is not None and me.role == "player":
            self.mine = Comet(
                self._random.uniform(200, WIDTH - 200), self._random.uniform(150, HEIGHT - 150)
            )

    def _reset(self) -> None:
        """Forget the room, as a fresh stream tells it anew: numbers may mean other players."""
        self._heard.clear()
        self.orbs.clear()
        self.scores.clear()
        self._told = []

    def _tell(self, mine: Comet, now: float) -> None:
        if now - self._told_at >= TELL_EVERY:
            position = [round(mine.x), round(mine.y), round(mine.vx), round(mine.vy)]
            # A comet that stands still sends nothing: the relay keeps the newest value for joiners.
            if position != self._told:
                self.room.volatile(POSITION, position)
            self._told, self._told_at = position, now
        if now - self._rtt_at >= RTT_EVERY:
            self.room.volatile(ROUND_TRIP, self.room.clock.rtt / 1000)
            self._rtt_at = now

    def _grab(self, mine: Comet, now: float) -> None:
        for orb in self.orbs.values():
            if (
                mine.distance(orb) <= REACH
                and now - self._asked.get(orb.id, -ASK_AGAIN) >= ASK_AGAIN
            ):
                self._asked[orb.id] = now
                self.wish(grabbing(orb))

    def _message(self, event: Message, now: float) -> None:
        match readable(event):
            case {"t": "pop"}:
                self._popped(event.sender, now)
            case {"t": "say", "text": str(text)}:
                self.lines.append((event.sender, text[:LONGEST_LINE]))
            case {"t": "grab", "orb": int(orb)}:
                self._referee.grabbed(event.sender, orb, now)
            case {"t": "orbs", "orbs": list(orbs), "scores": scores}:
                if event.sender == self.room.host:
                    self.orbs = {orb.id: orb for orb in map(read_orb, orbs) if orb is not None}
                    self.scores = read_scores(scores)
                    self._asked = {n: at for n, at in self._asked.items() if n in self.orbs}

    def _popped(self, player: int, now: float) -> None:
        comet = self.comet(player)
        if comet is not None:
            self.pops.append(comet.by(now))
            if self.mine is not None:
                self.mine.push(comet.by(now))


def grabbing(orb: Orb) -> Wish:
    """Return the wish to have an orb."""
    return lambda room: room.send({"t": "grab", "orb": orb.id}, to=HOST)


# Other players may be bots, older, newer or hostile: check what they send before it is used.


def readable(event: Message | Updated | PropertyChanged) -> Any:
    """Return what was packed, or None if it cannot be unpacked."""
    try:
        return event.value
    except RemoteProtocolError:
        return None


def is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and math.isfinite(value)


def read_comet(event: Updated, heard: float) -> Comet | None:
    """Return the comet that a player told of, or None if the value is no comet."""
    match readable(event):
        case [x, y, vx, vy, *_] if all(map(is_number, (x, y, vx, vy))):
            return Comet(x, y, vx, vy, heard)
    return None


def read_orb(value: object) -> Orb | None:
    match value:
        case [int(number), x, y] if is_number(x) and is_number(y):
            return Orb(number, x, y)
    return None


def read_scores(value: object) -> dict[int, int]:
    scores = value.items() if isinstance(value, dict) else ()
    return {int(n): score for n, score in scores if n.isdecimal() and isinstance(score, int)}
