"""Looks at a cluster from outside, for `relay cluster`: every server, every stream, who beats."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from relay.cluster.nats.bus import BEAT_SECONDS, NatsBus
from relay.cluster.nats.connection import Connection
from relay.cluster.nats.layout import Layout
from relay.cluster.nats.options import Servers, shown
from relay.cluster.nats.report import Report, Server
from relay.cluster.nats.streams import NOT_FOUND, ApiError, Stream, Streams
from relay.cluster.running import running

REACH_SECONDS = 3.0
BEATS_SECONDS = 3 * BEAT_SECONDS
NAME = "roomwire-cluster"


class Examiner:
    """Reports on the cluster, as often as it is asked."""

    def __init__(self, buses: dict[Connection, NatsBus], layout: Layout) -> None:
        """Args: buses: on which to hear who beats, by the connection to each server."""
        self._buses = buses
        self._layout = layout
        self._has_listened = False

    async def report(self) -> Report:
        """Return how the cluster is."""
        for connection in self._buses:
            await _reached(connection)
        servers = [_server(connection) for connection in self._buses]
        up = next((each for each in self._buses if each.is_up), None)
        if up is None:
            return Report(servers, [], {}, {}, frozenset(), self._layout)
        if not self._has_listened:
            self._has_listened = True
            await asyncio.sleep(BEATS_SECONDS)
        streams, missing, clocks = await self._streams(Streams(up, self._layout, None))
        heard = (bus.others for connection, bus in self._buses.items() if connection.is_up)
        nodes = frozenset[str]().union(*heard)
        return Report(servers, streams, missing, clocks, nodes, self._layout)

    async def _streams(
        self, asking: Streams
    ) -> tuple[list[Stream], dict[str, str], dict[str, float]]:
        streams: list[Stream] = []
        missing: dict[str, str] = {}
        clocks: dict[str, float] = {}
        for name in self._layout.all:
            before = datetime.now(UTC)
            try:
                found = await asking.look_at(name)
            except ApiError as error:
                missing[name] = "" if error.code == NOT_FOUND else asking.explain(error)
            except OSError as error:
                missing[name] = asking.explain(error)
            else:
                streams.append(found)
                if found.at is not None:
                    half = (datetime.now(UTC) - before) / 2
                    offset = _moment(found.at) - (before + half)
                    clocks[found.leader or "the server"] = round(offset.total_seconds(), 3)
        return streams, missing, clocks


@contextlib.asynccontextmanager
async def examiner(servers: Servers, layout: Layout) -> AsyncIterator[Examiner]:
    """Connect to every server for itself.

    Raises:
        CannotJoin: a file that is named cannot be used.
    """
    async with contextlib.AsyncExitStack() as stack:
        buses = {}
        # Others may look at the same time, and answers go to a name.
        name = f"{NAME}-{secrets.token_hex(4)}"
        for number, url in enumerate(servers.urls):
            one = Servers((url,), servers.credentials, servers.authority)
            connection = Connection(one, f"{name}-{number}")
            buses[connection] = NatsBus(connection)
            await stack.enter_async_context(running(connection.run()))
            await stack.enter_async_context(running(buses[connection].look_on()))
        yield Examiner(buses, layout)


async def _reached(connection: Connection) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(REACH_SECONDS):
            await connection.tried.wait()


def _server(connection: Connection) -> Server:
    said = connection.server
    failure = None if connection.is_up else connection.failure or "no answer"
    return Server(
        url=shown(connection.url),
        name=said.get("server_name"),
        version=said.get("version"),
        cluster=said.get("cluster"),
        max_payload=said.get("max_payload"),
        failure=failure,
    )


def _moment(text: str) -> datetime:
    """Read a time as JetStream writes it: with nanoseconds, which Python's have not."""
    whole, _, rest = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{(rest + '000000')[:6]}+00:00")
