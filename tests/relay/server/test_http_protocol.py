"""What comes before a WebSocket has bounds: who is slow, large or too many has to go."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from relay.http.app import MAX_BODY
from relay.policy.config import Settings
from relay.server import gate, http_protocol
from relay.server.process import listen, make_server
from tests.helpers import raw
from tests.helpers.peers import PATIENCE, Party, party, until
from tests.helpers.raw import Refused

ASK = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
POST = b"POST /api/rooms HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
UPGRADE = (
    b"GET /r/R HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
MEBIBYTE = 1 << 20


class Visitor:
    """One TCP connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def says(self, data: bytes) -> None:
        self._writer.write(data)

    async def is_answered(self) -> int:
        """Return the status of the next answer, once all of it is there."""
        async with asyncio.timeout(PATIENCE):
            head = await self._reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            await self._reader.readexactly(int(length or b"0"))
        return int(head.split(b" ")[1])

    async def ends(self) -> bytes:
        """Return what is said until the connection ends, however it does."""
        heard = b""
        async with asyncio.timeout(PATIENCE):
            try:
                while data := await self._reader.read(4096):
                    heard += data
            except ConnectionError:
                pass
        return heard

    async def says_until_the_end(self, data: bytes, times: int) -> int:
        """Say it again and again, and read on. Returns: how many bytes were taken."""
        taken = 0
        try:
            for _ in range(times):
                self._writer.write(data)
                await self._writer.drain()
                taken += len(data)
        except ConnectionError:
            pass
        return taken

    def leaves(self) -> None:
        self._writer.transport.abort()


@asynccontextmanager
async def visitor(url: str) -> AsyncIterator[Visitor]:
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield Visitor(reader, writer)
    finally:
        writer.transport.abort()


@asynccontextmanager
async def served(app: ASGIApp, **settings: Any) -> AsyncIterator[str]:
    """Serve another app behind the same door. Returns: its URL."""
    server = make_server(app, Settings(**settings))
    server.config.lifespan = "off"
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    listener = listen("127.0.0.1", 0)
    await server.startup([*listener.sockets])
    try:
        yield listener.url
    finally:
        await server.shutdown([*listener.sockets])


async def gone(receive: Receive) -> None:
    """Wait until whoever asked is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


# Time.


@pytest.mark.parametrize(
    "beginning",
    [b"", b"\r\n", b"GET", b"GET /healthz HTTP/1.1\r\n", ASK[:-2], ASK[:-1]],
    ids=repr,
)
async def test_who_does_not_say_what_it_wants_is_let_go(
    beginning: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS", 0.1)
    async with party() as at, visitor(at.url) as silent:
        silent.says(beginning)
        assert await silent.ends() == b""


async def test_saying_a_little_now_and_then_buys_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS", 0.2)
    async with party() as at, visitor(at.url) as slow, asyncio.TaskGroup() as tasks:
        slow.says(b"GET / HTTP/1.1\r\n")
        ending = tasks.create_task(slow.ends())
        while not ending.done():
            slow.says(b"x: y\r\n")
            await asyncio.sleep(0.01)
        assert ending.result() == b""


async def test_a_connection_is_kept_for_the_next_request_but_not_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_protocol, "IDLE_SECONDS", 1.0)
    async with party() as at, visitor(at.url) as guest:
        for _ in range(3):
            guest.says(ASK)
            assert await guest.is_answered() == 200
        guest.says(b"\r\n")
        assert await guest.ends() == b""


async def test_a_body_that_does_not_come_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_protocol, "BODY_SECONDS", 0.1)
    async with party() as at, visitor(at.url) as slow:
        slow.says(POST + b"Content-Length: 100\r\n\r\n{")
        assert await slow.ends() == b""


async def test_an_answer_that_is_not_taken_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_protocol, "ANSWER_SECONDS", 0.2)
    ended = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(64):
            more = {"type": "http.response.body", "body": bytes(MEBIBYTE), "more_body": True}
            await send(more)
        ended.set()

    async with served(app) as url, visitor(url) as stuck:
        stuck.says(ASK)
        async with asyncio.timeout(PATIENCE):
            await ended.wait()


# Size.


async def test_a_head_may_have_so_many_bytes_and_not_one_more() -> None:
    start = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nx: "
    room = http_protocol.HEAD_BYTES - len(start) - len(b"\r\n\r\n")
    async with party() as at:
        for many, status in ((room, 200), (room + 1, 431)):
            async with visitor(at.url) as guest:
                guest.says(start + b"y" * many + b"\r\n\r\nGET")
                assert await guest.is_answered() == status


async def test_a_head_may_have_so_many_headers_and_not_one_more() -> None:
    async with party() as at, visitor(at.url) as guest:
        for many, status in (
            (http_protocol.MAX_HEADERS - 1, 200),
            (http_protocol.MAX_HEADERS, 431),
        ):
            guest.says(ASK[:-2] + b"x: y\r\n" * many + b"\r\n")
            assert await guest.is_answered() == status


@pytest.mark.parametrize("endless", [b"y", b"x: y\r\n"], ids=["line", "lines"])
async def test_a_head_without_end_is_cut_off(endless: bytes) -> None:
    async with party() as at, visitor(at.url) as guest:
        guest.says(b"GET / HTTP/1.1\r\nx: ")
        assert await guest.says_until_the_end(endless * 4096, 4096) < 4 * MEBIBYTE


@pytest.mark.parametrize(
    "endless",
    [b"1\r\nx\r\n", b"1;" + b"x" * 1000 + b"\r\nx\r\n", b"0\r\n" + b"x: y\r\n" * 100],
    ids=["chunks", "chunk extensions", "trailers"],
)
async def test_a_body_without_end_is_cut_off(endless: bytes) -> None:
    async with party() as at, visitor(at.url) as guest:
        guest.says(POST + b"Transfer-Encoding: chunked\r\n\r\n")
        assert await guest.says_until_the_end(endless * 100, 4096) < 8 * MEBIBYTE


@pytest.mark.parametrize(
    "body",
    [
        b"x\r\n",
        b"-1\r\n",
        b"\r\n",
        b"2\r\n{}x",
        b"2\r\n{}\r\nzz\r\n",
        b"fffffffffffffffff\r\n",
        b"2\r\n{}\r\n0\r\n\x00: y\r\n\r\n",
    ],
    ids=repr,
)
async def test_a_body_in_malformed_chunks_is_answered(
    body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with party() as at, visitor(at.url) as guest:
        guest.says(POST + b"Transfer-Encoding: chunked\r\n\r\n" + body)
        assert await guest.is_answered() == 400
        assert await guest.ends() == b""
    assert "Exception" not in caplog.text  # what ends the app's request is no fault of the app


async def test_a_body_in_too_many_chunks_is_answered() -> None:
    async with party() as at, visitor(at.url) as guest:
        guest.says(POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 40_000)
        assert await guest.is_answered() == 413


async def test_a_body_of_the_longest_kind_is_taken() -> None:
    async with party() as at, visitor(at.url) as guest:
        body = b'{"name": "BIG"}'.ljust(MAX_BODY)
        guest.says(POST + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert await guest.is_answered() == 201


# Upgrades.


@pytest.mark.parametrize(
    ("what", "instead", "status"),
    [
        (b"Host", b"Host", 101),
        (b"13\r\n", b" \t13 \t\r\n", 101),
        (b"Connection: Upgrade", b"Connection: keep-alive, upgrade", 101),
        (b"\r\n\r\n", b"\r\nContent-Length: 0\r\n\r\n", 101),
        (b"Host", b"Origin: http://evil.example\r\nHost", 403),
        (b"Host: 127.0.0.1", b"Host: evil.example", 403),
        (b"Host: 127.0.0.1\r\n", b"", 403),
        (b"13\r\n", b"12\r\n", 400),
        (b"AAAA", b"AA", 400),
        (b"Connection", b"Sec-WebSocket-Version: 13\r\nConnection", 400),
        (b"GET", b"POST", 405),
        (b"HTTP/1.1", b"HTTP/1.0", 426),
        (b"Connection: Upgrade", b"Connection: keep-alive\r\nConnection: Upgrade", 101),
        (b"Connection: Upgrade", b"Connection: Upgrade\r\nConnection: keep-alive", 101),
        (b"Connection: Upgrade", b"cOnNeCtIoN: uPgRaDe", 101),
        (b"Upgrade: websocket", b"uPGRADE: wEBSOCKET", 101),
        (b"Upgrade: websocket", b"Upgrade: websocket, h2c", 101),
        (b"Upgrade: websocket", b"Upgrade: h2c,WebSocket", 101),
        (b"Upgrade: websocket", b"Upgrade: h2c\r\nUpgrade: websocket", 101),
        (b"Upgrade: websocket", b"Upgrade: h2c", 426),
        (b"Upgrade: websocket\r\n", b"", 426),
        (b"Connection: Upgrade\r\n", b"", 426),
        (b"Connection: Upgrade", b"Connection: close", 426),
        (b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\nhello", 400),
        (b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"/r/R", b"/r/\xc3\x84", 400),
        (b"Host", b"x: y\r\n" * http_protocol.MAX_HEADERS + b"Host", 431),
    ],
    ids=repr,
)
async def test_an_upgrade_is_judged_as_it_was_sent(
    what: bytes, instead: bytes, status: int
) -> None:
    async with party() as at, visitor(at.url) as guest:
        guest.says(UPGRADE.replace(what, instead, 1))
        assert await guest.is_answered() == status


async def test_an_app_learns_all_of_a_request_for_an_upgrade() -> None:
    seen: dict[str, Any] = {}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.update(scope)
        await send({"type": "websocket.close"})

    async with served(app) as url, visitor(url) as guest:
        guest.says(
            UPGRADE.replace(b"/r/R", b"/r/%C3%84?a=%20b").replace(b"Host", b"X: \xe4\r\nHost")
        )
        assert await guest.is_answered() == 403
    assert (seen["path"], seen["raw_path"]) == ("/r/Ä", b"/r/%C3%84")
    assert seen["query_string"] == b"a=%20b"
    assert seen["headers"][:2] == [(b"x", b"\xe4"), (b"host", b"127.0.0.1")]
    assert (seen["client"][0], seen["server"]) == ("127.0.0.1", ("127.0.0.1", int(url[-5:])))


async def test_an_app_learns_all_protocols_that_were_offered() -> None:
    seen: dict[str, Any] = {}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.update(scope)
        await send({"type": "websocket.close"})

    async with served(app) as url, visitor(url) as guest:
        guest.says(UPGRADE.replace(b"Upgrade: websocket", b"Upgrade: websocket, h2c"))
        assert await guest.is_answered() == 403
    assert seen["type"] == "websocket"
    assert (b"upgrade", b"websocket, h2c") in seen["headers"]


# Many.


async def test_some_requests_may_wait_for_the_answer_to_the_one_before() -> None:
    async with party() as at, visitor(at.url) as guest:
        guest.says(ASK * 5)
        assert [await guest.is_answered() for _ in range(5)] == [200] * 5


async def test_many_may_not() -> None:
    begun = 0
    is_over = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal begun
        begun += 1
        await is_over.wait()

    async with served(app) as url, visitor(url) as guest:
        guest.says(ASK * 10_000)
        assert await guest.ends() == b""
        assert begun == 1
        is_over.set()


async def test_an_upgrade_behind_another_request_is_refused() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        await gone(receive)

    async with served(app) as url, visitor(url) as guest:
        guest.says(ASK + UPGRADE)
        assert await guest.ends() == b""


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


# The log.


async def test_what_is_no_http_is_told_to_its_sender_and_seldom_to_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    async with party() as at:
        for _ in range(30):
            async with visitor(at.url) as stranger:
                stranger.says(b"CANARY\r\n\r\n")
                assert (await stranger.ends()).startswith(b"HTTP/1.1 400 ")
    lines = [record.getMessage() for record in caplog.records]
    assert 10 <= len(lines) <= 20
    assert lines[0] == "refused a request from 127.0.0.1: this is no HTTP"
    assert not [line for line in lines if "CANARY" in line]


async def test_an_offer_of_another_protocol_is_passed_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with party() as at, visitor(at.url) as guest:
        guest.says(ASK[:-2] + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n")
        assert await guest.is_answered() == 200
        assert await guest.ends() == b""
    assert caplog.records == []
