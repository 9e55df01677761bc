"""Relays in one process that share their rooms, on real sockets: over a log there, or over NATS."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

from relay.cluster.bus import Bus
from relay.cluster.local_bus import LocalBus, LocalNet
from relay.cluster.local_log import LocalLog
from relay.cluster.log import Log
from relay.cluster.log_broker import LogBroker
from relay.cluster.news.together import keep_mending, keep_telling
from relay.cluster.running import running
from relay.room.entries import MAX_INCARNATION
from tests.helpers.logs import nodes_at
from tests.helpers.nats import nats_server
from tests.helpers.peers import Party, Peer, party

Meet = Callable[..., AbstractAsyncContextManager[Party]]
"""Runs relays with some settings, and is where players meet."""


@asynccontextmanager
async def parties(count: int, **settings: Any) -> AsyncIterator[list[tuple[Party, LogBroker]]]:
    """Run so many relays that share their rooms. Yields: each with its broker."""
    async with parties_on(LocalNet(), count, **settings) as found:
        yield found


@asynccontextmanager
async def parties_on(
    net: LocalNet, count: int, **settings: Any
) -> AsyncIterator[list[tuple[Party, LogBroker]]]:
    """Run relays as `parties` does, whose buses hang on this net."""
    log = LocalLog()
    places = [(log, LocalBus(net, f"n{number}")) for number in range(count)]
    async with AsyncExitStack() as stack:
        yield [await _party(stack, *place, **settings) for place in places]


async def _party(
    stack: AsyncExitStack, log: Log, bus: Bus, **settings: Any
) -> tuple[Party, LogBroker]:
    broker = LogBroker(lambda: 1 + secrets.randbelow(MAX_INCARNATION))
    broker.start(log, bus)
    stack.callback(broker.close)
    at = await stack.enter_async_context(party(broker=broker, **settings))
    at.relay.meets(bus)
    shapes = at.relay.node.shapes.board
    assert shapes is not None
    for tending in (keep_telling(_nothing, [shapes]), keep_mending([shapes])):
        await stack.enter_async_context(running(tending))
    return at, broker


async def _nothing() -> None:
    pass


class Apart(Party):
    """Brings those who enter to another relay than those who stick, or only connect."""

    def __init__(self, here: Party, there: Party, peers: AsyncExitStack) -> None:
        super().__init__(here.url, peers, here.relay)
        self._there = there

    async def enters(self, room: str, *, source: str | None = None, **options: Any) -> Peer:
        return await self._there.enters(room, source=source, **options)


@asynccontextmanager
async def shared(**settings: Any) -> AsyncIterator[Party]:
    """Run two relays that share their rooms."""
    async with parties(2, **settings) as ((here, _), (there, _)), AsyncExitStack() as peers:
        yield Apart(here, there, peers)


@asynccontextmanager
async def over_nats(**settings: Any) -> AsyncIterator[Party]:
    """Run two relays that share their rooms over a nats-server."""
    with nats_server() as server:
        async with nodes_at(server, 2) as nodes, AsyncExitStack() as stack:
            (here, _), (there, _) = [
                await _party(stack, each.log, each.bus, **settings) for each in nodes
            ]
            async with AsyncExitStack() as peers:
                yield Apart(here, there, peers)


MEETINGS: Mapping[str, Meet] = {"alone": party, "shared": shared, "over NATS": over_nats}
