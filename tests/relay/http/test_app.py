"""What the app says of itself, and whom it lets through to a WebSocket."""

from typing import Any

import httpx
import pytest
import responder
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

import relay
from protocol.opcodes import Opcode
from relay.http.app import create_app
from relay.node.on_join import JoinRequest
from relay.policy.config import Settings
from tests.helpers.relay import running_relay
from tests.helpers.rest import LAN, client_of, hello, make

# The game's own word.


async def test_a_games_own_code_decides_who_enters() -> None:
    asked: list[JoinRequest] = []

    async def on_join(request: JoinRequest) -> str | None:
        asked.append(request)
        return None if request.name == "Ann" else "only Ann plays here"

    async with running_relay(on_join=on_join) as relay:
        for name, opcode in (("Ann", Opcode.WELCOME), ("Bob", Opcode.ERROR)):
            async with connect(relay.link_url("den")) as link:
                await link.send(hello(name, seat=ord(name[0])))
                assert (await link.recv(decode=False))[1] == opcode
    assert [(each.room, each.name, each.address) for each in asked] == [
        ("DEN", "Ann", "127.0.0.1"),
        ("DEN", "Bob", "127.0.0.1"),
    ]


# Origin and Host.


@pytest.mark.parametrize("path", ["/", "/r/A", "/api/rooms", "/client/roomwire.js", "/nothing"])
async def test_a_foreign_host_is_refused_everywhere(http: httpx.AsyncClient, path: str) -> None:
    response = await http.get(path, headers={"host": "evil.example"})
    assert response.status_code == 403
    assert response.headers["content-type"] == "application/problem+json"
    assert "RELAY_NAMES=evil.example" in response.json()["detail"]


async def test_two_hosts_are_none(http: httpx.AsyncClient) -> None:
    hosts = [("host", "127.0.0.1"), ("host", "evil.example")]
    assert (await http.get("/", headers=hosts)).status_code == 403
    origins = [("origin", "http://192.168.1.5:8000"), ("origin", "https://evil.example")]
    assert (await http.post("/api/rooms", json={}, headers=origins)).status_code == 403


async def test_a_name_of_the_settings_is_no_foreign_host(http: httpx.AsyncClient) -> None:
    response = await http.get("/healthz", headers={"host": "play.example.com"})
    assert response.json() == {"status": "ok"}


async def test_a_page_is_refused_with_403_and_one_line(caplog: pytest.LogCaptureFixture) -> None:
    async with running_relay() as relay:
        url = relay.link_url("A") + "?token=CANARY"
        for _ in range(30):
            with pytest.raises(InvalidStatus) as refused:
                await connect(url, origin=Origin("https://evil.example"))
            assert refused.value.response.status_code == 403
        assert relay.node.registry.get("A") is None
    lines = [record.getMessage() for record in caplog.records]
    assert 1 <= len(lines) <= 20
    assert "127.0.0.1" in lines[0]
    assert "--origin https://evil.example" in lines[0]
    assert "CANARY" not in caplog.text


@pytest.mark.parametrize("lines", [0, 1])
async def test_who_is_gone_before_the_upgrade_leaves_no_trace(
    app: responder.API, lines: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        raise OSError("the connection is gone")

    scope = {
        "type": "websocket",
        "path": "/r/A",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), (b"origin", b"https://evil.example")][: lines + 1],
        "subprotocols": [],
    }
    await app(scope, receive, send)
    assert not app.state.node.connections
    assert len(caplog.records) == lines


async def test_a_page_on_loopback_connects_from_loopback() -> None:
    async with running_relay() as relay:
        link = await connect(relay.link_url("A"), origin=Origin("http://localhost:5173"))
        await link.close()


async def test_a_rebound_name_is_refused() -> None:
    async with running_relay() as relay:
        port = relay.listener.port
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://evil.example:{port}/r/A", host="127.0.0.1", port=port)
        assert refused.value.response.status_code == 403


# Pages.


async def test_pages_come_with_a_strict_policy(http: httpx.AsyncClient) -> None:
    for path in ("/", "/r/A", "/docs", "/decode", "/inspect"):
        response = await http.get(path)
        assert response.status_code == 200
        policy = response.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'self'" in policy
        assert response.headers["x-content-type-options"] == "nosniff"


# About itself.


def test_the_package_gives_the_app_to_who_asks_for_it() -> None:
    assert relay.create_app is create_app
    with pytest.raises(AttributeError, match="no attribute 'destroy_app'"):
        _ = relay.destroy_app


async def test_the_relay_describes_itself(http: httpx.AsyncClient) -> None:
    await make(http)
    described = (await http.get("/api/relay")).json()
    assert described["wire"] == [1, 1]
    assert (described["rooms"], described["players"], described["lan"]) == (1, 0, None)
    assert described["limits"] == {
        "max_frame": 16384,
        "window": 256,
        "frames_per_second": 120,
        "bytes_per_second": 262144,
        "history_frames": 65536,
        "history_bytes": 16777216,
    }


async def test_a_relay_on_all_addresses_says_where_others_find_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("relay.policy.lan.lan_address", lambda: "192.168.1.5")
    app = create_app(Settings(host="0.0.0.0"))
    async with client_of(app) as http:
        assert (await http.get("/api/relay")).json()["lan"] == "http://192.168.1.5:8000"
    app.state.node.close()


async def test_a_mistake_of_ours_is_a_problem_without_its_cause(
    app: responder.API, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("relay.http.rest.wire_versions", lambda: 1 / 0)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=(LAN, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://192.168.1.5") as http:
        response = await http.get("/api/relay")
    assert response.status_code == 500
    assert "division" not in response.text
