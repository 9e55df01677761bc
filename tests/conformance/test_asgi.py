"""What a WebSocket class owes the app: ASGI's WebSocket messages, both ways."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.conformance import echo
from tests.conformance.serving import CLASSES, serving, url_of
from tests.conformance.wire import CUT, NO_CODE, PATIENCE, connect, request
from tests.helpers.peers import until
from tests.helpers.raw import BINARY, CLOSE, PING, PONG, TEXT, Refused, frame

pytestmark = pytest.mark.parametrize("ws", CLASSES)

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
MEBIBYTE = 1 << 20


def accepting(then: Callable[[Receive, Send], Awaitable[None]]) -> ASGIApp:
    """Build an app that accepts first."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await then(receive, send)

    return app


async def disconnected(receive: Receive) -> dict[str, Any]:
    while (message := await receive())["type"] != "websocket.disconnect":
        pass
    return dict(message)


# The upgrade.


async def test_the_scope_says_who_asks_for_what(ws: str) -> None:
    scopes: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scopes.append(scope)
        await echo.app(scope, receive, send)

    headers = [("Sec-WebSocket-Protocol", "a, b"), ("Sec-WebSocket-Protocol", "c"), ("X-One", "1")]
    async with (
        serving(app, ws) as server,
        connect(url_of(server) + "/a%20b/%C3%BC?q=%20&r", headers) as wire,
    ):
        client = wire.writer.get_extra_info("sockname")
        host, port = wire.writer.get_extra_info("peername")
    (scope,) = scopes
    assert (scope["type"], scope["http_version"], scope["scheme"]) == ("websocket", "1.1", "ws")
    assert (scope["path"], scope["raw_path"]) == ("/a b/ü", b"/a%20b/%C3%BC")
    assert scope["query_string"] == b"q=%20&r"
    assert scope["subprotocols"] == ["a", "b", "c"]
    assert (tuple(scope["client"]), tuple(scope["server"])) == (client, (host, port))
    assert (b"x-one", b"1") in scope["headers"]


async def test_the_first_message_is_a_connect(ws: str) -> None:
    first: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        first.append((await receive())["type"])
        await send({"type": "websocket.close"})

    async with serving(app, ws) as server:
        with pytest.raises(Refused):
            async with connect(url_of(server)):
                pass
    assert first == ["websocket.connect"]


async def test_an_accept_may_choose_a_subprotocol_and_add_headers(ws: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        headers = [(b"X-Two", b"2"), (b"set-cookie", b"a=b")]
        await send({"type": "websocket.accept", "subprotocol": "b", "headers": headers})
        await disconnected(receive)

    asked = [("Sec-WebSocket-Protocol", "a, b")]
    async with serving(app, ws) as server, connect(url_of(server), asked) as wire:
        assert wire.headers["sec-websocket-protocol"] == "b"
        assert (wire.headers["x-two"], wire.headers["set-cookie"]) == ("2", "a=b")


async def test_no_extension_is_agreed_to(ws: str) -> None:
    asked = [("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")]
    async with serving(echo.app, ws) as server, connect(url_of(server), asked) as wire:
        assert "sec-websocket-extensions" not in wire.headers
        assert "sec-websocket-protocol" not in wire.headers


async def test_a_close_instead_of_an_accept_is_a_403(ws: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.close"})

    async with serving(app, ws) as server:
        with pytest.raises(Refused) as refused:
            async with connect(url_of(server)):
                pass
    assert refused.value.status == 403


async def test_a_denial_may_have_a_status_headers_and_a_body(ws: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert "websocket.http.response" in scope["extensions"]
        await receive()
        headers = [(b"content-type", b"text/html"), (b"retry-after", b"7")]
        await send({"type": "websocket.http.response.start", "status": 503, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": b"not ", "more_body": True})
        await send({"type": "websocket.http.response.body", "body": b"now"})

    async with serving(app, ws) as server:
        answer = await ask(server, request("/", KEY))
    head, body = answer.lower().split(b"\r\n\r\n")
    assert head.startswith(b"http/1.1 503 ")
    assert b"retry-after: 7" in head
    assert b"content-type: text/html" in head
    assert body == b"not now"


@pytest.mark.parametrize(
    "wrong",
    [
        ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8"),
        ("Sec-WebSocket-Key: " + KEY, "X: y"),
        (KEY, "short"),
    ],
    ids=["version", "no key", "short key"],
)
async def test_an_upgrade_that_is_none_is_refused(ws: str, wrong: tuple[str, str]) -> None:
    async with serving(echo.app, ws) as server:
        before, after = wrong
        answer = await ask(server, request("/", KEY).replace(before.encode(), after.encode()))
        await until(lambda: not server.server_state.connections)
    assert answer.split(b" ", 2)[1] in (b"400", b"426")


async def ask(server: Any, data: bytes) -> bytes:
    """Return all that a server says to some bytes until it closes the connection."""
    host, port = server.servers[0].sockets[0].getsockname()
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(data)
    async with asyncio.timeout(PATIENCE):
        answer = await reader.read()
    writer.close()
    return answer


# The close.


async def test_an_app_may_close_with_a_code_and_a_reason(ws: str) -> None:
    async def then(receive: Receive, send: Send) -> None:
        await send({"type": "websocket.send", "text": "last"})
        await send({"type": "websocket.close", "code": 4321, "reason": "größe"})

    async with serving(accepting(then), ws) as server, connect(url_of(server)) as wire:
        assert await wire.frame() == (TEXT, b"last")
        assert await wire.frame() == (CLOSE, (4321).to_bytes(2) + "größe".encode())
        wire.write(frame(CLOSE, (4321).to_bytes(2)))
        assert await wire.ends() == (CUT, "")


@pytest.mark.parametrize("code", [{}, {"code": None}], ids=["no code", "None"])
async def test_a_close_without_a_code_is_a_normal_one(ws: str, code: dict[str, None]) -> None:
    async def then(receive: Receive, send: Send) -> None:
        await send({"type": "websocket.close", **code})

    async with serving(accepting(then), ws) as server, connect(url_of(server)) as wire:
        assert await wire.frame() == (CLOSE, (1000).to_bytes(2))


@pytest.mark.parametrize(
    ("how", "codes", "reason"),
    [
        (frame(CLOSE, (3001).to_bytes(2) + b"bye"), [3001], "bye"),
        (frame(CLOSE, b""), [NO_CODE], ""),
        (None, [CUT, NO_CODE], ""),  # ASGI has no word on this; uvicorn's classes say the latter
    ],
    ids=["with code", "without code", "cut"],
)
async def test_the_app_is_told_how_it_ended(
    ws: str, how: bytes | None, codes: list[int], reason: str
) -> None:
    heard: list[dict[str, Any]] = []

    async def then(receive: Receive, send: Send) -> None:
        heard.append(await disconnected(receive))

    async with serving(accepting(then), ws) as server, connect(url_of(server)) as wire:
        if how is None:
            wire.writer.transport.abort()
        else:
            wire.write(how)
            await wire.ends()
        await until(lambda: bool(heard))
    assert heard[0]["code"] in codes
    assert (heard[0].get("reason") or "") == reason


async def test_sending_to_who_is_gone_fails_as_an_oserror_or_not_at_all(ws: str) -> None:
    outcomes: list[object] = []

    async def then(receive: Receive, send: Send) -> None:
        await disconnected(receive)
        try:
            await send({"type": "websocket.send", "text": "anyone?"})
        except OSError:
            outcomes.append(OSError)
        else:
            outcomes.append(None)

    async with serving(accepting(then), ws) as server:
        async with connect(url_of(server)):
            pass
        await until(lambda: bool(outcomes))
        await until(lambda: not server.server_state.connections)


# Faults of the app.


async def test_an_app_that_fails_before_it_accepts_is_a_500(
    ws: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise ZeroDivisionError

    async with serving(app, ws) as server:
        with pytest.raises(Refused) as refused:
            async with connect(url_of(server)):
                pass
    assert refused.value.status == 500
    assert "Exception in ASGI application" in caplog.text


async def test_an_app_that_fails_later_ends_that_connection_alone(
    ws: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def then(receive: Receive, send: Send) -> None:
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": str(1 / len(message["text"]))})

    async with serving(accepting(then), ws) as server:
        async with connect(url_of(server)) as wire, connect(url_of(server)) as other:
            wire.write(frame(TEXT, b""))
            assert (await wire.ends())[0] in (CUT, 1011)
            other.write(frame(TEXT, b"abcd"))
            assert await other.frame() == (TEXT, b"0.25")
        await until(lambda: not server.server_state.connections)
    assert caplog.text.count("Exception in ASGI application") == 1


async def test_an_app_that_leaves_ends_the_connection(ws: str) -> None:
    async def then(receive: Receive, send: Send) -> None:
        await send({"type": "websocket.send", "text": "enough"})

    async with serving(accepting(then), ws) as server, connect(url_of(server)) as wire:
        assert await wire.frame() == (TEXT, b"enough")
        assert (await wire.ends())[0] in (CUT, 1000)


async def test_messages_that_ASGI_does_not_know_are_errors_of_the_app(ws: str) -> None:
    errors: list[str] = []

    async def then(receive: Receive, send: Send) -> None:
        for message in ({"type": "websocket.accept"}, {"type": "http.response.start"}):
            try:
                await send(message)
            except RuntimeError as error:
                errors.append(str(error))
        await send({"type": "websocket.close"})
        try:
            await send({"type": "websocket.send", "text": "after all"})
        except RuntimeError as error:
            errors.append(str(error))

    async with serving(accepting(then), ws) as server, connect(url_of(server)) as wire:
        assert await wire.frame() == (CLOSE, (1000).to_bytes(2))
        await until(lambda: len(errors) == 3)


# Pressure.


async def test_an_app_waits_for_a_peer_that_does_not_read(ws: str) -> None:
    sent = 0

    async def then(receive: Receive, send: Send) -> None:
        nonlocal sent
        for number in range(64):
            await send({"type": "websocket.send", "bytes": bytes([number]) * MEBIBYTE})
            sent += 1
        await disconnected(receive)

    async with serving(accepting(then), ws) as server, connect(url_of(server)) as wire:
        await until(lambda: sent > 0)
        before = -1
        while before != sent:
            before = sent
            await asyncio.sleep(0.1)
        assert sent < 32
        for number in range(64):
            assert await wire.frame() == (BINARY, bytes([number]) * MEBIBYTE)
        assert sent == 64


async def test_an_app_that_does_not_receive_is_not_sent_more(ws: str) -> None:
    heard: list[bytes] = []
    is_awake = asyncio.Event()

    async def then(receive: Receive, send: Send) -> None:
        await is_awake.wait()
        while (message := await receive())["type"] == "websocket.receive":
            heard.append(message["bytes"])

    messages = [bytes([number]) * 60_000 for number in range(256)] * 2
    async with serving(accepting(then), ws) as server, connect(url_of(server)) as wire:
        wire.write(*(frame(BINARY, message) for message in messages))
        left = -1
        while left != wire.writer.transport.get_write_buffer_size():
            left = wire.writer.transport.get_write_buffer_size()
            await asyncio.sleep(0.1)
        assert left > 8 * MEBIBYTE
        is_awake.set()
        await until(lambda: len(heard) == len(messages))
    assert heard == messages


# Life and end.


async def test_pings_keep_who_answers_and_end_who_does_not(ws: str) -> None:
    # Who answers has this many seconds to do so: a busy machine takes some of them.
    options = {"ws_ping_interval": 0.05, "ws_ping_timeout": 2.0}
    async with (
        serving(echo.app, ws, **options) as server,
        connect(url_of(server)) as mute,
        connect(url_of(server)) as alive,
        asyncio.TaskGroup() as tasks,
    ):
        ending = tasks.create_task(mute.ends())
        while not ending.done():
            opcode, data = await alive.frame()
            assert opcode == PING
            alive.write(frame(PONG, data))
        assert ending.result()[0] in (CUT, 1011)
        alive.write(frame(TEXT, b"still here"))
        while (heard := await alive.frame())[0] == PING:
            pass
        assert heard == (TEXT, b"still here")


async def test_a_shutdown_says_goodbye_to_all(ws: str, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[int] = []

    async def then(receive: Receive, send: Send) -> None:
        heard.append((await disconnected(receive))["code"])

    caplog.set_level(logging.WARNING)
    async with asyncio.TaskGroup() as tasks, serving(accepting(then), ws) as server:
        ending = []
        for _ in range(3):
            ready = asyncio.Event()
            ending.append(tasks.create_task(_outlast(url_of(server), ready)))
            await ready.wait()
    assert [task.result()[0] for task in ending] == [1012] * 3
    assert heard == [1012] * 3
    assert not caplog.records


async def _outlast(url: str, ready: asyncio.Event) -> tuple[int, str]:
    async with connect(url) as wire:
        ready.set()
        return await wire.ends()
