"""REST for pages of other sites: those that may open a WebSocket, and no others."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from relay.http.app import create_app
from relay.policy.config import Settings

OWN = "http://192.168.1.5:8000"
LISTED = "https://game.example.com"
FOREIGN = "https://evil.example"
ALLOW, VARY = "access-control-allow-origin", "vary"
PREFLIGHT = {"access-control-request-method": "POST"}


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Settings(origins=(LISTED,)))
    transport = httpx.ASGITransport(app=app, client=("192.168.1.77", 50_000))
    async with httpx.AsyncClient(transport=transport, base_url=OWN) as http:
        yield http
    app.state.node.close()


@pytest.mark.parametrize("path", ["/api/relay", "/api/rooms", "/schema.yml", "/healthz"])
async def test_a_listed_site_reads(http: httpx.AsyncClient, path: str) -> None:
    response = await http.get(path, headers={"origin": LISTED})
    assert response.status_code == 200
    assert response.headers[ALLOW] == LISTED
    assert "origin" in response.headers[VARY].lower()


@pytest.mark.parametrize("path", ["/api/rooms", "/api/match"])
async def test_a_listed_site_writes_and_reads_what_came_of_it(
    http: httpx.AsyncClient, path: str
) -> None:
    response = await http.post(path, json={}, headers={"origin": LISTED})
    assert response.is_success
    assert response.headers[ALLOW] == LISTED
    exposed = response.headers["access-control-expose-headers"].lower()
    assert "location" in exposed
    assert "retry-after" in exposed


@pytest.mark.parametrize(
    ("path", "body", "kind", "status"),
    [
        ("/api/rooms", b"{", "application/json", 400),
        ("/api/rooms", b"a: 1", "application/yaml", 415),
        ("/api/rooms", b'{"capacity":0}', "application/json", 422),
        ("/api/nothing", b"{}", "application/json", 404),
    ],
)
async def test_a_listed_site_reads_what_was_wrong(
    http: httpx.AsyncClient, path: str, body: bytes, kind: str, status: int
) -> None:
    headers = {"origin": LISTED, "content-type": kind}
    response = await http.post(path, content=body, headers=headers)
    assert response.status_code == status
    assert response.headers[ALLOW] == LISTED


@pytest.mark.parametrize("path", ["/api/rooms", "/api/match", "/schema.yml", "/healthz"])
async def test_a_browser_may_ask_beforehand(http: httpx.AsyncClient, path: str) -> None:
    asked = PREFLIGHT | {"origin": LISTED, "access-control-request-headers": "content-type"}
    response = await http.options(path, headers=asked)
    assert response.status_code == 200
    assert response.headers[ALLOW] == LISTED
    assert "POST" in response.headers["access-control-allow-methods"]
    assert "content-type" in response.headers["access-control-allow-headers"].lower()
    assert "origin" in response.headers[VARY].lower()
    assert int(response.headers["access-control-max-age"]) >= 60


@pytest.mark.parametrize(
    "asked",
    [
        {"origin": FOREIGN},
        {"origin": f"{LISTED}.evil.example"},
        {"origin": LISTED, "host": "evil.example"},
        {"origin": LISTED, "access-control-request-method": "DELETE"},
        {"origin": LISTED, "access-control-request-headers": "authorization"},
    ],
)
async def test_a_browser_that_asks_for_more_is_refused(
    http: httpx.AsyncClient, asked: dict[str, str]
) -> None:
    response = await http.options("/api/rooms", headers=PREFLIGHT | asked)
    assert response.status_code in (400, 403)


@pytest.mark.parametrize("origin", [FOREIGN, "null", "http://localhost:5173", "", "x" * 300])
async def test_a_foreign_site_hears_nothing_and_changes_nothing(
    http: httpx.AsyncClient, origin: str
) -> None:
    headers = {"origin": origin}
    assert ALLOW not in (await http.get("/api/rooms", headers=headers)).headers
    refused = await http.post("/api/rooms", json={}, headers=headers)
    assert refused.status_code == 403
    assert ALLOW not in refused.headers
    assert (await http.get("/api/relay")).json()["rooms"] == 0


async def test_two_origins_are_none(http: httpx.AsyncClient) -> None:
    headers = [("origin", LISTED), ("origin", LISTED)]
    assert ALLOW not in (await http.get("/api/rooms", headers=headers)).headers
    assert (await http.post("/api/rooms", json={}, headers=headers)).status_code == 403


async def test_the_relays_own_page_writes(http: httpx.AsyncClient) -> None:
    assert (await http.post("/api/rooms", json={}, headers={"origin": OWN})).status_code == 201


async def test_a_cache_keeps_answers_for_different_sites_apart(http: httpx.AsyncClient) -> None:
    for headers in ({}, {"origin": FOREIGN}):
        response = await http.get("/api/rooms", headers=headers)
        assert "origin" in response.headers[VARY].lower()


@pytest.mark.parametrize("path", ["/", "/docs", "/decode", "/inspect", "/r/A", "/metrics"])
async def test_what_is_no_rest_is_for_own_pages(http: httpx.AsyncClient, path: str) -> None:
    assert ALLOW not in (await http.get(path, headers={"origin": LISTED})).headers


@pytest.mark.parametrize(("client", "may"), [("127.0.0.1", True), ("192.168.1.77", False)])
async def test_a_page_on_loopback_may_from_loopback(client: str, may: bool) -> None:
    app = create_app(Settings())
    transport = httpx.ASGITransport(app=app, client=(client, 50_000))
    page = {"origin": "http://localhost:5173"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as http:
        assert (ALLOW in (await http.get("/api/rooms", headers=page)).headers) is may
        made = await http.post("/api/rooms", json={}, headers=page)
        assert made.status_code == (201 if may else 403)
    app.state.node.close()
