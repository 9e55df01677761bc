"""How `relay serve --nats` joins a cluster of relays, and leaves it."""

from __future__ import annotations

import contextlib
import re
import secrets
import socket
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from relay.cluster.log_broker import LogBroker
from relay.cluster.nats.layout import Layout
from relay.cluster.nats.options import CannotJoin, Servers
from relay.http.metrics.cluster import ClusterCollector
from relay.policy.config import Settings
from relay.policy.values import EMBEDDED
from relay.room.entries import MAX_INCARNATION
from relay.server.embedded_nats import default_folder, embedded_nats

if TYPE_CHECKING:
    from relay.cluster.nats.joining import Membership

UNSAFE = re.compile(r"[^A-Za-z0-9]+")
LONGEST_HOST = 20
LEAVE_SECONDS = 1.0
"""For the last words of a node to be stored: without them others miss it 1.5 s later."""


@contextlib.contextmanager
def nats_running(settings: Settings) -> Iterator[Settings]:
    """Have a nats-server run meanwhile, if the settings ask for one of the relay's own.

    Yields: the settings with its URL.

    Raises:
        CannotJoin: NATS is not to be had so.
    """
    if settings.nats and settings.state is not None:
        raise CannotJoin("--state is of no use with --nats, which keeps the rooms: leave it out")
    if EMBEDDED not in settings.nats:
        yield settings
        return
    with embedded_nats(settings.nats_dir or default_folder()) as url:
        yield settings.model_copy(update={"nats": (url,)})


class Place:
    """A node's place in the cluster that its settings name.

    Attributes:
        broker: for the node's app.
        membership: its log and bus. They are of use once the node has joined.
    """

    def __init__(self, settings: Settings) -> None:
        """
        Raises:
            CannotJoin: what it needs is not there.
        """
        self.broker = LogBroker(lambda: 1 + secrets.randbelow(MAX_INCARNATION))
        self.membership = _membership(settings)

    def show_in(self, metrics: CollectorRegistry) -> None:
        """Show what an operator wants to know of the cluster among a relay's metrics."""
        metrics.register(ClusterCollector(self.broker, self.membership))

    @contextlib.asynccontextmanager
    async def joined(self) -> AsyncIterator[None]:
        """Join before anybody is served, however long that takes, and leave at the end.

        Raises:
            CannotJoin: it is no use to wait.
        """
        broker, found = self.broker, self.membership
        async with found.joined():
            broker.start(found.log, found.bus)
            found.log.on_restart = broker.restart
            found.connection.on_connected_again = broker.missed
            try:
                yield
                await broker.settled(LEAVE_SECONDS)
            finally:
                broker.close()


def place_of(settings: Settings) -> Place | None:
    """Return a node's place in the cluster, if its settings name one.

    Raises:
        CannotJoin: what it needs is not there.
    """
    return Place(settings) if settings.nats else None


def _membership(settings: Settings) -> Membership:
    try:
        from relay.cluster.nats.joining import Membership
    except ImportError as error:
        why = f"--nats needs {error.name}: pip install 'roomwire[cluster]' brings it"
        raise CannotJoin(why) from None
    servers = Servers(settings.nats, settings.nats_credentials, settings.nats_ca)
    layout = Layout(streams=settings.nats_streams, max_bytes=settings.nats_bytes)
    return Membership(servers, node_name(), layout, settings.nats_replicas, settings.max_frame)


def node_name() -> str:
    """Return a name for a node that no other has: its host's, and chance."""
    host = UNSAFE.sub("-", socket.gethostname())[:LONGEST_HOST].strip("-") or "relay"
    return f"{host}-{secrets.token_hex(4)}"
