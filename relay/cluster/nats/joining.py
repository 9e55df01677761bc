"""How a relay joins a cluster: it waits for NATS, and has a log and a bus from then on."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator

from relay.cluster.nats.bus import NatsBus
from relay.cluster.nats.connection import Connection
from relay.cluster.nats.jetstream_log import JetStreamLog
from relay.cluster.nats.layout import Layout
from relay.cluster.nats.options import Servers
from relay.cluster.nats.streams import Streams, made
from relay.cluster.replicas.parcels import ENVELOPE
from relay.cluster.running import running

NAME = re.compile(r"[A-Za-z0-9_-]+")


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
            async with running(self.log.run()), running(self.bus.run()):
                yield


@contextlib.asynccontextmanager
async def joined(
    servers: Servers, name: str, layout: Layout | None = None, replicas: int | None = None
) -> AsyncIterator[Membership]:
    """Join as a new node, as `Membership` does."""
    membership = Membership(servers, name, layout, replicas)
    async with membership.joined():
        yield membership
