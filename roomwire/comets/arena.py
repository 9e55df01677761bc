"""The arena of Comets, and how a comet moves in it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

WIDTH, HEIGHT = 1600, 900
REACH = 40
SPEED = 430
GRIP = 4  # how quickly a comet takes a new direction: a larger number turns faster
BOUNCE = 0.6
COAST = 0.5  # seconds that a comet flies on without news from its player
POP_REACH, POP_FORCE = 240, 900


class Point(NamedTuple):
    x: float
    y: float


class Orb(NamedTuple):
    id: int
    x: float
    y: float


@dataclass(slots=True)
class Comet:
    """Where a comet is, and how fast it flies."""

    x: float
    y: float
    vx: float = 0.0
    vy: float = 0.0
    heard: float = 0.0
    """When its player said so."""

    def distance(self, to: Point | Orb | Comet) -> float:
        return math.hypot(to.x - self.x, to.y - self.y)

    def steer(self, x: float, y: float, dt: float) -> None:
        """Accelerate in the direction of a vector of length 0 to 1, and bounce off the walls."""
        grip = 1 - math.exp(-GRIP * dt)
        self.vx += (x * SPEED - self.vx) * grip
        self.vy += (y * SPEED - self.vy) * grip
        self.x, self.vx = bounced(self.x + self.vx * dt, self.vx, WIDTH)
        self.y, self.vy = bounced(self.y + self.vy * dt, self.vy, HEIGHT)

    def push(self, away: Comet) -> None:
        """Be pushed away from a comet that pulses."""
        distance = self.distance(away)
        if distance > POP_REACH:
            return
        force = POP_FORCE * (1 - distance / POP_REACH) / (distance or 1)
        self.vx += (self.x - away.x) * force
        self.vy += (self.y - away.y) * force

    def by(self, now: float) -> Comet:
        """Return where the comet is by now, if it flew straight on."""
        flown = min(max(now - self.heard, 0.0), COAST)
        x = min(max(self.x + self.vx * flown, 0.0), WIDTH)
        y = min(max(self.y + self.vy * flown, 0.0), HEIGHT)
        return Comet(x, y, self.vx, self.vy, self.heard)


def bounced(at: float, speed: float, limit: float) -> tuple[float, float]:
    """Return position and speed after a bounce off the walls at 0 and `limit`."""
    if 0 <= at <= limit:
        return at, speed
    return min(max(at, 0.0), limit), -speed * BOUNCE
