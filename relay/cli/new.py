"""The command `relay new`: it copies a small project that runs from a folder of templates.

A template is such a project itself, with the name `my-game`. The copy gets another name.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import Literal

from cyclopts import CycloptsError

from relay.cli.printing import say

TEMPLATES = Path(__file__).with_name("templates")
PLACEHOLDER = "my-game"
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
"""Names that are a valid folder on every system, and a valid name of a game."""

CACHES = shutil.ignore_patterns("__pycache__", ".*")
"""Folders that appear when a template runs. They are not copied."""

PLAY = "{python} serve.py    # then open http://localhost:8000 in two tabs"
FIRST_STEPS = {
    "canvas": PLAY,
    "turns": PLAY,
    "bot": "{relay} serve    # README.md lets the bot join",
}
"""What to run first, for each template."""


def new(
    name: str,
    /,
    *,
    template: Literal["canvas", "turns", "bot"] = "canvas",
) -> None:
    """Make a small game that runs. Change it into your own.

    Args:
        name: of the game, and of the folder that is made for it
        template: canvas (things that move), turns (a game of moves), bot (no page)
    """
    make(Path(_checked(name)), template)
    say(_next_steps(name, template))


def make(folder: Path, template: str) -> None:
    """Copy a template. The game gets the folder's name.

    Raises:
        CycloptsError: the folder is there already, or cannot be made.
    """
    try:
        shutil.copytree(TEMPLATES / template, folder, ignore=CACHES)
        for path in folder.rglob("*.*"):
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace(PLACEHOLDER, folder.name), encoding="utf-8", newline="\n")
    except FileExistsError:
        why = f"{folder} is there already: choose another name, or move it away"
        raise CycloptsError(msg=why) from None
    except OSError as error:
        raise CycloptsError(msg=f"{folder} cannot be made: {error.strerror}") from error


def _checked(name: str) -> str:
    if NAME.fullmatch(name):
        return name
    raise CycloptsError(
        msg=f"{name!r} cannot be a game's name: 1 to 32 letters, digits, '_' or '-', a letter first"
    )


def _next_steps(name: str, template: str) -> str:
    python = _command("python")
    first = FIRST_STEPS[template].format(python=python, relay=_command("relay"))
    return f"cd {name}\n{first}\n{python} -m pytest    # plays two players against a relay"


def _command(name: str) -> str:
    """Return how to call a program of this environment: its name alone, if a shell finds it."""
    ours, found = Path(sys.executable).parent, shutil.which(name)
    return name if found and Path(found).parent == ours else str(ours / name)
