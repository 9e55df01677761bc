"""An upgrade is judged as it was sent, and an app learns all of it."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from relay.server import http_protocol
from tests.helpers.http_visitors import ASK, UPGRADE, gone, served, visitor
from tests.helpers.peers import party


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


async def test_an_upgrade_behind_another_request_is_refused() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        await gone(receive)

    async with served(app) as url, visitor(url) as guest:
        guest.says(ASK + UPGRADE)
        assert await guest.ends() == b""
