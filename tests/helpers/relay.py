"""Relays for tests: one in the test's own event loop, one in a process of its own."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import responder

from relay.broker import Broker
from relay.cluster.bus import Bus
from relay.http.app import create_app
from relay.node.node import Node
from relay.node.on_join import OnJoin
from relay.policy.config import Settings
from relay.policy.spelling import ENVIRONMENT, by_option
from relay.server.process import Listener, listen, make_server
from tests.helpers.forked import Forked
from tests.helpers.portable import without_extensions

ADDRESS = re.compile(r"http://\S+")
IS_PORTABLE = os.environ.get("LINK") == "portable"
"""Whether relays use the portable link, which runs on any ASGI server, unless a test says so."""

MODULE = "tests.helpers.portable" if IS_PORTABLE else "relay"
"""The module with the command line of `relay`."""

AS_SERVICE = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""
"""Starts a program as a service manager does that has bound a socket."""

PONG_SECONDS = 120
"""Seconds for the answer to a ping. Peers of tests answer only while the test waits for them, and
that may be long on a busy machine."""

END_SECONDS = 30  # seconds for a process to end by itself
SLOW_END_SECONDS = 120  # the same under a program such as valgrind


class Python(NamedTuple):
    """An interpreter, and variables for its environment: they say where it finds the relay."""

    path: str
    environment: Mapping[str, str]


THIS_PYTHON = Python(sys.executable, {})


@dataclass(frozen=True)
class RunningRelay:
    """A relay in this event loop, behind a real socket."""

    app: responder.API
    listener: Listener

    @property
    def node(self) -> Node:
        node: Node = self.app.state.node
        return node

    @property
    def token(self) -> str:
        """Its operator's."""
        token: str = self.app.state.token
        return token

    def meets(self, bus: Bus) -> None:
        """Let it tell other nodes what it knows of players, and ask them."""
        self.app.state.overviews.meet(bus)

    @property
    def url(self) -> str:
        """Its URL, such as http://127.0.0.1:8000."""
        return self.listener.url

    def link_url(self, room: str) -> str:
        """Return the address of a room's WebSocket."""
        return link_url(self.url, room)


@dataclass(frozen=True)
class RelayProcess:
    """A relay in a process of its own."""

    process: "Forked | subprocess.Popen[str]"
    url: str
    log_file: Path

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    @property
    def log(self) -> str:
        """Its log so far."""
        return self.log_file.read_text()

    def link_url(self, room: str) -> str:
        """Return the address of a room's WebSocket."""
        return link_url(self.url, room)

    def end(self) -> int:
        """Ask it to end, and wait. Returns: its exit code."""
        self.process.terminate()
        return self.process.wait(END_SECONDS)


@asynccontextmanager
async def running_relay(
    settings: Settings | None = None,
    *,
    on_join: OnJoin | None = None,
    is_portable: bool = IS_PORTABLE,
    broker: Broker | None = None,
) -> AsyncIterator[RunningRelay]:
    """Run a relay on a free port with uvicorn, as in production but without signals and uvloop.

    Args:
        settings: their host and port do not matter.
        is_portable: whether to use only what every ASGI server has.
        broker: of nodes that share rooms.
    """
    settings = settings or Settings()
    app = create_app(settings, on_join=on_join, spell=by_option, broker=broker)
    server = make_server(without_extensions(app) if is_portable else app, settings)
    listener = listen("127.0.0.1", 0)
    # As Server.serve, without its polling for signals ten times a second.
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup([*listener.sockets])
    try:
        yield RunningRelay(app, listener)
    finally:
        await server.shutdown([*listener.sockets])


@contextmanager
def relay_process(
    *options: str,
    port: int = 0,
    module: str = MODULE,
    bound: int | None = None,
    is_forked: bool = True,
    under: Sequence[str] = (),
    python: Python = THIS_PYTHON,
    is_patient: bool = True,
) -> Iterator[RelayProcess]:
    """Run `relay serve` in a process of its own. At the end it is stopped or killed.

    Args:
        options: of the command line. If they do not say otherwise, it drains in 0 s.
        port: where to listen; 0 is a free port. A restart needs the old one.
        module: the module with the command line of `relay`.
        bound: a listening socket that it gets as from a service manager, by its descriptor.
        is_forked: whether it may be forked from a process that has imported the relay; not if
            it gets a socket.
        under: a command that runs it, such as valgrind's. It may take its time to end.
        python: of that command.
        is_patient: whether it waits for longer than by default for the answer to a ping.
    """
    arguments = ["serve", "--port", str(port), *options]
    clean = {key: value for key, value in os.environ.items() if not key.startswith(ENVIRONMENT)}
    clean[f"{ENVIRONMENT}DRAIN_SECONDS"] = "0"
    if is_patient:
        clean[f"{ENVIRONMENT}PING_TIMEOUT"] = str(PONG_SECONDS)
    with (
        tempfile.NamedTemporaryFile(suffix=".log") as log,
        _forked(module, arguments, clean, Path(log.name))
        if is_forked and bound is None and not under
        else _anew(python, module, arguments, clean, Path(log.name), bound, under) as process,
    ):
        try:
            yield RelayProcess(process, _address(process, Path(log.name)), Path(log.name))
        finally:
            _end(process, SLOW_END_SECONDS if under else END_SECONDS)


@contextmanager
def _forked(
    module: str, arguments: list[str], environment: dict[str, str], log: Path
) -> Iterator[Forked]:
    with closing(Forked(module, arguments, environment, log)) as process:
        yield process


@contextmanager
def _anew(
    python: Python,
    module: str,
    arguments: list[str],
    environment: dict[str, str],
    log: Path,
    bound: int | None,
    under: Sequence[str],
) -> Iterator["subprocess.Popen[str]"]:
    command = [*under, python.path, "-m", module, *arguments]
    if bound is not None:
        command = [sys.executable, "-c", AS_SERVICE, str(bound), *command]
    with (
        log.open("ab") as errors,
        subprocess.Popen(
            command,
            env={**environment, **python.environment},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            pass_fds=() if bound is None else (bound,),
        ) as process,
    ):
        yield process


def link_url(url: str, room: str) -> str:
    """Return the address of a room's WebSocket at the relay with this URL."""
    return f"ws{url.removeprefix('http')}/r/{room}"


def _address(process: "Forked | subprocess.Popen[str]", log: Path) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()  # it prints its address, or ends
    found = ADDRESS.search(line)
    assert found, f"the relay did not start: {line}{log.read_text()}"
    return found[0]


def _end(process: "Forked | subprocess.Popen[str]", seconds: float) -> None:
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
