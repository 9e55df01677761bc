"""The kit for tests: every name is there, typed, and nothing is loaded that it does not need."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import Any, assert_type

import pytest
from hypothesis.strategies import SearchStrategy

import roomwire.testing
from protocol import frames
from roomwire.testing import Case, Frame, PlayerInfo, Reader, Role, Said
from tests.test_roomwire import SERVER, loaded


@pytest.mark.parametrize("name", roomwire.testing.__all__)
def test_a_name_is_there_and_explained(name: str) -> None:
    found = getattr(roomwire.testing, name)
    assert not (inspect.isclass(found) or inspect.isroutine(found)) or found.__doc__


def test_it_has_every_frame() -> None:
    classes = {cls.__name__ for cls in (*frames.CLIENT_FRAMES, *frames.RELAY_FRAMES)}
    assert classes <= set(roomwire.testing.__all__)


def test_it_loads_no_relay_and_no_client() -> None:
    packages = loaded("import roomwire.testing")
    assert {"protocol", "clients", "hypothesis"} <= packages
    assert packages & {*SERVER, "websockets", "cyclopts"} == set()


def test_roomwire_alone_loads_no_hypothesis() -> None:
    assert "hypothesis" not in loaded("from roomwire import connect, create_app")


def test_it_says_what_is_not_installed() -> None:
    program = "import sys; sys.modules['hypothesis'] = None; import roomwire.testing"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.stderr.splitlines()[-1] == (
        "ImportError: roomwire.testing needs the package 'hypothesis', which is not installed. "
        "`pip install roomwire[testing]` brings all that is needed."
    )


def test_types_are_those_of_what_is_drawn() -> None:
    """mypy judges this one."""
    testing = roomwire.testing
    assert_type(testing.frames(Role.CLIENT), SearchStrategy[Frame])
    assert_type(testing.messages(Role.RELAY), SearchStrategy[bytes])
    assert_type(testing.instances(PlayerInfo), SearchStrategy[PlayerInfo])
    assert_type(testing.damaged(Reader.PAYLOAD), SearchStrategy[Case])
    assert_type(testing.legal(Reader.PAYLOAD), SearchStrategy[Case])
    assert_type(testing.conversations(), SearchStrategy[tuple[Said, ...]])
    assert_type(testing.game_values(), SearchStrategy[Any])
