"""How a relay joins a cluster: it waits for NATS, and has a log and a bus from then on."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from relay.cluster.nats.bus import NatsBus
from relay.cluster.nats.connection import Connection
from relay.cluster.nats.jetstream_log import JetStreamLog
from relay.cluster.nats.layout import Layout
from relay.cluster.nats.options import Servers
from relay.cluster.nats.streams import Streams, made
from relay.cluster.running import running

NAME = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Joined:
    """What a node has of the cluster."""

    log: JetStreamLog
    bus: NatsBus
    connection: Connection
    streams: Streams


@contextlib.asynccontextmanager
async def joined(
    servers: Servers, name: str, layout: Layout | None = None, replicas: int | None = None
) -> AsyncIterator[Joined]:
    """Join, and wait until NATS and its streams are there; the log says so every few seconds.

    Args:
        name: of this node, unique: letters, digits, '_' and '-'.
        replicas: of each stream; None for 3 in a cluster, and 1 else.

    Raises:
        CannotJoin: it is no use to wait.
    """
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot be a node's name")
    connection = Connection(servers, name)
    async with running(connection.run()):
        streams = Streams(connection, layout or Layout(), replicas)
        await made(streams)
        entries, bus = JetStreamLog(connection, streams), NatsBus(connection)
        async with running(entries.run()), running(bus.run()):
            yield Joined(entries, bus, connection, streams)
        await connection.written()
