"""The relay as a process, on real sockets."""

import asyncio
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from types import ModuleType

import httpx
import pytest
import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.sync.client import connect as connect_sync
from websockets.typing import Subprotocol

from relay.http.app import create_app
from relay.lobby.homes import ALONE
from relay.policy.config import Settings
from relay.server.process import GRACE, listen, make_server
from tests.helpers.measuring import fastest_here
from tests.helpers.peers import PATIENCE, until
from tests.helpers.ports import free_ports
from tests.helpers.raw import BINARY, frame
from tests.helpers.relay import END_SECONDS, RunningRelay, relay_process, running_relay

HELLO = bytes.fromhex("93010180")
WELCOME = bytes.fromhex("9502")
ERROR = bytes.fromhex("9503")
PONG = bytes.fromhex("9606")


@pytest.fixture
async def relay() -> AsyncIterator[RunningRelay]:
    async with running_relay() as relay:
        yield relay


async def greeted(relay: RunningRelay, room: str) -> ClientConnection:
    link = await connect(relay.link_url(room))
    await link.send(HELLO)
    assert (await link.recv(decode=False))[:2] == WELCOME
    return link


async def test_a_relay_runs_in_the_tests_own_loop(relay: RunningRelay) -> None:
    async with httpx.AsyncClient() as client:
        response = await client.get(f"{relay.url}/healthz")
        assert response.json() == {"status": "ok"}
        assert "server" not in response.headers
    link = await greeted(relay, "abc")
    assert relay.node.registry.get("ABC") is not None
    await link.close()


async def test_the_subprotocol_is_selected_if_it_is_offered(relay: RunningRelay) -> None:
    async with connect(relay.link_url("a"), subprotocols=[Subprotocol("roomwire.1")]) as link:
        assert link.subprotocol == "roomwire.1"
    async with connect(relay.link_url("a"), subprotocols=[Subprotocol("other.1")]) as link:
        assert link.subprotocol is None


async def test_compression_is_off(relay: RunningRelay) -> None:
    async with connect(relay.link_url("a"), compression="deflate") as link:
        assert link.response is not None
        assert "Sec-WebSocket-Extensions" not in link.response.headers


async def test_a_message_over_the_limit_gets_an_error_and_a_huge_one_is_cut_off(
    relay: RunningRelay,
) -> None:
    link = await greeted(relay, "a")
    await link.send(bytes(64 * 1024))
    while (await link.recv(decode=False))[:2] != ERROR:
        pass
    await link.send(bytes(64 * 1024 + 1))
    await link.wait_closed()
    assert link.close_code == 1009


async def nothing(scope: object, receive: object, send: object) -> None:
    """Be an app that nobody asks."""


async def test_who_is_stopped_before_it_serves_begins_nothing() -> None:
    """Else it would read the rooms of a state file, and lose them."""
    server = make_server(nothing, Settings())
    server.on_starting = pytest.fail
    server.handle_exit(signal.SIGTERM, None)
    await server.startup([])
    assert not server.started


@pytest.mark.parametrize("library", [asyncio, uvloop])
def test_nobody_is_looked_at_before_the_state_file_is_removed(
    library: ModuleType,
) -> None:
    """Not even one who came early and said everything at once: then nothing was told yet that the
    file does not have, and the next relay may use it."""
    app = create_app(Settings())
    node = app.state.node
    server = make_server(app, Settings())
    listener = listen("localhost", 0)
    seen: list[int] = []
    server.on_serving = lambda: seen.append(node.connects)

    async def serve() -> None:
        with raw(listener.port) as early:
            early.sendall(UPGRADE + frame(BINARY, HELLO))
            await server.startup([*listener.sockets])
            await until(lambda: node.connects)
            await server.shutdown([*listener.sockets])

    with asyncio.Runner(loop_factory=library.new_event_loop) as runner:
        server.config.load()
        server.lifespan = server.config.lifespan_class(server.config)
        runner.run(serve())
    assert seen == [0]


async def test_what_fails_once_it_serves_ends_it_as_a_signal_does() -> None:
    """Else the rooms that it has taken would be lost."""
    left: list[str] = []

    async def leave() -> None:
        left.append("all")

    def fail() -> None:
        raise OSError("the disk is full")

    server = make_server(nothing, Settings())
    server.on_started, server.on_signal = fail, leave
    await server.serve([*listen("127.0.0.1", 0).sockets])
    assert isinstance(server.failure, OSError)
    assert left == ["all"]


async def test_what_fails_in_the_end_ends_it_all_the_same() -> None:
    async def fail() -> None:
        raise OSError("the disk is gone")

    server = make_server(nothing, Settings())
    server.on_signal = fail
    listener = listen("127.0.0.1", 0)
    server.on_started = lambda: server.handle_exit(signal.SIGTERM, None)
    await server.serve([*listener.sockets])
    assert isinstance(server.failure, OSError)


async def test_who_connected_just_before_the_end_is_answered() -> None:
    server = make_server(create_app(Settings(), homes=ALONE), Settings())
    listener = listen("127.0.0.1", 0)
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve([*listener.sockets]))
        await until(lambda: server.started)
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        await until(lambda: bool(server.server_state.connections))
        server.leave()
        await until(lambda: not any(each.is_serving() for each in server.servers))
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 ")
        writer.close()


async def test_a_server_without_a_word_for_signals_ends() -> None:
    server = make_server(nothing, Settings())

    def interrupt() -> None:
        server.handle_exit(signal.SIGINT, None)
        server.handle_exit(signal.SIGINT, None)

    server.on_started = interrupt
    await server.serve([*listen("127.0.0.1", 0).sockets])
    assert server.force_exit


def test_settings_reach_uvicorn() -> None:
    async def app(*_: object) -> None: ...

    config = make_server(app, Settings(max_frame=2**20, ping_seconds=3, ping_timeout=None)).config
    assert config.ws_max_size == 4 * 2**20
    assert (config.ws_ping_interval, config.ws_ping_timeout) == (3, None)
    assert make_server(app, Settings()).config.ws_max_size == 64 * 1024
    assert not config.proxy_headers
    assert not config.ws_per_message_deflate


def test_uvloop_is_used_where_there_is_one() -> None:
    """On asyncio's own loop a relay without descriptors spins, and fills its log."""
    loop = make_server(nothing, Settings()).config.get_loop_factory()
    assert loop is not None
    assert loop.__module__.partition(".")[0] == "uvloop"


def test_a_process_says_where_it_is_and_ends_when_asked() -> None:
    assert fastest_here(its_end, GRACE - 1) < GRACE - 1


def its_end() -> float:
    """Return how long a process takes to end."""
    with relay_process() as relay:
        assert httpx.get(f"{relay.url}/healthz").status_code == 200
        began = time.monotonic()
        assert relay.end() == 0
        took = time.monotonic() - began
        assert relay.log == ""
    return took


def test_a_process_at_localhost_is_found_in_both_families() -> None:
    with relay_process("--host", "localhost") as relay:
        assert relay.url == f"http://localhost:{relay.port}"
        for host in ("localhost", "127.0.0.1", "[::1]"):
            assert httpx.get(f"http://{host}:{relay.port}/healthz").status_code == 200


def test_a_process_begins_anew_on_the_same_port() -> None:
    (port,) = free_ports(1)  # it is nobody else's meanwhile
    with relay_process(port=port) as relay:
        connection = connect_sync(relay.link_url("a"))
        assert relay.end() == 0
    with relay_process(port=port) as again:
        assert again.port == relay.port
        assert httpx.get(f"{again.url}/healthz").status_code == 200
    connection.close_socket()


def test_ctrl_c_ends_without_a_word() -> None:
    with relay_process() as relay:
        relay.process.send_signal(signal.SIGINT)
        assert relay.process.wait(END_SECONDS) == 0
        assert relay.log == ""


def test_a_taken_port_ends_the_process_with_one_line() -> None:
    with relay_process() as relay:
        command = [sys.executable, "-m", "relay", "serve", "--port", str(relay.port)]
        second = subprocess.run(command, capture_output=True, text=True, check=False)
    assert second.returncode == 2
    assert second.stderr.count("\n") == 1
    assert f"port {relay.port} of 127.0.0.1 is taken" in second.stderr


def test_the_log_has_neither_queries_nor_tracebacks_of_what_clients_did() -> None:
    with relay_process("--log-level", "debug") as relay:
        for path in ("/r/a?token=CANARY", "/?token=CANARY", "/nothing?token=CANARY"):
            httpx.get(relay.url + path)
        for message in ("text CANARY", b"CANARY"):
            with connect_sync(relay.link_url("a") + "?token=CANARY") as link:
                link.send(message)
        with raw(relay.port) as other:
            other.sendall(b"CANARY\r\n\r\n")
            other.recv(4096)
        with raw(relay.port) as other:
            other.sendall(UPGRADE)
            other.recv(4096)
            other.sendall(bytes.fromhex("818100000000ff"))  # text that is no UTF-8
            other.recv(4096)
        with raw(relay.port) as other:
            other.sendall(b"POST /api/rooms HTTP/1.1\r\nHost: 127.0.0.1\r\n")
            other.sendall(b"Content-Length: 9\r\n\r\nCANARY")  # and is gone before the rest
        assert relay.end() == 0
        assert "CANARY" not in relay.log
        assert "Traceback" not in relay.log


UPGRADE = (
    b"GET /r/a HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
"""Asks for a WebSocket in room A."""


def raw(port: int) -> socket.socket:
    """Connect without a WebSocket."""
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
