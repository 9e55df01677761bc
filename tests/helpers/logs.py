"""Every log and every bus that one behavioural suite runs over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial

from relay.cluster.bus import Bus
from relay.cluster.log import Log
from relay.cluster.nats.joining import Membership, joined
from relay.cluster.nats.layout import Layout
from relay.cluster.nats.options import Servers
from tests.helpers.nats import NatsServer, nats_server, until

Logs = list[Log]
"""The same log, as several nodes have it."""
Buses = list[Bus]

JOIN_SECONDS = 60.0
LAYOUT = Layout(streams=2, max_bytes=64 * 1024**2)


@asynccontextmanager
async def nodes_at(
    server: NatsServer, count: int = 2, layout: Layout = LAYOUT
) -> AsyncIterator[list[Membership]]:
    """Let nodes join, and wait until each knows the others."""
    async with AsyncExitStack() as stack:
        servers = Servers((server.url,))
        async with asyncio.timeout(JOIN_SECONDS):
            found = [
                await stack.enter_async_context(joined(servers, f"node-{number}", layout))
                for number in range(count)
            ]
        await until(lambda: all(len(node.bus.others) == count - 1 for node in found))
        yield found


@asynccontextmanager
async def jetstream_logs(count: int) -> AsyncIterator[Logs]:
    with nats_server() as server:
        async with nodes_at(server, count) as nodes:
            yield [node.log for node in nodes]


@asynccontextmanager
async def nats_buses(count: int) -> AsyncIterator[Buses]:
    with nats_server() as server:
        async with nodes_at(server, count) as nodes:
            yield [node.bus for node in nodes]


LOGS: Mapping[str, Callable[[], AbstractAsyncContextManager[Logs]]] = {
    "jetstream": partial(jetstream_logs, 2),
}
"""Each opens a log for two nodes."""

BUSES: Mapping[str, Callable[[], AbstractAsyncContextManager[Buses]]] = {
    "nats": partial(nats_buses, 3),
}
"""Each opens a bus for three nodes."""
