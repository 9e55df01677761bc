"""A bot of my-game: it goes round in a circle."""

import math

from roomwire import Bot

PLACE = 0  # key of the volatile value [time, x, y], as in page/game.js


class Circler(Bot):
    """One bot. `relay bots` runs as many of them as you like."""

    hz = 20
    angle = 0.0

    async def on_tick(self, dt: float) -> None:
        """Move on, and send the new place. Only the newest counts, so it is a volatile value."""
        self.angle += dt
        x = 480 + 200 * math.cos(self.angle + self.number)
        y = 300 + 200 * math.sin(self.angle + self.number)
        if self.room.clock.count:  # once the relay's time is known
            self.room.volatile(PLACE, [self.room.clock.now(), round(x), round(y)])
