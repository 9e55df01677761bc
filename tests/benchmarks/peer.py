"""The servers to compare, each in a process of its own on a core of its own."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from clients.bench.gauge import Gauge
from clients.bench.sockets.dialect import Dialect, Plain
from clients.bench.sockets.roomwire import Reliable
from tests.benchmarks.dialects import Colyseus, SocketIo
from tests.helpers.ports import free_ports

ROOT = Path(__file__).parents[2]
NODE = ROOT / "clients" / "browser" / "node.py"
PEERS = Path(__file__).parent / "peers"
SERVER_CORE, LOAD_CORE = 0, 1
START_SECONDS = 20.0


@dataclass(frozen=True)
class Peer:
    """A kind of server."""

    name: str
    command: Callable[[], list[str]]
    """Makes the command that runs it, without the port, which is the last argument."""
    speak: Callable[[str], Dialect] = Plain
    """Makes its dialect, given an address such as ws://127.0.0.1:8000."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Environment variables to add for it."""


def python(*arguments: str) -> Callable[[], list[str]]:
    return lambda: [sys.executable, "-m", *arguments]


def node(script: str) -> Callable[[], list[str]]:
    return lambda: [_output("find"), str(PEERS / script)]


def bun(script: str) -> Callable[[], list[str]]:
    def command() -> list[str]:
        found = sorted(PEERS.glob("node_modules/@oven/*/bin/bun"))
        if not found:
            raise FileNotFoundError("npm has no Bun for this machine")
        return [str(found[0]), str(PEERS / script)]

    return command


SERVE = ("relay", "serve", "--profile", "bench", "--log-level", "warning", "--port")


def ours(base: str) -> Dialect:
    return Reliable(base, capacity=64)


OURS = Peer("Roomwire", python(*SERVE), ours)
PEERS_OF_OURS: Sequence[Peer] = (
    Peer("Roomwire, not compiled", python(*SERVE), ours, {"PYTHONPATH": ""}),
    Peer("Bun", bun("bun.mjs")),
    Peer("Node ws", node("ws.mjs")),
    Peer("Colyseus", node("colyseus.mjs"), Colyseus),
    Peer("socket.io", node("socketio.mjs"), SocketIo),
    Peer("Responder tutorial", python("tests.benchmarks.peers.tutorial")),
    Peer("python-socketio", python("tests.benchmarks.peers.python_socketio"), SocketIo),
)


def install() -> None:
    """Install the peers' npm packages, unless they are there."""
    wanted = (PEERS / "package-lock.json").read_text()
    stamp = PEERS / "node_modules" / ".installed"
    if not stamp.exists() or stamp.read_text() != wanted:
        print("installing the peers from npm", file=sys.stderr)
        npm = ("npm", "ci", "--prefix", str(PEERS), "--ignore-scripts", "--loglevel=error")
        subprocess.run([sys.executable, NODE, *npm], check=True, stdout=sys.stderr)
        stamp.write_text(wanted)


@dataclass(frozen=True)
class Running:
    """A server that runs."""

    base: str
    gauge: Gauge


@contextlib.contextmanager
def running(peer: Peer) -> Iterator[Running]:
    """Run a server on its core, and end it.

    Raises:
        TimeoutError: it does not answer in time.
    """
    (port,) = free_ports(1)
    command = [*peer.command(), str(port)]
    with subprocess.Popen(
        command, cwd=ROOT, env=_environment(peer), stdout=subprocess.DEVNULL
    ) as process:
        try:
            pin(process.pid, SERVER_CORE)
            _wait_until_answering(peer.name, process, port)
            yield Running(f"ws://127.0.0.1:{port}", Gauge(process.pid))
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def pin(pid: int, core: int) -> None:
    """Give a process a core of its own, if there is more than one."""
    if (psutil.cpu_count() or 1) > 1 and hasattr(psutil.Process, "cpu_affinity"):
        psutil.Process(pid).cpu_affinity([core])


def _environment(peer: Peer) -> dict[str, str]:
    # In this mode, Node's libraries leave out their help for developers.
    return {**os.environ, "NODE_ENV": "production", **peer.environment}


def _wait_until_answering(name: str, process: subprocess.Popen[bytes], port: int) -> None:
    """Wait for any answer: a server may listen before it is ready."""
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends and process.poll() is None:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port), START_SECONDS) as asking,
        ):
            asking.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            if asking.recv(1):
                return
        time.sleep(0.05)
    raise TimeoutError(f"{name} does not answer")


def _output(*arguments: str) -> str:
    done = subprocess.run([sys.executable, NODE, *arguments], capture_output=True, text=True)
    if done.returncode:
        raise FileNotFoundError(done.stdout.strip())
    return done.stdout.strip()
