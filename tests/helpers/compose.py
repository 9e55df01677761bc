"""The services of docs/cluster/compose.yml as processes of this machine, by the same files.

Each service has an address of its own here, too: 127.x.y.z in place of 10.77.0.z. Where a file
names a service, it is given the address, as a container would find it out.
"""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from relay.server.embedded_nats import find_server
from tests.helpers.nats import ADMIN_PASSWORD, FILES, PASSWORD
from tests.helpers.proxies import find

NETWORK = "10.77.0."
EVERYWHERE = "0.0.0.0"
SECRETS = {"NATS_PASSWORD": PASSWORD, "NATS_ADMIN_PASSWORD": ADMIN_PASSWORD}
READY_SECONDS = 40.0
END_SECONDS = 30.0


@dataclass
class Service:
    """A service as a process."""

    name: str
    address: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def running(self) -> subprocess.Popen[bytes]:
        assert self.process is not None
        return self.process

    def start(self) -> None:
        environment = {**os.environ, **self.environment}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, env=environment, stdout=log, stderr=log, cwd=self.log.parent
            )

    def wait_for(self, port: int) -> None:
        """Return once it listens."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            assert self.running.poll() is None, self.log.read_text()
            with socket.socket() as probe:
                if probe.connect_ex((self.address, port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError(f"{self.name} does not listen: {self.log.read_text()}")

    def end(self, how: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.send_signal(how)
            process.wait(END_SECONDS)


class Composed:
    """The services by name, and what the file says of them."""

    def __init__(self, folder: Path) -> None:
        file = yaml.safe_load(_filled((FILES / "compose.yml").read_text()))
        block = f"127.{random.randint(16, 250)}.{random.randint(0, 250)}."
        self._folder = folder
        self._addresses = {
            name: block + each["networks"]["roomwire"]["ipv4_address"].removeprefix(NETWORK)
            for name, each in file["services"].items()
        }
        self._block = block
        self.services = {name: self._made(name, each) for name, each in file["services"].items()}

    def relays(self) -> list[Service]:
        return [each for name, each in self.services.items() if name.startswith("relay")]

    def _made(self, name: str, said: Mapping[str, Any]) -> Service:
        program, *arguments = _programs(said["image"], said["command"])
        places = self._mounted(name, said.get("volumes", ()))
        return Service(
            name,
            self._addresses[name],
            [program, *(self._translated(name, word, places) for word in arguments)],
            {
                key: self._translated(name, value, places)
                for key, value in said.get("environment", {}).items()
            },
            self._folder / f"{name}.log",
        )

    def _mounted(self, name: str, volumes: Any) -> dict[str, str]:
        """Return where what a container sees at its paths is here."""
        places = {}
        for volume in volumes:
            source, inside, *_ = volume.split(":")
            if not source.startswith("."):
                places[inside] = str(self._folder / source)
            elif (path := FILES / source).suffix == ".cfg":
                copy = self._folder / path.name
                copy.write_text(self._translated(name, path.read_text(), {}))
                places[inside] = str(copy)
            else:
                places[inside] = str(path)
        return places

    def _translated(self, name: str, text: str, places: Mapping[str, str]) -> str:
        for service, address in self._addresses.items():
            text = re.sub(rf"\b{service}(?=:\d)", address, text)
        for inside, here in places.items():
            text = text.replace(inside, here)
        return text.replace(EVERYWHERE, self._addresses[name]).replace(NETWORK, self._block)


@contextmanager
def composed() -> Iterator[Composed]:
    """Run all services. At the end they are killed."""
    with tempfile.TemporaryDirectory() as name:
        found = Composed(Path(name))
        try:
            balancer = found.services["balancer"]
            for each in found.services.values():
                if each is not balancer:
                    each.start()
            for relay in found.relays():
                relay.wait_for(8000)
            balancer.start()  # as it would find relays dead that are just about to serve
            balancer.wait_for(8080)
            yield found
        finally:
            for each in found.services.values():
                each.end(signal.SIGKILL)


def _programs(image: str, command: list[str]) -> list[str]:
    """Return a container's command as one of this machine."""
    match image.partition(":")[0], command:
        case "nats", words:
            return [find_server(), *words]
        case "roomwire", ["relay", *words]:
            return [sys.executable, "-m", "relay", *words]
        case "haproxy", ["haproxy", *words]:
            return [find("haproxy"), "-db", *words]
        case _:
            raise AssertionError(f"{image} is none of this page's programs")


def _filled(text: str) -> str:
    return re.sub(r"\$\{(\w+):\?\}", lambda found: SECRETS[found[1]], text)
