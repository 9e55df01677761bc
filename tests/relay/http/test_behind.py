"""Behind proxies, under each server: who is counted, by which name and path, and what is spoiled.

The proxies are headers here, and the peer is loopback; test_nginx.py has a real one.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from urllib.parse import urljoin

import httpx
import hypercorn.asyncio
import hypercorn.config
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient
from starlette.types import ASGIApp
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from relay.http.app import create_app
from relay.policy.config import Settings
from relay.policy.proxies import THROUGH
from relay.server.process import listen, make_server
from tests.helpers.portable import without_extensions

HELLO = bytes.fromhex("93010180")
Served = Callable[[ASGIApp], AbstractContextManager[int]]


@contextmanager
def under_uvicorn(app: ASGIApp) -> Iterator[int]:
    listener = listen("127.0.0.1", 0)
    server = make_server(app, Settings())
    thread = threading.Thread(target=server.run, args=([*listener.sockets],))
    thread.start()
    try:
        yield listener.port
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def portably(app: ASGIApp) -> Iterator[int]:
    with under_uvicorn(without_extensions(app)) as port:
        yield port


@contextmanager
def under_hypercorn(app: ASGIApp) -> Iterator[int]:
    listener = listen("127.0.0.1", 0)
    config = hypercorn.config.Config()
    config.bind = [f"fd://{listener.sockets[0].detach()}"]
    ended, loop = asyncio.Event(), asyncio.new_event_loop()

    def serve() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(hypercorn.asyncio.serve(app, config, shutdown_trigger=ended.wait))  # type: ignore[arg-type]

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.port
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()


@pytest.fixture(params=[under_uvicorn, portably, under_hypercorn], ids=lambda by: by.__name__)
def served(request: pytest.FixtureRequest) -> Served:
    by: Served = request.param
    return by


def link(port: int, path: str = "/r/DEN", **said: str) -> AbstractContextManager[ClientConnection]:
    """Open a WebSocket with these headers, as `X_Forwarded_For`."""
    named = {name.replace("_", "-"): value for name, value in said.items()}
    return connect(f"ws://127.0.0.1:{port}{path}", additional_headers=named)


def status(port: int, **said: str) -> int:
    """Enter a room. Returns: the HTTP status of the answer."""
    try:
        with link(port, **said) as connection:
            connection.send(HELLO)
            connection.recv()
    except InvalidStatus as refused:
        return refused.response.status_code
    return 101


def test_an_address_is_what_a_trusted_proxy_says(served: Served) -> None:
    seen = []
    settings = Settings(trusted_proxies=("127.0.0.1",), connections_per_address=1)
    app = create_app(settings, on_join=lambda request: seen.append(request.address))
    with served(app) as port, link(port, X_Forwarded_For="1.1.1.1, 203.0.113.1") as one:
        one.send(HELLO)
        one.recv()
        with link(port, Forwarded="for=203.0.113.2") as two:
            two.send(HELLO)
            two.recv()
            with link(port, X_Forwarded_For="203.0.113.1") as three:
                three.recv()  # ERROR
                with pytest.raises(ConnectionClosed) as closed:
                    three.recv()
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.reason == "relay_full"
    assert seen == ["203.0.113.1", "203.0.113.2"]


def test_what_a_stranger_says_of_the_address_is_no_address(served: Served) -> None:
    seen = []
    settings = Settings(trusted_proxies=("192.0.2.0/24",))
    app = create_app(settings, on_join=lambda request: seen.append(request.address))
    with served(app) as port:
        for number in range(3):
            assert status(port, X_Forwarded_For=f"203.0.113.{number}") == 101
        assert status(port) == 101
    assert seen == [f"127.0.0.1{THROUGH}"] * 3 + ["127.0.0.1"]


def test_a_page_is_the_relays_own_where_a_trusted_proxy_was_asked_for_it(served: Served) -> None:
    app = create_app(Settings(trusted_proxies=("127.0.0.1",), names=("game.example",)))
    said = {"X_Forwarded_For": "203.0.113.1", "X_Forwarded_Host": "game.example"}
    with served(app) as port:
        https = {**said, "X_Forwarded_Proto": "https"}
        assert status(port, Origin="https://game.example", **https) == 101
        assert status(port, Origin="http://game.example", **https) == 403
        assert status(port, Origin="https://evil.example", **https) == 403
        standard = {"Forwarded": "for=203.0.113.1;host=game.example;proto=https"}
        assert status(port, Origin="https://game.example", **standard) == 101
        evil = {**said, "X_Forwarded_Host": "evil.example"}
        assert status(port, Origin="https://evil.example", **evil) == 403
    with served(create_app(Settings(names=("game.example",)))) as port:
        assert status(port, Origin="https://game.example", **https) == 403


@pytest.mark.parametrize("strips", [True, False], ids=["stripped", "whole"])
def test_a_proxy_may_show_the_relay_below_a_path(served: Served, strips: bool) -> None:
    path = "" if strips else "/rt"
    apps = {
        "set": (create_app(Settings(root_path="/rt/")), {}, "/rt"),
        "said": (
            create_app(Settings(trusted_proxies=("127.0.0.1",))),
            {"X-Forwarded-Prefix": "/rt"},
            "/rt",
        ),
        "not believed": (create_app(Settings()), {"X-Forwarded-Prefix": "/rt"}, ""),
    }
    for name, (app, headers, root) in apps.items():
        if root == "" and not strips:
            continue
        with served(app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}") as http:
            made = http.post(f"{path}/api/rooms", json={"name": "den"}, headers=headers)
            assert made.status_code == 201, name
            assert made.json()["url"] == f"{root}/r/DEN"
            asked = "http://game.example/rt/api/rooms"
            assert urljoin(asked, made.headers["location"]) == f"{asked}/DEN"
            assert http.get(f"{path}/r/DEN", headers=headers).status_code == 200
            # Where a relay is told the prefix, its home may be asked for without a slash.
            for page in ("/r/DEN", "/r/DEN/", "/", *([""] if root else [])):
                text = http.get(f"{path}{page}" or "/", headers=headers).text
                home = re.search('<head><base href="(.*?)">', text)
                shown = f"http://game.example/rt{page}"
                right = home and urljoin(shown, home[1]) == "http://game.example/rt/"
                assert right or "make setup" in text, (name, page)
            assert http.get(f"{path}/client/roomwire.js", headers=headers).status_code == 200
            with link(port, f"{path}/r/DEN", **headers) as connection:
                connection.send(HELLO)
                assert b"\xa3DEN" in connection.recv()


@pytest.mark.parametrize("prefix", ["/r", "/api", "/client", "/docs", "/a/b"])
def test_a_proxys_path_may_look_like_one_of_the_relays_own(prefix: str) -> None:
    paths = ["/", "/r/DEN", "/r/DEN/", "/client/roomwire.js", "/api/rooms", "/docs", "/healthz"]
    app = create_app(Settings(root_path=prefix))
    with TestClient(app, base_url="http://127.0.0.1") as http:
        for path in paths:
            for asked in (path, prefix + path):
                assert http.get(asked).status_code == 200, asked


def test_a_mounted_relay_may_stand_below_a_proxys_path(served: Served) -> None:
    app = create_app(Settings(root_path="/rt"))
    with served(Starlette(routes=[Mount("/games", app)])) as port:
        made = httpx.post(f"http://127.0.0.1:{port}/games/api/rooms", json={"name": "den"})
    assert made.json()["url"] == "/rt/games/r/DEN"
    app.state.node.close()


@pytest.mark.parametrize(
    ("said", "lack"),
    [
        ({}, "without Upgrade: websocket"),
        ({"Connection": "close"}, "without Upgrade: websocket"),
        ({"Connection": "close", "Upgrade": "websocket"}, "without Connection: Upgrade"),
    ],
    ids=str,
)
def test_an_upgrade_that_a_proxy_has_eaten_is_explained(
    served: Served, said: dict[str, str], lack: str, caplog: pytest.LogCaptureFixture
) -> None:
    key = {"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version": "13"}
    app = create_app(Settings(trusted_proxies=("127.0.0.1",)))
    with served(app) as port:
        client = {"X-Forwarded-For": "203.0.113.9"}
        answer = httpx.get(
            f"http://127.0.0.1:{port}/r/DEN?token=CANARY", headers={**key, **said, **client}
        )
    assert answer.status_code == 426
    assert answer.headers["upgrade"] == "websocket"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    (line,) = [each for each in caplog.messages if "WebSocket" in each]
    assert line.startswith("refused a request from 203.0.113.9: it asks for a WebSocket, but ")
    for text in (answer.text, line):
        assert lack in text
        assert "must pass on the headers Upgrade and Connection" in text
        assert "CANARY" not in text


def test_any_other_request_is_no_spoiled_upgrade() -> None:
    key = {"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
    with under_uvicorn(create_app(Settings())) as port:
        url = f"http://127.0.0.1:{port}"
        assert httpx.get(f"{url}/r/DEN").status_code == 200
        assert httpx.get(f"{url}/healthz", headers=key).status_code == 200


def test_a_proxy_that_is_not_trusted_is_told_of_once(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    with served(create_app(Settings())) as port:
        for number in range(20):
            assert status(port, X_Forwarded_For=f"203.0.113.{number}") == 101
    (line,) = [each for each in caplog.messages if "proxy" in each]
    assert "RELAY_TRUSTED_PROXIES=127.0.0.1" in line


def test_what_is_malformed_is_told_of_once_and_harms_nobody(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    with served(create_app(Settings(trusted_proxies=("127.0.0.1",)))) as port:
        for _ in range(5):
            assert status(port, X_Forwarded_For="non\tsense") == 101
    (line,) = [each for each in caplog.messages if "proxy" in each]
    assert "names the client non?sense: an address was expected" in line
