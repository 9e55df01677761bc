"""Every parser that Responder has, and what a stranger sends to make it work for long.

The parsers are enumerated from Responder itself: a version that has another fails here, until it
is known that no request reaches that one either.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import responder

from relay.http.app import create_app
from relay.policy.config import Settings

SECONDS = 0.3
"""In which each bomb is refused, on however busy a machine; it takes a millisecond."""
RESPONDERS_OWN = ("/api/rooms", "/api/match")
METHODS = ("POST", "PUT", "PATCH", "DELETE", "GET", "HEAD", "OPTIONS", "QUERY")


def merge_keys(levels: int) -> bytes:
    """Build a YAML document that grows ninefold a level, in a parser of pure Python."""
    lines = ["a0: &a0 {k: 1}"]
    for level in range(1, levels):
        many = ",".join([f"*a{level - 1}"] * 9)
        lines.append(f"a{level}: &a{level} {{<<: [{many}]}}")
    return "\n".join(lines).encode()


def parts(many: int) -> bytes:
    one = '--x\r\ncontent-disposition: form-data; name="a"; filename="b"\r\n\r\n\r\n'
    return (one * many + "--x--\r\n").encode()


Bombs = list[tuple[str, bytes]]

BOMBS: dict[str, Bombs] = {
    "json": [
        ("application/json", b"[" * 16_000),
        ("application/json", b'{"a":' * 3_000),
        ("application/json", b'{"capacity":' + b"9" * 16_000 + b"}"),
        ("application/json", b"{" + b",".join(b'"%d":0' % n for n in range(1_500)) + b"}"),
        ("application/json; charset=utf-32", b"[" * 16_000),
        ("text/json", b"[]"),
    ],
    "yaml": [
        ("application/yaml", merge_keys(9)),
        ("application/x-yaml", merge_keys(9)),
        ("text/yaml", b"[" * 2_000),
        ("APPLICATION/YAML", merge_keys(9)),
        ("application/json; yaml", merge_keys(9)),
        ("application/json+yaml", merge_keys(9)),
    ],
    "form": [
        ("application/x-www-form-urlencoded", b"a=1&" * 4_000),
        ("application/json; form", b"a=1&" * 4_000),
        ("multipart/form-data; boundary=x", parts(200)),
    ],
    "files": [("multipart/form-data; boundary=x", parts(200))],
    "msgpack": [
        ("application/x-msgpack", b"\x91" * 16_000),
        ("application/msgpack", b"\xdd\xff\xff\xff\xff"),
        ("application/json; msgpack", b"\x91" * 16_000),
    ],
}
"""By the name that Responder has for the parser: how a body is called, and the body."""

ALL = [(name, kind, body) for name, bombs in BOMBS.items() for kind, body in bombs]


@pytest.fixture
async def app() -> AsyncIterator[responder.API]:
    app = create_app(Settings())
    yield app
    app.state.node.close()


@pytest.fixture
async def http(app: responder.API) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app, client=("192.168.1.77", 50_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://192.168.1.5:8000") as http:
        await http.get("/healthz")  # what the first request costs is no bomb's
        yield http


def responders_own() -> dict[str, Any]:
    """Return what Responder registers by itself, by name."""
    formats: dict[str, Any] = responder.API(sessions=False).formats  # type: ignore[no-untyped-call]
    return formats


def test_every_parser_has_its_bomb() -> None:
    assert responders_own().keys() == BOMBS.keys()


async def test_no_parser_is_left_but_json(app: responder.API) -> None:
    assert list(app.formats) == ["json"]
    assert app.router.formats is app.formats
    assert app.formats["json"].__module__ == "relay.http.app"


@pytest.mark.parametrize("path", RESPONDERS_OWN)
@pytest.mark.parametrize(("name", "kind", "body"), ALL)
async def test_a_bomb_is_refused_at_once(
    http: httpx.AsyncClient, path: str, name: str, kind: str, body: bytes
) -> None:
    began = time.process_time()
    async with asyncio.timeout(10):
        response = await http.post(path, content=body, headers={"content-type": kind})
    assert time.process_time() - began < SECONDS
    assert response.status_code == (400 if kind == "application/json" else 415)
    assert response.headers["content-type"] == "application/problem+json"
    assert len(response.content) < 1024


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", ["/", "/healthz", "/api/relay", "/docs", "/nothing", "/metrics"])
async def test_no_path_takes_another_kind_of_body(
    http: httpx.AsyncClient, path: str, method: str
) -> None:
    kind = {"content-type": "application/yaml"}
    response = await http.request(method, path, content=merge_keys(3), headers=kind)
    assert response.status_code == 415


@pytest.mark.parametrize("name", [*BOMBS, "msgpack, application/yaml;q=0.9"])
@pytest.mark.parametrize("path", ["/healthz", "/api/relay", "/api/rooms", "/api/rooms/X"])
async def test_answers_come_in_no_other_form(http: httpx.AsyncClient, path: str, name: str) -> None:
    if name == "json":
        return
    response = await http.get(path, headers={"accept": f"application/{name}"})
    assert response.status_code == 406
    assert response.headers["content-type"] == "application/problem+json"
    assert "application/json" in response.json()["detail"]
    preferred = {"accept": f"application/{name}, */*;q=0.1"}
    answered = await http.get(path, headers=preferred)
    assert answered.status_code in (200, 404)
    assert "json" in answered.headers["content-type"]


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "application/*",
        "application/json;q=0.1, text/html",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
        "",
        "a/b," * 1_000,
    ],
)
async def test_whoever_takes_json_too_gets_it(http: httpx.AsyncClient, accept: str) -> None:
    response = await http.get("/api/relay", headers={"accept": accept})
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize("accept", ["application/json;q=0, */*", "text/html", "image/*"])
async def test_whoever_takes_no_json_is_told(http: httpx.AsyncClient, accept: str) -> None:
    assert (await http.get("/api/relay", headers={"accept": accept})).status_code == 406


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/yaml"),
        ("application/yaml", "application/yaml"),
        ("application/json", "application/json"),
        ("text/html, application/json", "application/json"),
        ("text/html", None),
    ],
)
async def test_the_schema_comes_as_yaml_or_json(
    http: httpx.AsyncClient, accept: str, kind: str | None
) -> None:
    response = await http.get("/schema.yml", headers={"accept": accept})
    if kind is None:
        assert response.status_code == 406
    else:
        assert response.headers["content-type"] == kind
        assert "accept" in response.headers["vary"].lower()


async def test_the_schema_is_made_once(
    app: responder.API, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yaml.dump", None)
    monkeypatch.setattr("relay.http.docs._operation", None)
    for path in ("/schema.yml", "/schema.yml", "/docs"):
        assert (await http.get(path)).status_code == 200
    documents = app.state.documents
    assert create_app(Settings()).state.documents is documents


async def test_a_query_of_a_thousand_parameters_is_refused(http: httpx.AsyncClient) -> None:
    query = "&".join(f"tag=t{number}" for number in range(1_000))
    began = time.process_time()
    response = await http.get(f"/api/rooms?{query}")
    assert time.process_time() - began < SECONDS
    assert response.status_code == 400
    assert "32 parameters" in response.json()["detail"]
