"""What `relay new` makes is run as its README says, tested by its own test, and played."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from relay.cli import new
from roomwire import Message, PresenceState, Updated
from tests.helpers.browser import Tabs
from tests.helpers.new_game import Game, served
from tests.helpers.players import enter_async
from tests.helpers.relay import relay_process

if TYPE_CHECKING:  # importing Playwright takes longer than most tests here
    from playwright.async_api import Page


def make(folder: Path, template: str) -> Path:
    """Make a project, and return its folder."""
    new.make(folder / "pong", template)
    return folder / "pong"


@pytest.mark.parametrize("template", ["canvas", "turns", "bot"])
def test_its_own_test_passes(template: str, tmp_path: Path) -> None:
    project = make(tmp_path, template)
    command = [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    # As where our plugins are missing, and whatever our own run was told.
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    ended = subprocess.run(command, cwd=project, env=alone, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout
    assert re.search(r"^[1-9] passed", ended.stdout, re.M)


async def test_three_bots_greet_a_player(tmp_path: Path) -> None:
    with relay_process() as relay:
        async with enter_async(relay.url, room="LOBBY", name="Ann") as ann:
            with Game(make(tmp_path, "bot"), relay.url).bots():
                await ann.sees(lambda room: len(room.players) == 4)
                greeting = await ann.hears(Message)
                assert greeting.value == {"t": "say", "text": "Hello, Ann!"}
                await ann.hears(Updated)


@pytest.fixture(scope="module")
def canvas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Game]:
    with served(make(tmp_path_factory.mktemp("canvas"), "canvas")) as game:
        yield game


AT_REST = """() => {
  const [before, now] = [globalThis.before, String([game.mine.x, game.mine.y])];
  globalThis.before = now;
  return before === now;
}"""


async def test_two_players_and_bots_move_on_the_canvas(canvas: Game, tabs: Tabs) -> None:
    ann = await tabs.open(f"{canvas.url}/?name=Ann")
    await ann.locator("p", has_text="Room LOBBY, 1 here").wait_for()
    await ann.mouse.move(300, 200)
    await ann.wait_for_function("game.mine.x < 300 && game.mine.y < 200")
    bob = await tabs.open(f"{canvas.url}/?name=Bob")  # Ann stands still, and yet he is told
    drawn = "game.placeAt(game.paths.get(1) ?? [[0]], game.room.clock.now() - 100_000)"
    await ann.wait_for_function(AT_REST)
    place = await ann.evaluate("[Math.round(game.mine.x), Math.round(game.mine.y)]")
    await bob.wait_for_function(f"it => String({drawn}) === String(it)", arg=place)
    with canvas.bots():
        await bob.wait_for_function("game.paths.size === 6 && game.room.players.size === 7")
        await ann.mouse.move(700, 400)
        await bob.wait_for_function(f"{drawn}[0] > 500")


COUNT_PICTURES = """
const clear = CanvasRenderingContext2D.prototype.clearRect;
globalThis.pictures = 0;
CanvasRenderingContext2D.prototype.clearRect = function (...area) {
  globalThis.pictures += 1;
  clear.apply(this, area);
};
"""
FRAMES = """(many) => new Promise((done) => {
  const next = () => (many-- ? requestAnimationFrame(next) : done(pictures));
  next();
})"""


async def test_a_game_that_stands_still_is_not_drawn_again(canvas: Game, tabs: Tabs) -> None:
    page = await tabs.open(f"{canvas.url}/?room=STILL")
    await page.context.add_init_script(COUNT_PICTURES)
    await page.reload()
    await page.locator("p", has_text="Room STILL, 1 here").wait_for()
    before = await page.evaluate(FRAMES, 2)
    assert before > 0
    assert await page.evaluate(FRAMES, 20) == before
    await page.mouse.move(300, 200)
    await page.wait_for_function("it => pictures > it + 1", arg=before)
    async with enter_async(f"{canvas.url}/relay", room="STILL", name="Bob") as bob:
        await page.locator("p", has_text="Room STILL, 2 here").wait_for()
        await page.wait_for_function(AT_REST)
        before = await page.evaluate(FRAMES, 2)
        assert await page.evaluate(FRAMES, 20) == before
        await bob.do(lambda room: room.presence(PresenceState.AWAY))
        await page.wait_for_function("it => pictures === it + 1", arg=before)


async def test_others_are_drawn_between_two_places(canvas: Game, tabs: Tabs) -> None:
    page = await tabs.open(f"{canvas.url}/?room=ALONE")
    await page.wait_for_function("globalThis.game")
    path = "[[0, 0, 0], [50_000, 10, 20], [9_000_000, 30, 20]]"
    times = "[-1, 25_000, 50_000, 8_000_000, 8_950_000, 1e9]"
    drawn = await page.evaluate(f"{times}.map(time => game.placeAt({path}, time))")
    assert drawn == [[0, 0], [5, 10], [10, 20], [10, 20], [20, 20], [30, 20]]


@pytest.fixture(scope="module")
def turns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Game]:
    with served(make(tmp_path_factory.mktemp("turns"), "turns")) as game:
        yield game


async def shows(page: Page, sticks: int, *texts: str) -> None:
    """Wait until the page shows so many sticks, and says this."""
    await page.wait_for_function(
        "it => document.getElementById('sticks').textContent.length === it", arg=sticks
    )
    for text in texts:
        await page.locator("p", has_text=text).wait_for()


async def test_two_players_take_turns(turns: Game, tabs: Tabs) -> None:
    ann = await tabs.open(f"{turns.url}/?name=Ann")
    await shows(ann, 21, "It is your turn", "The host is Ann")
    bob = await tabs.open(f"{turns.url}/?name=Bob")  # who joins late sees the game as it stands
    await shows(bob, 21, "It is the turn of Ann")
    await ann.click("text=Take 3")
    await shows(bob, 18, "It is your turn")
    await ann.evaluate("room.send({ take: 1 }, { to: room.host })")  # out of turn
    await bob.evaluate("room.setProperty('game', { sticks: 0, turn: 2 })")  # not the host's
    await bob.evaluate("room.drop()")
    await bob.click("text=Take 2")
    await shows(ann, 16, "It is your turn")
    await bob.reload()
    await shows(bob, 16, "It is the turn of Ann", "Here: Ann, Bob.")
    await bob.evaluate("room.presence(1)")  # as a hidden tab does; a lost one is marked alike
    await shows(ann, 16, "Here: Ann, Bob (away).")
    await bob.evaluate("room.presence(0)")
    await shows(ann, 16, "Here: Ann, Bob.")

    await ann.evaluate("room.leave()")  # the next host goes on
    await shows(bob, 16, "It is your turn", "The host is Bob")
    for sticks in (13, 10, 7, 4, 1):
        await bob.click("text=Take 3")
        await shows(bob, sticks)
    assert await bob.is_disabled("text=Take 2")
    await bob.click("text=Take 1")
    await shows(bob, 0, "Bob took the last stick, and lost.")
    await bob.click("text=New game")
    await shows(bob, 21, "It is your turn")
    with turns.bots():
        await bob.locator("p", has_text="Here: Bob, bot 1.").wait_for()
        await bob.click("text=Take 1")
        await bob.wait_for_function("room.properties.get('game').sticks < 20")
        await bob.locator("p", has_text="It is your turn").wait_for()
