"""Workers of one relay: some in this process, so that a test chooses who accepts, or real ones."""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

from relay.cluster.news.together import Together
from relay.http.app import create_app
from relay.lobby.homes import Homes
from relay.node.node import Node
from relay.policy.config import Settings
from relay.server.as_one import as_one
from relay.server.http_protocol import HttpProtocol
from relay.server.process import Server, listen, make_server
from relay.workers.hand_over import Arrivals, moving
from relay.workers.mail import Kind, Mail, make_box
from relay.workers.orders import name_of
from relay.workers.unix_bus import UnixBus
from tests.helpers.relay import RelayProcess

TOKEN = "the-token-of-all-workers"
"""The operator's."""
SERVES = re.compile(r"worker (\d+) serves: process (\d+)")


@dataclass(frozen=True)
class Colleague:
    """A worker in this process, with a port of its own."""

    number: int
    url: str
    node: Node
    server: Server
    mail: Mail
    bus: UnixBus
    together: Together

    @property
    def visitors(self) -> int:
        """How many connections its gate has counted in, of all addresses."""
        protocol: Any = self.server.config.http_protocol_class
        assert issubclass(protocol, HttpProtocol)
        return sum(protocol.gate.visitors._counts.values())


def names_at(number: int, among: int = 2) -> Iterator[str]:
    """Yield names of rooms that live in the worker of this number."""
    homes = Homes(among, number)
    return (name for each in count() if homes.is_own(name := f"ROOM-{each}"))


def boxes(many: int, stack: ExitStack) -> tuple[list[socket.socket], list[socket.socket]]:
    """Make boxes. Returns: the ends to read from, and those to write to."""
    ends = [make_box() for _ in range(many)]
    for pair in ends:
        for end in pair:
            stack.enter_context(end)
    return [end for end, _ in ends], [end for _, end in ends]


@asynccontextmanager
async def colleagues(many: int = 2, **settings: Any) -> AsyncIterator[list[Colleague]]:
    """Run so many workers in this event loop, without a supervisor."""
    with ExitStack() as stack:
        own, ways = boxes(many, stack)
        crew = [
            await _begin(Homes(many, number), Mail(own[number], ways, number, 1), settings)
            for number in range(many)
        ]
        for each in crew:
            each.bus.know({other.bus.name: other.number for other in crew})
            each.together.start()
        try:
            yield crew
        finally:
            for each in crew:
                each.together.stop()
                each.mail.close()
                await each.server.shutdown([])


async def _begin(homes: Homes, mail: Mail, options: dict[str, Any]) -> Colleague:
    settings = Settings(**options)
    app = create_app(settings, homes=homes, token=TOKEN)
    server = make_server(app, settings)
    server.config.http = protocol = moving(settings, homes, mail)
    bus = UnixBus(mail, name_of(homes.own, 1))
    app.state.siblings.meet(bus)
    app.state.overviews.meet_workers(bus)
    together = as_one(bus, protocol.gate, app.state.node)
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    listener = listen("127.0.0.1", 0)
    await server.startup([*listener.sockets])
    mail.on(Kind.MOVE, Arrivals(server).take)
    mail.open()
    return Colleague(homes.own, listener.url, app.state.node, server, mail, bus, together)


def pids(relay: RelayProcess) -> dict[int, int]:
    """Return the process of each worker that serves, as the log names them, by its number."""
    return {int(number): int(pid) for number, pid in SERVES.findall(relay.log)}
