"""Real nats-servers: one, or three that are a cluster, by the files of docs/cluster."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from relay.server.embedded_nats import find_server
from tests.helpers.ports import HOST, free_ports

FILES = Path(__file__).parents[2] / "docs" / "cluster"
PASSWORD = "secret"
ADMIN_PASSWORD = "secret-too"
Routing = Callable[[int, Sequence[int]], Mapping[str, str]]
END_SECONDS = 30
READY_SECONDS = 30
LOOK_SECONDS = 0.02


@dataclass
class NatsServer:
    """A nats-server. It can be killed, frozen and started again, at the same port."""

    name: str
    port: int
    folder: Path
    configuration: Path
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    scheme: str = "nats"

    @property
    def url(self) -> str:
        return f"{self.scheme}://relay:{PASSWORD}@{HOST}:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def start(self) -> None:
        assert self.process is None
        command = [find_server(), "-c", str(self.configuration)]
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                command, env={**os.environ, **self.environment}, stdout=log, stderr=log
            )

    def wait_until_it_listens(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            assert self.process is not None
            assert self.process.poll() is None, self.log
            with socket.socket() as probe:
                if probe.connect_ex((HOST, self.port)) == 0:
                    return
            time.sleep(LOOK_SECONDS)
        raise AssertionError(f"nats-server does not listen: {self.log}")

    def kill(self) -> None:
        """End it as a crash would."""
        self._end(signal.SIGKILL)

    def terminate(self) -> None:
        """End it in order: it hands its leaders over."""
        self._end(signal.SIGTERM)

    def freeze(self) -> None:
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        self._send(signal.SIGCONT)

    def _send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def _end(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.thaw()
        self.process.send_signal(number)
        self.process.wait(END_SECONDS)
        self.process = None


@contextmanager
def nats_server(
    configuration: str = "nats-single.conf", *, scheme: str = "nats", **environment: str
) -> Iterator[NatsServer]:
    """Run one server.

    Args:
        configuration: the name of a file of docs/cluster, or the text of one.
        scheme: of its URL.
        environment: further variables.
    """
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        (port,) = free_ports(1)
        server = _made(Path(name), "nats-1", port, configuration, environment)
        server.scheme = scheme
        stack.callback(_end_all, [server])
        server.start()
        server.wait_until_it_listens()
        yield server


@contextmanager
def nats_cluster(
    configuration: str = "nats.conf", routing: Routing = lambda number, ports: {}
) -> Iterator[list[NatsServer]]:
    """Run three servers that are a cluster.

    Args:
        configuration: the name of a file of docs/cluster, or the text of one.
        routing: returns further variables of the server of a number, from 0. It is told at which
            ports the servers listen for each other.
    """
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        ports = free_ports(6)
        routes = [f"nats://{HOST}:{port}" for port in ports[3:]]
        servers = []
        for number, (port, route) in enumerate(zip(ports[:3], ports[3:], strict=True)):
            variables = {
                "NATS_ROUTE": f"{HOST}:{route}",
                "NATS_ROUTES": f"[{', '.join(routes)}]",
                **routing(number, ports[3:]),
            }
            server = _made(Path(name), f"nats-{number + 1}", port, configuration, variables)
            servers.append(server)
        stack.callback(_end_all, servers)
        for server in servers:
            server.start()
        for server in servers:
            server.wait_until_it_listens()
        yield servers


def urls(servers: Sequence[NatsServer]) -> tuple[str, ...]:
    return tuple(server.url for server in servers)


async def system_request(server: NatsServer, subject: str, request: Any = None) -> Any:
    """Ask as the admin, who may see the servers themselves."""
    import nats

    url = f"nats://admin:{ADMIN_PASSWORD}@{HOST}:{server.port}"
    client = await nats.connect(url, allow_reconnect=False)
    try:
        data = json.dumps(request).encode() if request is not None else b""
        return json.loads((await client.request(subject, data, timeout=READY_SECONDS)).data)
    finally:
        await client.close()


async def until(is_so: Any, seconds: float = 30.0, why: str = "") -> None:
    """Return once a condition holds; it is looked at many times a second."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not is_so():
        assert asyncio.get_running_loop().time() < deadline, why or "it has not come to be"
        await asyncio.sleep(LOOK_SECONDS)


def _made(
    parent: Path, name: str, port: int, configuration: str, environment: Mapping[str, str]
) -> NatsServer:
    folder = parent / name
    folder.mkdir()
    path = FILES / configuration
    if "\n" in configuration:
        path = folder / "nats.conf"
        path.write_text(configuration.replace("include ./", f"include {folder_from(folder)}/"))
    variables = {
        "NATS_NAME": name,
        "NATS_LISTEN": f"{HOST}:{port}",
        "NATS_DATA": str(folder / "data"),
        "NATS_PASSWORD": PASSWORD,
        "NATS_ADMIN_PASSWORD": ADMIN_PASSWORD,
        **environment,
    }
    return NatsServer(name, port, folder, path, variables)


def folder_from(folder: Path) -> str:
    """Return where docs/cluster is from a folder: what a configuration includes is relative."""
    return os.path.relpath(FILES, folder)


def _end_all(servers: Sequence[NatsServer]) -> None:
    for server in servers:
        if server.process is not None:
            server.kill()
