"""One app, wherever it runs: page, REST and WebSocket answer alike."""

import asyncio
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urljoin

import httpx
import hypercorn.asyncio
import hypercorn.config
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient
from starlette.types import ASGIApp
from starlette.websockets import WebSocketDisconnect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from relay.http.app import create_app
from relay.policy.config import Settings
from relay.server.process import listen, make_server
from tests.helpers.relay import link_url

HELLO = bytes.fromhex("93010180")
PREFIX = "/games"


class Link(Protocol):
    """A WebSocket, however it gets there."""

    def send(self, message: bytes) -> None: ...
    def receive(self) -> bytes: ...


@dataclass
class Host:
    """A place where the app runs."""

    http: Any
    link: Callable[[str, str | None], AbstractContextManager[Link]]
    root: str = ""
    """Begins every link that the app gives."""
    asked: str = ""
    """Begins every path that the server is asked for; a proxy may have taken the root off."""


class Refused(Exception):
    """The upgrade was answered by HTTP 403."""


@pytest.fixture(params=["uvicorn", "hypercorn", "testclient"])
def server(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(params=["alone", "mounted", "behind a proxy"])
def host(request: pytest.FixtureRequest, server: str) -> Iterator[Host]:
    app = create_app(Settings())
    match request.param:
        case "alone":
            with run(server, app) as host:
                yield host
        case "mounted":
            with run(server, Starlette(routes=[Mount(PREFIX, app)]), asked=PREFIX) as host:
                host.root = PREFIX
                yield host
            app.state.node.close()  # a mounted app's lifespan does not run by itself
        case "behind a proxy":
            with run(server, app, root_path=PREFIX) as host:
                host.root = PREFIX
                yield host


def test_the_pages_say_where_they_are(host: Host) -> None:
    for path in ("/", "/r/K7QF", "/r/K7QF/"):
        page = host.http.get(host.asked + path)
        assert page.status_code == 200
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        home = re.search('<head><base href="(.*?)">', page.text)
        assert "make setup" in page.text or (home and home_of(host, path, home[1]))
    docs = host.http.get(f"{host.asked}/docs/")
    schema = re.search('href="(.*?)schema.yml"', docs.text)
    assert schema
    assert home_of(host, "/docs/", schema[1])


def home_of(host: Host, path: str, link: str) -> bool:
    """Return whether a link of a page leads to the relay's home."""
    return urljoin(f"http://relay{host.root}{path}", link) == f"http://relay{host.root}/"


def test_rest_makes_and_describes_rooms(host: Host) -> None:
    made = host.http.post(f"{host.asked}/api/rooms", json={"name": "den", "title": "Löwe"})
    assert made.status_code == 201
    assert made.json()["url"] == f"{host.root}/r/DEN"
    asked = f"http://relay{host.root}/api/rooms"
    assert urljoin(asked, made.headers["location"]) == f"{asked}/DEN"
    read = host.http.get(f"{host.asked}/api/rooms/den")
    assert read.json() == made.json()
    assert read.json()["title"] == "Löwe"


def test_a_websocket_leads_into_a_room(host: Host) -> None:
    with host.link("den", None) as link:
        link.send(HELLO)
        welcome = link.receive()
        assert welcome[:2] == bytes.fromhex("9502")
        assert b"\xa3DEN" in welcome
        assert host.http.get(f"{host.asked}/api/rooms/DEN").json()["players"] == 1


def test_a_strangers_page_is_refused_before_the_upgrade(host: Host) -> None:
    with pytest.raises(Refused), host.link("den", "https://evil.example"):
        pass
    assert host.http.get(f"{host.asked}/api/rooms/DEN").status_code == 404


def test_the_client_may_be_imported_from_anywhere(host: Host) -> None:
    response = host.http.get(f"{host.asked}/client/roomwire.js")
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["content-type"] == "text/javascript; charset=utf-8"


def test_what_is_not_there_is_a_problem(host: Host) -> None:
    for path in ("/nothing", "/client/nothing.js", "/api/rooms/NOTHING"):
        response = host.http.get(host.asked + path)
        assert response.status_code == 404
        assert response.headers["content-type"] == "application/problem+json"


class OverSocket:
    def __init__(self, connection: Any) -> None:
        self.send = connection.send
        self.receive = connection.recv


class InProcess:
    def __init__(self, session: Any) -> None:
        self.send = session.send_bytes
        self.receive = session.receive_bytes


def run(
    server: str, app: ASGIApp, *, asked: str = "", root_path: str = ""
) -> AbstractContextManager[Host]:
    """Run the app under a server that believes to be mounted at `root_path`."""
    under = {"uvicorn": under_uvicorn, "hypercorn": under_hypercorn, "testclient": in_process}
    return under[server](app, asked, root_path)


@contextmanager
def in_process(app: ASGIApp, asked: str, root_path: str) -> Iterator[Host]:
    """Under Starlette's TestClient, with its own idea of a server's name."""
    with TestClient(app, root_path=root_path) as client:

        @contextmanager
        def link(room: str, origin: str | None) -> Iterator[Link]:
            headers = {} if origin is None else {"origin": origin}
            try:
                with client.websocket_connect(f"{asked}/r/{room}", headers=headers) as session:
                    yield InProcess(session)
            except WebSocketDisconnect:
                raise Refused from None

        yield Host(client, link, asked=asked)


@contextmanager
def over_sockets(port: int, asked: str) -> Iterator[Host]:
    url = f"http://127.0.0.1:{port}"

    @contextmanager
    def link(room: str, origin: str | None) -> Iterator[Link]:
        headers = {} if origin is None else {"Origin": origin}
        try:
            with connect(link_url(url + asked, room), additional_headers=headers) as connection:
                yield OverSocket(connection)
        except InvalidStatus as error:
            raise (Refused if error.response.status_code == 403 else error) from None

    with httpx.Client(base_url=url) as client:
        yield Host(client, link, asked=asked)


@contextmanager
def under_uvicorn(app: ASGIApp, asked: str, root_path: str) -> Iterator[Host]:
    """As in production, but for signals, which only a main thread hears."""
    listener = listen("127.0.0.1", 0)
    server = make_server(app, Settings())
    server.config.root_path = root_path
    listener.sockets[0].listen()
    thread = threading.Thread(target=server.run, args=([*listener.sockets],))
    thread.start()
    try:
        with over_sockets(listener.port, asked) as host:
            yield host
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def under_hypercorn(app: ASGIApp, asked: str, root_path: str) -> Iterator[Host]:
    """Under the other ASGI server that people use."""
    listener = listen("127.0.0.1", 0)
    listener.sockets[0].listen()
    config = hypercorn.config.Config()
    config.bind = [f"fd://{listener.sockets[0].detach()}"]
    config.root_path = root_path
    ended = asyncio.Event()
    loop = asyncio.new_event_loop()

    def serve() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(hypercorn.asyncio.serve(app, config, shutdown_trigger=ended.wait))  # type: ignore[arg-type]

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with over_sockets(listener.port, asked) as host:
            yield host
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
