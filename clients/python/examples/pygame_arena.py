"""Comets in a window: the room page's game, with pygame-ce and the blocking client.

    pip install pygame-ce
    python pygame_arena.py --room K7QF

Arrow keys or WASD steer, space pulses. Everything about the network is in `play`.
"""

from __future__ import annotations

import colorsys
import random
import time
from contextlib import suppress

import cyclopts
import pygame

from roomwire import BlockingRoom, RoomwireError, WindowFull, blocking, legible
from roomwire.comets import HEIGHT, POP_REACH, WIDTH, Comet, Game, Point

SCALE = 0.6  # pixels a unit
FRAMES_PER_SECOND = 60
NIGHT, DIM, BRIGHT, GOLD = (14, 16, 28), (120, 126, 150), (235, 238, 250), (255, 205, 90)

KEYS = {
    pygame.K_LEFT: Point(-1, 0),
    pygame.K_RIGHT: Point(1, 0),
    pygame.K_UP: Point(0, -1),
    pygame.K_DOWN: Point(0, 1),
    pygame.K_a: Point(-1, 0),
    pygame.K_d: Point(1, 0),
    pygame.K_w: Point(0, -1),
    pygame.K_s: Point(0, 1),
}


def main(*, room: str, url: str = "localhost:8000", name: str = "pygame") -> None:
    """Play Comets in a window.

    Args:
        room: the room's code
        url: address of the relay
        name: how others see you
    """
    try:
        with blocking.connect(url, room=room, name=name) as joined:
            pygame.init()
            play(joined, Game(joined, random.Random()), Window(f"Comets in {joined.code}"))
    except (RoomwireError, ValueError) as error:
        raise SystemExit(f"Cannot play: {error}") from None
    finally:
        pygame.quit()


def play(room: BlockingRoom, game: Game, window: Window, frames: int | None = None) -> None:
    """Play until the window or the room is closed, or for so many frames."""
    ticks = pygame.time.Clock()
    dt = 0.0
    while window.handle_input(game) and room.state != "closed" and frames != 0:
        now = time.monotonic()
        for event in room.poll():
            game.handle(event, now)
        game.step(dt, window.steer, now)
        for wish in game.wishes():
            with suppress(WindowFull):  # the relay is away, and a late grab or pop is of no use
                wish(room)
        window.draw(game, now)
        dt = ticks.tick(FRAMES_PER_SECOND) / 1000
        frames = None if frames is None else frames - 1


class Window:
    """The window and the keyboard."""

    def __init__(self, title: str) -> None:
        pygame.display.set_caption(title)
        self.screen = pygame.display.set_mode((int(WIDTH * SCALE), int(HEIGHT * SCALE)))
        self.font = pygame.font.Font(None, 20)
        self.held: set[int] = set()
        self.flashes: list[tuple[Comet, float]] = []

    @property
    def steer(self) -> Point:
        """The direction that the pressed keys point in."""
        held = [KEYS[key] for key in self.held]
        x, y = sum(each.x for each in held), sum(each.y for each in held)
        length = max((x * x + y * y) ** 0.5, 1.0)
        return Point(x / length, y / length)

    def handle_input(self, game: Game) -> bool:
        """Take keys; say whether to go on."""
        for event in pygame.event.get():
            if event.type == pygame.QUIT:
                return False
            if event.type == pygame.KEYDOWN and event.key == pygame.K_SPACE:
                game.pop()
            elif event.type == pygame.KEYDOWN and event.key in KEYS:
                self.held.add(event.key)
            elif event.type == pygame.KEYUP:
                self.held.discard(event.key)
        return True

    def draw(self, game: Game, now: float) -> None:
        """Show the arena."""
        self.screen.fill(NIGHT)
        self._draw_flashes(game, now)
        for orb in game.orbs.values():
            pygame.draw.circle(self.screen, GOLD, pixels(orb.x, orb.y), 5)
        for player, comet in game.others(now):
            self._draw_comet(game, player, comet)
        if game.mine is not None:
            self._draw_comet(game, game.room.me, game.mine)
        self._draw_status(game)
        pygame.display.flip()

    def _draw_comet(self, game: Game, player: int, comet: Comet) -> None:
        colour = colour_of(player)
        tail = pixels(comet.x - comet.vx * 0.12, comet.y - comet.vy * 0.12)
        pygame.draw.line(self.screen, colour, pixels(comet.x, comet.y), tail, 4)
        pygame.draw.circle(self.screen, colour, pixels(comet.x, comet.y), 9)
        known = game.room.player(player)
        crown = "* " if known.is_host else ""
        label = f"{crown}{legible(known.name) or player}  {game.scores.get(player, 0)}"
        self._write(label, (comet.x - 30, comet.y + 22), DIM)

    def _draw_flashes(self, game: Game, now: float) -> None:
        self.flashes += [(comet, now) for comet in game.pops]
        game.pops.clear()
        self.flashes = [flash for flash in self.flashes if now - flash[1] < 0.5]
        for comet, since in self.flashes:
            radius = POP_REACH * SCALE * (now - since) * 2
            pygame.draw.circle(self.screen, BRIGHT, pixels(comet.x, comet.y), radius, 1)

    def _draw_status(self, game: Game) -> None:
        room = game.room
        rtt = room.clock.rtt / 1000
        self._write(f"{room.code}  {room.state}  {len(room.players)} here  {rtt:.0f} ms", (12, 12))
        for line, (player, text) in enumerate(game.lines[-4:], start=1):
            who = legible(room.player(player).name) or player
            self._write(f"{who}: {legible(text)}", (12, 12 + line * 28), DIM)

    def _write(
        self, text: str, at: tuple[float, float], colour: tuple[int, int, int] = BRIGHT
    ) -> None:
        self.screen.blit(self.font.render(text, True, colour), pixels(*at))


def pixels(x: float, y: float) -> tuple[int, int]:
    """Return a point of the arena in pixels of the screen."""
    return int(x * SCALE), int(y * SCALE)


def colour_of(player: int) -> tuple[int, int, int]:
    """Return a player's colour: players of neighbouring numbers get very different ones."""
    r, g, b = colorsys.hls_to_rgb(player * 0.618 % 1, 0.62, 0.8)
    return int(r * 255), int(g * 255), int(b * 255)


if __name__ == "__main__":
    cyclopts.run(main)
