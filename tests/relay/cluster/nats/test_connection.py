"""The connection to one of several servers, of which some are dead."""

from __future__ import annotations

import asyncio

import pytest

from relay.cluster.nats.joining import joined
from relay.cluster.nats.options import Servers
from tests.helpers.logs import JOIN_SECONDS, LAYOUT
from tests.helpers.nats import free_ports, nats_server


@pytest.mark.parametrize("dead", [1, 2])
async def test_servers_that_are_dead_are_passed_over(
    dead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without it, chance puts the one that lives first now and then.
    monkeypatch.setattr("random.sample", lambda urls, count: list(urls))
    with nats_server() as server:
        urls = [f"nats://127.0.0.1:{port}" for port in free_ports(dead)]
        async with asyncio.timeout(JOIN_SECONDS):
            async with joined(Servers((*urls, server.url)), "node", LAYOUT) as node:
                assert node.connection.is_up
