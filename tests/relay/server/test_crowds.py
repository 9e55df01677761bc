"""An address has so much, and a relay so many places: who is too many has to go."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from relay.server import gate, http_protocol
from tests.helpers import raw
from tests.helpers.http_visitors import ASK, served, visitor
from tests.helpers.peers import PATIENCE, Party, party, until
from tests.helpers.raw import Refused

# Of one address.


PROXY = "127.0.0.1"
LIMITS: dict[str, Any] = {"requests_per_second": 0.001, "requests_burst": 2}


def asked_for(client: str) -> bytes:
    """Return a request that a proxy passes on for a client."""
    return ASK[:-2] + b"X-Forwarded-For: %s\r\n\r\n" % client.encode()


async def test_requests_count_for_whom_a_trusted_proxy_speaks_for() -> None:
    async with party(trusted_proxies=(PROXY,), **LIMITS) as at, visitor(at.url) as proxy:
        for client, status in ((1, 200), (2, 200), (1, 200), (1, 429)):
            proxy.says(asked_for(f"192.0.2.{client}"))
            assert await proxy.is_answered() == status
        assert await proxy.ends() == b""
    async with party(trusted_proxies=(PROXY,), **LIMITS) as at, visitor(at.url) as proxy:
        for client in range(30):
            proxy.says(asked_for(f"192.0.2.{client}"))
            assert await proxy.is_answered() == 200


async def test_a_proxy_on_this_machine_makes_nobody_free_of_limits() -> None:
    """Not even where it is not trusted: then all of its clients count as one."""
    for trusted in ((PROXY,), ()):
        async with party(trusted_proxies=trusted, **LIMITS) as at:
            for status in (200, 200, 429):
                async with visitor(at.url) as proxy:
                    proxy.says(asked_for("127.0.0.1"))
                    assert await proxy.is_answered() == status
            async with visitor(at.url) as developer:
                for _ in range(5):
                    developer.says(ASK)
                    assert await developer.is_answered() == 200


async def test_a_spoofed_address_changes_nothing() -> None:
    async with party(limit_loopback=True, **LIMITS) as at:
        for client, status in ((1, 200), (2, 200), (3, 429)):
            async with visitor(at.url) as stranger:
                stranger.says(asked_for(f"192.0.2.{client}"))
                assert await stranger.is_answered() == status


async def test_a_trusted_proxy_has_as_many_connections_as_its_clients() -> None:
    is_over = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await is_over.wait()
        headers = [(b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    limits: dict[str, Any] = {"connections_per_address": 2, "limit_loopback": True}
    async with (
        served(app, trusted_proxies=(PROXY,), **limits) as url,
        contextlib.AsyncExitStack() as stack,
    ):
        proxies = [await stack.enter_async_context(visitor(url)) for _ in range(7)]
        for number, proxy in enumerate(proxies[:6]):
            proxy.says(asked_for(f"192.0.2.{number // 2}"))
        proxies[6].says(asked_for("192.0.2.0"))
        assert await proxies[6].is_answered() == 429
        is_over.set()
        for proxy in proxies[:6]:
            assert await proxy.is_answered() == 200
        # Between requests a connection is nobody's but the proxy's.
        for proxy in proxies[:6]:
            proxy.says(asked_for("192.0.2.9"))
            assert await proxy.is_answered() == 200


@pytest.mark.parametrize(
    ("limit_loopback", "statuses"),
    [(True, [200, 200, 200, 429]), (False, [200] * 5)],  # a developer's own machine is free
)
async def test_an_address_has_so_many_requests(limit_loopback: bool, statuses: list[int]) -> None:
    limits: dict[str, Any] = {"requests_per_second": 0.001, "requests_burst": 3}
    async with party(limit_loopback=limit_loopback, **limits) as at, visitor(at.url) as guest:
        for status in statuses:
            guest.says(ASK)
            assert await guest.is_answered() == status


async def test_who_asks_too_often_is_told_when_to_come_back() -> None:
    limits: dict[str, Any] = {"requests_per_second": 0.1, "requests_burst": 1}
    async with party(limit_loopback=True, **limits) as at, visitor(at.url) as guest:
        guest.says(ASK)
        assert await guest.is_answered() == 200
        guest.says(ASK)
        refused = await guest.ends()
        assert refused.startswith(b"HTTP/1.1 429 ")
        assert b"\r\nretry-after: 10\r\n" in refused


async def test_an_address_has_so_many_connections_before_their_upgrade() -> None:
    async with party(limit_loopback=True, connections_per_address=2) as at:
        players = [await at.enters("R"), await at.enters("R")]
        async with visitor(at.url), visitor(at.url) as second, visitor(at.url) as third:
            assert await third.ends() == b""
            second.leaves()
            assert await until_welcome(at) == 200
        assert len(players) == len(at.node.connections)


async def until_welcome(at: Party) -> int:
    """Ask until there is an answer. Returns: its status."""
    async with asyncio.timeout(PATIENCE):
        while True:
            async with visitor(at.url) as guest:
                guest.says(ASK)
                with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                    return await guest.is_answered()


# No place left.


@pytest.fixture
def tight(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave no places beside those for players, and two for the relay's health."""
    monkeypatch.setattr(gate, "PAGES", 0)
    monkeypatch.setattr(gate, "PROBES", 2)


@pytest.mark.usefixtures("tight")
async def test_a_full_relay_still_says_how_it_is_and_nothing_else() -> None:
    async with party(max_connections=2) as at:
        ann, bob = await at.enters("R"), await at.enters("R")
        answers = {b"/healthz": 200, b"/healthz?x": 200, b"/metrics": 200, b"/": 503, b"/x": 503}
        for path, status in answers.items():
            async with visitor(at.url) as guest:
                guest.says(ASK.replace(b"/healthz", path))
                assert await guest.is_answered() == status
                assert await guest.ends() == b""
        with pytest.raises(Refused) as refused:
            await at.connects("R")
        assert refused.value.status == 503
        with pytest.raises(Refused):
            async with raw.connect(at.url.replace("http", "ws") + "/healthz"):
                pass
        await ann.catches_up()
        await bob.catches_up()
        ann.raw.abort()
        await until(lambda: len(at.node.connections) == 1)
        await at.enters("R")


@pytest.mark.usefixtures("tight")
async def test_the_silent_make_room_for_who_asks_how_it_is() -> None:
    async with party(max_connections=1) as at:
        await at.enters("R")
        async with visitor(at.url) as first, visitor(at.url) as second:
            for _ in range(3):
                async with visitor(at.url) as probe:
                    probe.says(ASK)
                    assert await probe.is_answered() == 200
            assert await first.ends() == b""
            second.says(ASK)
            assert await second.is_answered() == 200


async def test_a_flood_of_connections_leaves_few_and_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS", 0.3)
    monkeypatch.setattr(gate, "PAGES", 10)
    async with party(max_connections=10) as at:
        flood = [await asyncio.open_connection("127.0.0.1", port_of(at)) for _ in range(200)]
        for reader, _ in flood:
            async with asyncio.timeout(PATIENCE):
                with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                    await reader.readexactly(1)
        await at.enters("R")
        for _, writer in flood:
            writer.transport.abort()


def port_of(at: Party) -> int:
    return int(at.url.rpartition(":")[2])
