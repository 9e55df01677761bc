"""The facade: every name is there, typed, and loaded no sooner than it is asked for."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path
from typing import assert_type

import pytest

import clients.python
import roomwire
from clients.python.connect import connect
from relay.policy.config import Settings
from roomwire import Bot, Message

SOURCE = ast.parse(Path(roomwire.__file__).read_text("utf-8"))
SERVER = {"relay", "responder", "starlette", "uvicorn", "pydantic", "prometheus_client"}


def loaded(program: str) -> set[str]:
    """Run a program, and return the packages that it has loaded at its end."""
    ending = "\nimport sys\nprint(*{name.partition('.')[0] for name in sys.modules})"
    run = subprocess.run(
        [sys.executable, "-c", program + ending],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
    return set(run.stdout.split())


def test_to_import_it_loads_nothing() -> None:
    packages = loaded("import roomwire\ndir(roomwire)")
    assert "roomwire" in packages
    assert packages & {"protocol", "clients", "msgpack", "websockets", *SERVER} == set()


@pytest.mark.parametrize(
    "names", ["connect, Message", "blocking", "Bot, bot", "Lobby", "ErrorCode"]
)
def test_a_client_loads_no_server(names: str) -> None:
    packages = loaded(f"from roomwire import {names}")
    assert "protocol" in packages
    assert packages & SERVER == set()


def test_a_server_loads_no_client() -> None:
    packages = loaded("from roomwire import Settings, create_app")
    assert "relay" in packages
    assert "clients" not in packages


@pytest.mark.parametrize("name", roomwire.__all__)
def test_a_name_is_what_checkers_and_editors_take_it_for(name: str) -> None:
    """Those read the imports, and Python the table of homes."""
    (home,) = (
        node.module
        for node in ast.walk(SOURCE)
        if isinstance(node, ast.ImportFrom) and name in {alias.name for alias in node.names}
    )
    assert home == roomwire.HOMES.get(name, roomwire.CLIENT)
    found = getattr(roomwire, name)
    assert found is getattr(sys.modules[str(home)], name)
    assert not (inspect.isclass(found) or inspect.isroutine(found)) or found.__doc__


def test_it_has_all_of_the_client() -> None:
    assert set(clients.python.__all__) <= set(roomwire.__all__)


def test_dir_shows_every_name() -> None:
    assert set(roomwire.__all__) <= set(dir(roomwire))


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="'roomwire' has no attribute 'conect'"):
        _ = roomwire.conect  # type: ignore[attr-defined]


def test_types_are_those_of_the_names_themselves() -> None:
    """mypy judges this one."""
    assert_type(roomwire.connect, type[connect])
    assert_type(roomwire.Settings(), Settings)
    assert_type(Message(1, 2, b"").is_history, bool)
    assert_type(Bot(1).hz, float)
