"""Relays in one process that share their rooms, on real sockets."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from relay.cluster.local_bus import LocalBus, LocalNet
from relay.cluster.local_log import LocalLog
from relay.cluster.log_broker import LogBroker
from relay.room.entries import MAX_INCARNATION
from tests.helpers.peers import Party, party


@asynccontextmanager
async def parties(count: int, **settings: Any) -> AsyncIterator[list[tuple[Party, LogBroker]]]:
    """Run so many relays that share their rooms. Yields: each with its broker."""
    log, net = LocalLog(), LocalNet()
    async with AsyncExitStack() as stack:
        found = []
        for number in range(count):
            broker = LogBroker(lambda: 1 + secrets.randbelow(MAX_INCARNATION))
            bus = LocalBus(net, f"n{number}")
            broker.start(log, bus)
            stack.callback(broker.close)
            at = await stack.enter_async_context(party(broker=broker, **settings))
            at.relay.meets(bus)
            found.append((at, broker))
        yield found
