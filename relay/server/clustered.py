"""How `relay serve --nats` joins a cluster of relays, and leaves it."""

from __future__ import annotations

import contextlib
import re
import secrets
import socket
from collections.abc import AsyncIterator, Iterator

from relay.cluster.log_broker import LogBroker
from relay.cluster.nats.layout import Layout
from relay.cluster.nats.options import CannotJoin, Servers
from relay.policy.config import Settings
from relay.policy.values import EMBEDDED
from relay.room.entries import MAX_INCARNATION
from relay.server.embedded_nats import default_folder, embedded_nats

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


class Membership:
    """A node's place in the cluster that its settings name.

    Attributes:
        broker: for the node's app.
    """

    def __init__(self, settings: Settings) -> None:
        self.broker = LogBroker(lambda: 1 + secrets.randbelow(MAX_INCARNATION))
        self._settings = settings
        self._servers = Servers(settings.nats, settings.nats_credentials, settings.nats_ca)

    @contextlib.asynccontextmanager
    async def joined(self) -> AsyncIterator[None]:
        """Join before anybody is served, however long that takes, and leave at the end.

        Raises:
            CannotJoin: it is no use to wait.
        """
        try:
            from relay.cluster.nats.joining import joined
        except ImportError as error:
            why = f"--nats needs {error.name}: pip install 'roomwire[cluster]' brings it"
            raise CannotJoin(why) from None
        settings = self._settings
        layout = Layout(streams=settings.nats_streams, max_bytes=settings.nats_bytes)
        async with joined(self._servers, node_name(), layout, settings.nats_replicas) as found:
            self.broker.start(found.log, found.bus)
            found.log.on_restart = self.broker.restart
            found.connection.on_connected_again = self.broker.missed
            try:
                yield
                await self.broker.settled(LEAVE_SECONDS)
            finally:
                self.broker.close()


def membership_of(settings: Settings) -> Membership | None:
    """Return a node's place in the cluster, if its settings name one."""
    return Membership(settings) if settings.nats else None


def node_name() -> str:
    """Return a name for a node that no other has: its host's, and chance."""
    host = UNSAFE.sub("-", socket.gethostname())[:LONGEST_HOST].strip("-") or "relay"
    return f"{host}-{secrets.token_hex(4)}"
