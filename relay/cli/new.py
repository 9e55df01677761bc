"""The command `relay new`: it copies a small project that runs from a folder of templates.

A template is such a project itself, with the name `my-game`. The copy gets another name. With
Vite, the page's source is in TypeScript: the files in `_vite` take the place of the plain ones.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import CycloptsError, Parameter

from relay.cli.printing import say

TEMPLATES = Path(__file__).with_name("templates")
PLACEHOLDER = "my-game"
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
"""Names that are a valid folder on every system, and a valid name of a game."""

CACHES = shutil.ignore_patterns("__pycache__", ".*_cache")
"""Folders that appear when a template runs. They are not copied."""

VITE = TEMPLATES / "_vite"
MOVED = {"page/game.js": "web/game.ts", "game.js": "game.ts"}
"""What the files of a template call others, and with Vite."""

PLAY = "{python} serve.py    # then open http://localhost:8000 in two tabs"
FIRST_STEPS = {
    "canvas": PLAY,
    "turns": PLAY,
    "bot": "{relay} serve    # README.md lets the bot join",
}
"""What to run first, for each template."""

VITE_STEPS = """{python} serve.py    # the relay; the rest in another terminal, in web/
npm install && npm run dev    # then open http://localhost:5173 in two tabs"""
"""What to run first where Vite builds the page."""


def new(
    name: str,
    /,
    *,
    template: Literal["canvas", "turns", "bot"] = "canvas",
    vite: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Make a small game that runs. Change it into your own.

    Args:
        name: of the game, and of the folder that is made for it
        template: canvas (things that move), turns (a game of moves), bot (no page)
        vite: the page is in TypeScript, and Vite builds it; needs Node 20.19, or 22.12 and newer
    """
    if vite and not (VITE / template).exists():
        raise CycloptsError(msg=f"a {template} has no page that Vite could build")
    make(Path(_checked(name)), template, vite=vite)
    say(_next_steps(name, VITE_STEPS if vite else FIRST_STEPS[template]))


def make(folder: Path, template: str, *, vite: bool = False) -> None:
    """Copy a template. The game gets the folder's name.

    Raises:
        CycloptsError: the folder is there already, or cannot be made.
    """
    words = {**(MOVED if vite else {}), PLACEHOLDER: folder.name}
    try:
        shutil.copytree(TEMPLATES / template, folder, ignore=CACHES)
        if vite:
            _let_vite_build(folder, template)
        for path in folder.rglob("*.*"):
            _replace(path, words)
    except FileExistsError:
        why = f"{folder} is there already: choose another name, or move it away"
        raise CycloptsError(msg=why) from None
    except OSError as error:
        raise CycloptsError(msg=f"{folder} cannot be made: {error.strerror}") from error


def _let_vite_build(folder: Path, template: str) -> None:
    """Have the page's source in web/, and in page/ what is built from it."""
    (folder / "page").rename(folder / "web")
    (folder / "web" / "game.js").unlink()
    for overlay in ("all", template):
        shutil.copytree(VITE / overlay, folder, ignore=CACHES, dirs_exist_ok=True)


def _replace(path: Path, words: dict[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for word, other in words.items():
        text = text.replace(word, other)
    path.write_text(text, encoding="utf-8", newline="\n")


def _checked(name: str) -> str:
    if NAME.fullmatch(name):
        return name
    raise CycloptsError(
        msg=f"{name!r} cannot be a game's name: 1 to 32 letters, digits, '_' or '-', a letter first"
    )


def _next_steps(name: str, steps: str) -> str:
    python = _command("python")
    first = steps.format(python=python, relay=_command("relay"))
    return f"cd {name}\n{first}\n{python} -m pytest    # lets a bot play, with a relay of its own"


def _command(name: str) -> str:
    """Return how to call a program of this environment: its name alone, if a shell finds it."""
    ours, found = Path(sys.executable).parent, shutil.which(name)
    return name if found and Path(found).parent == ours else str(ours / name)
