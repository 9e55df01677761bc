"""What the supervisor tells a worker at its start, through the worker's standard input."""

from __future__ import annotations

import json
import socket
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from relay.lobby.homes import Homes
from relay.policy.config import Settings
from relay.server.listening import Listener
from relay.workers.mail import Mail


@dataclass(frozen=True, slots=True)
class Orders:
    """A worker's place among the others. Numbers of files are descriptors that it inherits.

    Attributes:
        settings: the worker's, as JSON has them.
        token: the operator's.
        number: its own. start: how many workers had that number before it. count: all workers.
        host, port, sockets: where the relay listens.
        box, boxes: its own box, and everybody's, the supervisor's last.
        keeps: whether its rooms are kept when the whole relay ends.
    """

    settings: dict[str, Any]
    token: str
    number: int
    start: int
    count: int
    host: str
    port: int
    sockets: tuple[int, ...]
    box: int
    boxes: tuple[int, ...]
    keeps: bool

    def to_json(self) -> bytes:
        """Write it as one line."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @property
    def homes(self) -> Homes:
        return Homes(self.count, self.number)

    @property
    def name(self) -> str:
        """This worker's name on the bus."""
        return name_of(self.number, self.start)

    def next(self) -> Orders:
        """Return the orders of the next worker of this number."""
        return replace(self, start=self.start + 1)

    def read_settings(self) -> Settings:
        return Settings(**self.settings)

    def listener(self) -> Listener:
        return Listener(tuple(map(_socket, self.sockets)), self.host, self.port)

    def mail(self) -> Mail:
        boxes = [_socket(each) for each in self.boxes]
        return Mail(_socket(self.box), boxes, self.number, self.start)


def read(line: bytes) -> Orders:
    """Read a line that `to_json` wrote. The supervisor may be of another version."""
    told = json.loads(line)
    values = {each.name: told[each.name] for each in fields(Orders) if each.name in told}
    return Orders(**values | {key: tuple(values[key]) for key in ("sockets", "boxes")})


def name_of(number: int, start: int) -> str:
    """Return the name of a worker on the bus: no other ever has it."""
    return f"worker-{number}-{start}"


def _socket(descriptor: int) -> socket.socket:
    return socket.socket(fileno=descriptor)
