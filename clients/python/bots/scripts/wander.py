"""A bot that plays Comets: it flies after orbs, pulses now and then, and says a word.

Copy it and change it: relay bots --script wander.py
"""

from __future__ import annotations

import math
import time

from roomwire import Bot, Event
from roomwire.comets import REACH, Comet, Game, Orb, Point

POPS_PER_SECOND = 0.05
LINES_PER_SECOND = 0.004
LINES = ("hello", "mine!", "so many orbs", "who is host?", "wheee", "after you", "nice one")
CHOICE = 3  # orbs to choose from, so that the bots do not all fly after the same one


class Wander(Bot):
    """Flies after one of the nearest orbs, and sways a little."""

    def __init__(self, number: int, seed: int = 0) -> None:
        super().__init__(number, seed)
        self._haste = self.random.uniform(0.45, 0.9)
        self._drift = self.random.uniform(0, math.tau)
        self._target: int | None = None

    async def on_join(self) -> None:
        self.game = Game(self.room, self.random)

    async def on_event(self, event: Event) -> None:
        self.game.handle(event, self._now())
        await self._send()

    async def on_tick(self, dt: float) -> None:
        self.game.step(dt, self._steer(dt), self._now())
        if self.random.random() < POPS_PER_SECOND * dt:
            self.game.pop()
        if self.random.random() < LINES_PER_SECOND * dt:
            self.game.say(self.random.choice(LINES))
        await self._send()

    async def _send(self) -> None:
        for wish in self.game.wishes():
            await wish(self.room)

    def _steer(self, dt: float) -> Point:
        self._drift += self.random.uniform(-2, 2) * dt
        x, y = math.cos(self._drift), math.sin(self._drift)
        mine, orb = self.game.mine, self._orb()
        if mine is not None and orb is not None:
            away = max(mine.distance(orb), 1.0)
            x = (orb.x - mine.x) / away + x * 0.35
            y = (orb.y - mine.y) / away + y * 0.35
        length = math.hypot(x, y) or 1.0
        return Point(x / length * self._haste, y / length * self._haste)

    def _orb(self) -> Orb | None:
        mine, orbs = self.game.mine, self.game.orbs
        if mine is None or not orbs:
            return None
        if self._target not in orbs or mine.distance(orbs[self._target]) < REACH / 2:
            self._target = self._choose(mine, list(orbs.values())).id
        return orbs[self._target]

    def _choose(self, mine: Comet, orbs: list[Orb]) -> Orb:
        return self.random.choice(sorted(orbs, key=mine.distance)[:CHOICE])

    def _now(self) -> float:
        return time.monotonic()
