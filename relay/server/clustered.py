"""How `relay serve --nats` joins a cluster of relays, and leaves it."""

from __future__ import annotations

import contextlib
import re
import secrets
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

from relay.cluster.nats.layout import Layout
from relay.cluster.nats.options import CannotJoin, Servers
from relay.policy.config import Settings
from relay.policy.values import EMBEDDED
from relay.server.embedded_nats import default_folder, embedded_nats

if TYPE_CHECKING:
    from relay.cluster.nats.joining import Membership

UNSAFE = re.compile(r"[^A-Za-z0-9]+")
LONGEST_HOST = 20


@contextlib.contextmanager
def cluster_of(settings: Settings) -> Iterator[Membership]:
    """Have a nats-server run meanwhile, if the settings ask for one of the relay's own.

    Yields: what joins the cluster that the settings name. Its log and bus are there already.

    Raises:
        CannotJoin: NATS is not to be had so.
    """
    with contextlib.ExitStack() as stack:
        urls = settings.nats
        if EMBEDDED in urls:
            folder = settings.nats_dir or default_folder()
            urls = (stack.enter_context(embedded_nats(folder)),)
        servers = Servers(urls, settings.nats_credentials, settings.nats_ca)
        yield _membership(servers, settings)


def _membership(servers: Servers, settings: Settings) -> Membership:
    try:
        from relay.cluster.nats.joining import Membership
    except ImportError as error:
        why = f"--nats needs {error.name}: pip install 'roomwire[cluster]' brings it"
        raise CannotJoin(why) from None
    layout = Layout(streams=settings.nats_streams, max_bytes=settings.nats_bytes)
    return Membership(servers, node_name(), layout, settings.nats_replicas)


def node_name() -> str:
    """Return a name for a node that no other has: its host's, and chance."""
    host = UNSAFE.sub("-", socket.gethostname())[:LONGEST_HOST].strip("-") or "relay"
    return f"{host}-{secrets.token_hex(4)}"
