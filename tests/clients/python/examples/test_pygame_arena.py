"""The pygame example, playing without a screen."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from random import Random

import pytest

os.environ |= {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"}
os.environ["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"

import pygame

from clients.python import Message, Updated, blocking
from clients.python.blocking import BlockingRoom
from clients.python.events import Event
from clients.python.examples import pygame_arena
from roomwire.comets import Game
from tests.helpers.relay import RelayProcess, relay_process

PATIENCE = 30.0  # seconds, on a busy machine


@pytest.fixture(scope="module")
def relay() -> Iterator[RelayProcess]:
    with relay_process() as relay:
        yield relay


@pytest.fixture
def window() -> Iterator[pygame_arena.Window]:
    pygame.init()
    yield pygame_arena.Window("test")
    pygame.quit()


def press(key: int, *, release: bool = False) -> None:
    pygame.event.post(pygame.event.Event(pygame.KEYUP if release else pygame.KEYDOWN, key=key))


def events_until_pop(room: BlockingRoom) -> Iterator[Event]:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        for event in room.poll():
            yield event
            if isinstance(event, Message) and event.value == {"t": "pop"}:
                return
    pytest.fail("nobody popped")


def test_its_comet_flies_and_pops_and_the_arena_is_drawn(
    relay: RelayProcess, window: pygame_arena.Window
) -> None:
    with (
        blocking.connect(relay.url, room="FLY", name="wat\u202ech\0er") as watcher,
        blocking.connect(relay.url, room="FLY", name="player") as player,
    ):
        game = Game(player, Random(1))
        game.lines.append((watcher.me, "pygame can\0not draw this"))
        pygame_arena.play(player, game, window, frames=1)
        assert game.mine is not None
        start = game.mine.x
        press(pygame.K_RIGHT)
        pygame_arena.play(player, game, window, frames=30)
        press(pygame.K_SPACE)
        press(pygame.K_RIGHT, release=True)
        pygame_arena.play(player, game, window, frames=5)

        told = [
            event.value
            for event in events_until_pop(watcher)
            if isinstance(event, Updated) and event.sender == player.me and event.key == 0
        ]
        x, *_ = told[-1]
        assert x > start + 20
        assert x == pytest.approx(game.mine.x, abs=200)
        assert window.held == set()
    colours = {tuple(window.screen.get_at((x, y))) for x in range(0, 960, 3) for y in range(540)}
    assert pygame_arena.colour_of(player.me) in {colour[:3] for colour in colours}


def test_closing_the_window_ends_the_game(relay: RelayProcess, window: pygame_arena.Window) -> None:
    with blocking.connect(relay.url, room="QUIT") as room:
        pygame.event.post(pygame.event.Event(pygame.QUIT))
        pygame_arena.play(room, Game(room, Random(1)), window)
        assert room.state == "live"


def test_it_is_a_program(relay: RelayProcess) -> None:
    command = [sys.executable, "-m", pygame_arena.__name__, "--room", "K7QF", "--url"]
    with blocking.connect(relay.url, room="K7QF") as watcher:
        with subprocess.Popen([*command, relay.url]) as process:
            ends = time.monotonic() + PATIENCE
            while len(watcher.players) < 2 and time.monotonic() < ends:
                watcher.poll()
                time.sleep(0.01)
            process.terminate()
        assert watcher.players[watcher.me + 1].name == "pygame"
    failed = subprocess.run([*command, "127.0.0.1:1"], capture_output=True, text=True, timeout=60)
    assert failed.returncode == 1
    assert failed.stderr.startswith("Cannot play: nothing listens at ws://127.0.0.1:1")
