"""How a relay joins a cluster: it waits for NATS, and has a log and a bus from then on."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import AsyncIterator

from relay.cluster.nats.bus import NatsBus
from relay.cluster.nats.connection import Connection, Reminder
from relay.cluster.nats.jetstream_log import JetStreamLog
from relay.cluster.nats.layout import Layout
from relay.cluster.nats.options import Servers
from relay.cluster.nats.streams import PERMISSIONS, Streams, made
from relay.cluster.replicas.parcels import ENVELOPE
from relay.cluster.running import running

log = logging.getLogger("relay")

NAME = re.compile(r"[A-Za-z0-9_-]+")

AGAIN_SECONDS = 1.0
"""Between two looks whether NATS allows all: each adds a message of some bytes to every stream."""


class Membership:
    """What a node has of a cluster. It is of use once the node has joined.

    Attributes:
        connection: to NATS. streams: what makes and checks the streams.
        log: of the rooms. bus: to the other nodes.
    """

    def __init__(
        self,
        servers: Servers,
        name: str,
        layout: Layout | None = None,
        replicas: int | None = None,
        max_frame: int = 0,
    ) -> None:
        """
        Args:
            name: of this node, unique: letters, digits, '_' and '-'.
            replicas: of each stream; None for 3 in a cluster, and 1 else.
            max_frame: bytes that a client's frame may have.

        Raises:
            CannotJoin: a file that is named cannot be used.
        """
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot be a node's name")
        self.connection = Connection(servers, name)
        longest = max_frame + ENVELOPE
        self.streams = Streams(self.connection, layout or Layout(), replicas, longest)
        self.log = JetStreamLog(self.connection, self.streams)
        self.bus = NatsBus(self.connection)

    @contextlib.asynccontextmanager
    async def joined(self) -> AsyncIterator[None]:
        """Join, and wait until NATS and its streams are there; the log says so every few seconds.

        Raises:
            CannotJoin: it is no use to wait.
        """
        async with running(self.connection.run()):
            await made(self.streams)
            await self._allowed()
            async with running(self.log.run()), running(self.bus.run()):
                yield

    async def _allowed(self) -> None:
        """Wait until NATS lets this node do all that nodes do: no player is to be served half."""
        reminder = Reminder()
        while not await self._is_allowed():
            if self.connection.denied and reminder.is_due():
                denied = ", ".join(self.connection.denied)
                what = "waiting for permissions at %s, which does not allow %s: %s"
                log.warning(what, self.connection.url, denied, PERMISSIONS)
            await asyncio.sleep(AGAIN_SECONDS)

    async def _is_allowed(self) -> bool:
        """Do each once, in the name of no room."""
        self.connection.denied.clear()
        for subject in self.streams.layout.heard_probes():
            self.connection.subscribe(subject, lambda message: None)()
        for subject in self.streams.layout.probes():
            self.connection.publish(subject, b"")
        self.bus.probe()
        try:
            await self.connection.settled()
        except OSError:
            return False
        return not self.connection.denied


@contextlib.asynccontextmanager
async def joined(
    servers: Servers, name: str, layout: Layout | None = None, replicas: int | None = None
) -> AsyncIterator[Membership]:
    """Join as a new node, as `Membership` does."""
    membership = Membership(servers, name, layout, replicas)
    async with membership.joined():
        yield membership
