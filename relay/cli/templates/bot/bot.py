"""A bot of my-game: it greets everybody, and flies in a circle.

The page of every room shows it: http://localhost:8000/r/LOBBY
"""

import math

from roomwire import Bot, Event, Joined

POSITION = 0  # key of the volatile value [x, y, vx, vy], as the room's page reads it
MIDDLE = (800, 450)
RADIUS = 200


class Greeter(Bot):
    """One bot. `relay bots` runs as many of them as you like."""

    hz = 20

    async def on_join(self) -> None:
        """Start at a random point of the circle."""
        self.angle = self.random.uniform(0, math.tau)

    async def on_event(self, event: Event) -> None:
        """Greet each player: those who are here already, and those who come later."""
        match event:
            case Joined(player) if player.number != self.room.me:
                hello = {"t": "say", "text": f"Hello, {player.name}!"}
                await self.room.send(hello, to=player)

    async def on_tick(self, dt: float) -> None:
        """Fly on. Only the newest position counts, so it is a volatile value."""
        self.angle += dt
        x = MIDDLE[0] + RADIUS * math.cos(self.angle)
        y = MIDDLE[1] + RADIUS * math.sin(self.angle)
        self.room.volatile(POSITION, [round(x), round(y), 0, 0])
