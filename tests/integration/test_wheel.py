"""The wheel is what users get: it runs without Node, so it must carry what Node built.

It carries the site of the docs, too, where that was built: half a megabyte, for a `/guide` that is
there without internet and of the relay's own version.
"""

import asyncio
import os
import shlex
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from importlib.metadata import files
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest

from roomwire import Updated
from tests.helpers.guide import built_guide
from tests.helpers.new_game import ended_after, served
from tests.helpers.players import enter_async
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
    "relay/cli/templates/_vite/all/web/.gitignore",
    "relay/cli/templates/_vite/canvas/web/game.ts",
    "relay/guide/index.html",
    "relay/guide/typescript/index.html",
    "relay/web/decode.html",
    "relay/web/index.html",
    "relay/web/inspect.html",
    "relay/web/room.html",
    "relay/web/client/roomwire.js",
    "relay/web/client/roomwire.d.ts",
    "relay/web/client/roomwire-client.tgz",
}


COPIED = ("bots/scripts/wander.py", "examples/pygame_arena.py")
"""What users copy and change, in clients/python."""

ALONE = {
    "SDL_VIDEODRIVER": "dummy",
    "SDL_AUDIODRIVER": "dummy",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # as where ours are missing
}

pytestmark = pytest.mark.timeout(600)  # the site takes its time on a busy machine


def uv(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "uv", *arguments, "--python", sys.executable]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build it with the packages at hand."""
    built_guide()
    folder = tmp_path_factory.mktemp("dist")
    uv("build", "--wheel", "--no-build-isolation", "--offline", "--out-dir", folder, ROOT)
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


class Installed:
    """An environment with the wheel and what the lock has, and a folder to work in."""

    def __init__(self, wheel: Path, folder: Path) -> None:
        self.folder = folder
        self.programs = folder / "venv" / "bin"
        self.python = self.programs / "python"
        uv("venv", folder / "venv")
        install = ("pip", "install", "--prefix", folder / "venv")
        uv(*install, "--require-hashes", "-r", ROOT / "requirements.lock")
        uv(*install, "--no-deps", wheel)

    def start(self, command: str, folder: Path | None = None) -> "subprocess.Popen[str]":
        """Start one of its programs, as a shell would in which the environment is active."""
        name, *arguments = shlex.split(command)
        return subprocess.Popen(
            [self.programs / name, *arguments],
            cwd=folder or self.folder,
            env={**without_ours(), **ALONE},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, command: str, folder: Path | None = None) -> str:
        """Run one of its programs, and return what it printed; fail if it did."""
        with self.start(command, folder) as process:
            assert process.stdout is not None
            printed = process.stdout.read()
        assert process.returncode == 0, printed
        return printed


def without_ours() -> dict[str, str]:
    ours = ("PYTHON", "VIRTUAL_ENV", "COMPILED")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


async def test_what_it_makes_runs_where_no_checkout_is(built: Path, tmp_path: Path) -> None:
    here = Installed(built, tmp_path)
    home = here.run("python -c 'import roomwire; print(roomwire.__file__)'")
    assert home.startswith(str(here.folder / "venv"))

    here.run("relay new pong")
    assert "1 passed" in here.run("python -m pytest -p no:cacheprovider", tmp_path / "pong")
    for path in COPIED:
        shutil.copy(ROOT / "clients" / "python" / path, tmp_path)
    with served(tmp_path / "pong", here.python) as game:
        async with httpx.AsyncClient() as http:
            assert "<title>pong</title>" in (await http.get(game.url)).text
        async with enter_async(f"{game.url}/relay", room="R", name="Ann") as ann:
            where = f"--url {game.url}/relay --room R"
            with (
                ended_after(here.start(f"relay bots {where} --script wander.py --count 1")),
                ended_after(here.start(f"python pygame_arena.py {where}")),
            ):
                flying: set[str] = set()
                while flying != {"bot 1", "pygame"}:
                    flying.add((await ann.hears(Updated)).player.name)
