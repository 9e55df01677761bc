"""Which web pages get a WebSocket, by real handshakes, and what the log says of the others."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from protocol.frames import Live
from relay.policy.config import Settings
from tests.helpers.peers import Peer
from tests.helpers.raw import Refused, connect
from tests.helpers.relay import RelayProcess, RunningRelay, relay_process, running_relay

CANARY = "CANARY"


@pytest.fixture(scope="module")
async def relay() -> AsyncIterator[RunningRelay]:
    """A relay that goes by a name, and serves the pages of one other site."""
    settings = Settings(names=("game.example",), origins=("https://site.example",))
    async with running_relay(settings) as relay:
        yield relay


async def enters(relay: RunningRelay | RelayProcess, headers: dict[str, str]) -> None:
    """Upgrade with these headers, and come to LIVE.

    Raises:
        Refused: not with these.
    """
    async with connect(f"{relay.link_url('R')}?token={CANARY}", headers=headers) as raw:
        peer = Peer(raw)
        peer.greets(ticket=CANARY, password=CANARY, seat=CANARY.encode() + bytes(10))
        await peer.hears(Live)


def headers(relay: RunningRelay, host: str, origin: str) -> dict[str, str]:
    """Return the headers where PORT is the relay's; an empty origin is none."""
    port = str(relay.listener.port)
    given = {"Host": host.replace("PORT", port)}
    return {**given, "Origin": origin.replace("PORT", port)} if origin else given


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:PORT", ""),
        ("127.0.0.1:PORT", "http://127.0.0.1:PORT"),
        ("localhost:PORT", "http://localhost:PORT"),
        ("[::1]:PORT", "http://[::1]:PORT"),
        ("127.0.0.1:PORT", "http://localhost:5173"),
        ("127.0.0.1:PORT", "http://dev.localhost:5173"),
        ("127.0.0.1:PORT", "https://site.example"),
        ("127.0.0.1:PORT", "HTTPS://Site.Example:443"),
        ("game.example", "https://game.example"),
        ("GAME.example:PORT", "http://game.example:PORT"),
        ("192.0.2.7:PORT", "http://192.0.2.7:PORT"),
    ],
)
async def test_these_may(relay: RunningRelay, host: str, origin: str) -> None:
    await enters(relay, headers(relay, host, origin))


@pytest.mark.parametrize(
    ("host", "origin", "said"),
    [
        ("127.0.0.1:PORT", "https://evil.example", "--origin https://evil.example allows it"),
        ("127.0.0.1:PORT", "http://site.example", "--origin http://site.example allows it"),
        ("127.0.0.1:PORT", "https://site.example:81", "--origin https://site.example:81 allows it"),
        ("127.0.0.1:PORT", "null", "--origin null allows it"),
        ("127.0.0.1:PORT", "http://192.0.2.7:PORT", "--origin http://192.0.2.7:PORT allows it"),
        ("game.example", "http://game.example.evil", "--origin http://game.example.evil allows it"),
        ("evil.example:PORT", "http://evil.example:PORT", "--name evil.example makes it one"),
        ("evil.example:PORT", "", "--name evil.example makes it one"),
        ("127.0.0.1.evil.example", "http://localhost", "--name 127.0.0.1.evil.example makes it"),
    ],
)
async def test_these_may_not_and_the_log_says_what_would_let_them(
    relay: RunningRelay, host: str, origin: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Refused) as refused:
        await enters(relay, headers(relay, host, origin))
    assert refused.value.status == 403
    (record,) = caplog.records
    line = record.getMessage()
    assert line.startswith("refused a request from 127.0.0.1")
    assert said.replace("PORT", str(relay.listener.port)) in line


async def test_neither_queries_nor_secrets_are_logged() -> None:
    with relay_process("--log-level", "debug") as relay:
        await enters(relay, {})
        with pytest.raises(Refused):
            await enters(relay, {"Origin": "https://evil.example"})
        with pytest.raises(Refused):
            await enters(relay, {"Sec-WebSocket-Key": CANARY})
        async with httpx.AsyncClient(base_url=relay.url) as client:
            for path in ("/", "/r/R", "/api/rooms", "/healthz", "/nowhere"):
                await client.get(path, params={"token": CANARY})
                await client.get(path, params={"token": CANARY}, headers={"Host": "evil.example"})
        for _ in range(40):
            with pytest.raises(Refused):
                await enters(relay, {"Origin": "https://evil.example"})
        assert CANARY not in relay.log
        assert 10 <= relay.log.count("refused a request") < 25  # and cannot fill the disk
