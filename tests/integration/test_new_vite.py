"""What `relay new --vite` makes: installed, built, and played on Vite's server and on our own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from relay.cli import new
from tests.helpers.browser import Tabs
from tests.helpers.new_game import Game, address_in, ended_after, served
from tests.helpers.node import find_node

ROOT = Path(__file__).parents[2]
BROWSER = ROOT / "clients" / "browser"
LOCK = Path(__file__).with_name("vite") / "package-lock.json"
"""What npm installs beside our client: with hashes, and from whichever registry there is."""

USUAL = "http://localhost:8000"
pytestmark = pytest.mark.timeout(600)  # npm and its tools take their time on a busy machine


def npm(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run npm in a folder, with the Node that there is."""
    node = str(BROWSER / "node.py")
    command = [sys.executable, node, "npm", *arguments, "--prefix", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@dataclass
class Page:
    """A project whose page Vite builds."""

    game: Game
    vite: str = ""
    """Address of Vite's own server."""

    @property
    def web(self) -> Path:
        return self.game.project / "web"

    def name_its_relay(self) -> None:
        """Name the relay that runs in the one place for it, as `npm install URL` does."""
        text = (self.web / "package.json").read_text()
        assert USUAL in text
        (self.web / "package.json").write_text(text.replace(USUAL, self.game.url))

    def install(self) -> None:
        """Install as the README says: our client from the relay that runs, others by the lock."""
        shutil.copy(LOCK, self.web)
        ended = npm(self.web, "install", "--ignore-scripts", "--no-audit", "--no-fund")
        assert ended.returncode == 0, ended.stderr

    def build(self) -> str:
        """Build the page. Returns: what is wrong with it, if it cannot be built."""
        ended = npm(self.web, "run", "build")
        return ended.stdout + ended.stderr if ended.returncode else ""

    @contextmanager
    def on_vites_server(self) -> Iterator[str]:
        """Run Vite's server as `npm run dev` does, on a free port. Yields: its address."""
        assert json.loads((self.web / "package.json").read_text())["scripts"]["dev"] == "vite"
        process = subprocess.Popen(
            [find_node(), "node_modules/vite/bin/vite.js", "--port", "0"],
            cwd=self.web,
            env={**os.environ, "NO_COLOR": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        with ended_after(process):
            assert process.stdout is not None
            yield address_in(process.stdout)


@pytest.fixture(scope="module")
def canvas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with served_page(tmp_path_factory.mktemp("canvas"), "canvas") as page:
        page.install()
        with page.on_vites_server() as page.vite:
            yield page


@pytest.fixture(scope="module")
def turns(canvas: Page, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with served_page(tmp_path_factory.mktemp("turns"), "turns") as page:
        # What the other project has installed for the same package.json.
        theirs, ours = (each.web / "node_modules" for each in (canvas, page))
        shutil.copytree(theirs, ours, symlinks=True, ignore=shutil.ignore_patterns(".vite"))
        with page.on_vites_server() as page.vite:
            yield page


@contextmanager
def served_page(folder: Path, template: str) -> Iterator[Page]:
    new.make(folder / "pong", template, vite=True)
    with served(folder / "pong") as game:
        page = Page(game)
        page.name_its_relay()
        yield page


async def test_the_canvas_is_played_from_both_servers(canvas: Page, tabs: Tabs) -> None:
    async with httpx.AsyncClient() as http:
        assert "npm run build" in (await http.get(canvas.game.url)).text
    assert canvas.build() == ""
    ann = await tabs.open(f"{canvas.vite}/?name=Ann")
    bob = await tabs.open(f"{canvas.game.url}/?name=Bob")
    for tab in (ann, bob):
        await tab.locator("p", has_text="Room LOBBY, 2 here").wait_for()
    await ann.mouse.move(700, 400)
    await bob.wait_for_function("game.paths.get(1)?.at(-1)[1] > 500")
    await bob.mouse.move(300, 200)
    await ann.wait_for_function("game.paths.get(2)?.at(-1)[1] < 400")


async def test_turns_are_taken_from_both_servers(turns: Page, tabs: Tabs) -> None:
    assert turns.build() == ""
    ann = await tabs.open(f"{turns.vite}/?name=Ann")
    await ann.locator("p", has_text="It is your turn").wait_for()
    bob = await tabs.open(f"{turns.game.url}/?name=Bob")
    await bob.locator("p", has_text="It is the turn of Ann").wait_for()
    await ann.click("text=Take 3")
    await bob.click("text=Take 2")
    await ann.wait_for_function("document.getElementById('sticks').textContent.length === 16")


def test_a_slip_is_found_before_the_page_is_built(turns: Page) -> None:
    slip = turns.web / "slip.ts"
    slip.write_text('import { openRoom } from "roomwire-client";\nopenRoom({ room: 7 });\n')
    told = turns.build()
    slip.unlink()
    assert "slip.ts(2,10): error TS2345" in told
    assert "'number' is not assignable to type 'string'" in told


@pytest.mark.parametrize("template", ["canvas", "turns"])
def test_the_game_is_the_one_without_vite_with_types(template: str) -> None:
    plain = new.TEMPLATES / template / "page" / "game.js"
    typed = new.VITE / template / "web" / "game.ts"
    assert without_types(typed) == without_types(plain)


def without_types(game: Path) -> str:
    """Return a game without types and comments, and without where it finds client and relay."""
    esbuild = BROWSER / "node_modules" / "esbuild" / "bin" / "esbuild"
    printed = subprocess.run(
        [find_node(), esbuild, "--target=es2022", game], capture_output=True, text=True, check=True
    ).stdout
    printed = re.sub(r"^(import .*|const (?:home|relay) = .*)\n", "", printed, flags=re.M)
    return printed.replace("openRoom(relay, ", "openRoom(")


def test_the_lock_is_of_what_a_project_asks_for() -> None:
    asked = json.loads((new.VITE / "all" / "web" / "package.json").read_text())
    locked = json.loads(LOCK.read_text())["packages"][""]
    assert asked["devDependencies"] == locked["devDependencies"]
    assert list(asked["dependencies"]) == ["roomwire-client"]
