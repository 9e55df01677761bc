"""Finds the bot that `--script` names."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from pathlib import Path
from types import ModuleType

from clients.python.bots.kit import Bot

BUILT_IN = {
    "wander": "clients.python.bots.scripts.wander:Wander",
    "echo": "clients.python.bots.scripts.echo:Echo",
    "idle": "clients.python.bots.scripts.idle:Idle",
}


class NoScript(Exception):
    """The script cannot be used. The text says why, and what to name instead."""


def load(script: str) -> type[Bot]:
    """Return the bot of a script: a name, `module:Class`, `path.py` or `path.py:Class`.

    Raises:
        NoScript: there is none, or several to choose from.
    """
    where, _, name = BUILT_IN.get(script, script).partition(":")
    if where.endswith(".py"):
        module = _file(Path(where))
    elif name:
        module = _module(where)
    else:
        names = ", ".join(BUILT_IN)
        raise NoScript(f"no script is called {script!r}: name {names}, module:Class or a file.py")
    return _named(module, name, script) if name else _only(module, script)


def _file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise NoScript(f"there is no file {path}")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and the like look their own module up.
    sys.modules[spec.name] = module
    # A script imports the files beside it, as under `python script.py`. They come last, so that
    # none of them takes the place of a library.
    sys.path.append(str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
    except ImportError as error:
        raise NoScript(f"{path} cannot be loaded: {error}") from error
    return module


def _module(name: str) -> ModuleType:
    # As `python -m` does: what lies where the user is can be named.
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise NoScript(f"there is no module {error.name!r}") from error


def _named(module: ModuleType, name: str, script: str) -> type[Bot]:
    found = getattr(module, name, None)
    if inspect.isclass(found) and issubclass(found, Bot):
        return found
    raise NoScript(f"{script!r} names no subclass of roomwire.Bot")


def _only(module: ModuleType, script: str) -> type[Bot]:
    bots = [
        each
        for each in vars(module).values()
        if inspect.isclass(each) and issubclass(each, Bot) and each.__module__ == module.__name__
    ]
    if len(bots) == 1:
        return bots[0]
    names = ", ".join(f"{script}:{each.__name__}" for each in bots)
    raise NoScript(
        f"{script} has several bots: name one of {names}" if bots else f"{script} has no bot"
    )
