"""The wheel is what users get: it runs without Node, so it must carry what Node built."""

import asyncio
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from importlib.metadata import files
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.helpers.relay import running_relay

ROOT = Path(__file__).parents[2]
CARRIED = {
    "clients/fuzz/grammar/grammar.schema.json",
    "clients/fuzz/grammar/reading.lua",
    "clients/fuzz/grammar/showing.lua",
    "roomwire/__init__.py",
    "roomwire/py.typed",
    "roomwire/testing.py",
    "protocol/SPEC.md",
    "relay/cli/templates/canvas/page/game.js",
    "relay/web/index.html",
    "relay/web/room.html",
    "relay/web/client/roomwire.js",
    "relay/web/client/roomwire.d.ts",
    "relay/web/client/roomwire-client.tgz",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build it with the packages at hand."""
    folder = tmp_path_factory.mktemp("dist")
    command = ["uv", "build", "--wheel", "--no-build-isolation", "--offline"]
    subprocess.run(
        [sys.executable, "-m", *command, "--python", sys.executable, "--out-dir", folder, ROOT],
        check=True,
        capture_output=True,
    )
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    """Return where it is unpacked."""
    with ZipFile(built) as archive:
        archive.extractall(built.parent / "unpacked")
    return built.parent / "unpacked"


@pytest.fixture
def names(wheel: Path) -> set[str]:
    """Return the names of its files."""
    return {path.relative_to(wheel).as_posix() for path in wheel.rglob("*") if path.is_file()}


def test_the_wheel_carries_what_was_built(names: set[str]) -> None:
    assert names >= CARRIED


def test_the_wheel_leaves_sources_of_the_browser_client_out(names: set[str]) -> None:
    assert not {name for name in names if name.startswith("clients/browser/")}


def test_the_wheel_gives_every_name(wheel: Path) -> None:
    program = (
        "import roomwire; from roomwire import *; print(roomwire.__file__, connect, create_app)"
    )
    run = subprocess.run(
        [sys.executable, "-P", "-c", program],
        env={**os.environ, "PYTHONPATH": str(wheel)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.startswith(str(wheel / "roomwire"))


Run = Callable[[str], subprocess.CompletedProcess[str]]
"""Runs a program in an environment of its own."""


@pytest.fixture
def alone(built: Path, tmp_path: Path) -> Callable[..., Run]:
    """Return what makes an environment of the wheel without its dependencies, and with these
    distributions as they are installed here."""

    def make(*distributions: str) -> Run:
        venv.create(tmp_path / "venv", with_pip=False)
        python = tmp_path / "venv/bin/python"
        install = ["uv", "pip", "install", "--no-deps", "--offline", "--python"]
        command: list[str | Path] = [sys.executable, "-m", *install, python, built]
        subprocess.run(command, check=True, capture_output=True)
        (packages,) = (tmp_path / "venv/lib").glob("*/site-packages")
        for name in distributions:
            for path in files(name) or ():
                if ".." not in path.parts:
                    (packages / path).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(path.locate(), packages / path)
        clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}

        def run(program: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [python, "-c", program], cwd=tmp_path, env=clean, capture_output=True, text=True
            )

        return run

    return make


def test_the_codec_needs_msgpack_alone(alone: Callable[..., Run]) -> None:
    run = alone("msgpack")
    done = run(
        "from protocol.codec import Role, decode, encode, pack, unpack\n"
        "from protocol.frames import Send\n"
        "from roomwire import ErrorCode, legible\n"
        "print(decode(encode(Send(None, pack({'x': 1}))), by=Role.CLIENT), ErrorCode.ARITY)"
    )
    assert done.stdout.startswith("Send(target=None, "), done.stderr


@pytest.mark.parametrize(
    ("name", "package"), [("connect", "websockets"), ("Bot", "websockets"), ("create_app", None)]
)
def test_what_is_not_installed_is_named(
    alone: Callable[..., Run], name: str, package: str | None
) -> None:
    done = alone("msgpack")(f"from roomwire import {name}")
    said = done.stderr.splitlines()[-1]
    assert said.startswith(f"ImportError: roomwire.{name} needs the package {package or ''!r}"[:-1])
    assert "`pip install roomwire` brings all that is needed" in said


def test_tests_of_a_codec_need_hypothesis_too(alone: Callable[..., Run]) -> None:
    program = (
        "from hypothesis import find\n"
        "from roomwire.testing import Opcode, Role, decode, frames, messages\n"
        "print(decode(find(messages(Role.CLIENT, Opcode.PING), bool), Role.CLIENT))"
    )
    done = alone("msgpack", "hypothesis", "sortedcontainers")(program)
    assert done.stdout == "Ping(t=0)\n", done.stderr


def test_the_command_says_what_is_not_installed(alone: Callable[..., Run]) -> None:
    done = alone("msgpack")("from relay.cli.main import main; main(['version'])")
    assert done.returncode == 2
    assert done.stderr == "relay: a command cannot be loaded: No module named 'cyclopts'\n"


async def test_a_client_needs_websockets_too(alone: Callable[..., Run]) -> None:
    run = alone("msgpack", "websockets")
    async with running_relay() as relay:
        program = (
            "import sys; from roomwire import Bot, Lobby, blocking\n"
            f"with blocking.connect({relay.url!r}, room='R') as room: print(room.code)\n"
            "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
        )
        done = await asyncio.to_thread(run, program)
    code, loaded = done.stdout.splitlines()
    assert code == "R", done.stderr
    assert not {"relay", "responder", "pydantic", "uvloop"} & set(loaded.split())
