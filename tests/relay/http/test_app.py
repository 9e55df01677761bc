"""What the app answers over HTTP, and whom it lets through to a WebSocket."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import responder
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

import relay
from protocol import codec
from protocol.close_codes import CloseCode
from protocol.frames import Hello, HelloOptions
from protocol.opcodes import Opcode
from relay.http import files
from relay.http.app import create_app
from relay.node.on_join import JoinRequest
from relay.policy.config import Settings
from tests.helpers.relay import running_relay

LAN = "192.168.1.77"


@pytest.fixture
async def app() -> AsyncIterator[responder.API]:
    app = create_app(Settings(names=("play.example.com",)))
    yield app
    app.state.node.close()


@pytest.fixture
async def http(app: responder.API) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as http:
        yield http


def client_of(app: responder.API, address: str = LAN) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, client=(address, 50_000))
    return httpx.AsyncClient(transport=transport, base_url="http://192.168.1.5:8000")


async def make(http: httpx.AsyncClient, **room: Any) -> dict[str, Any]:
    response = await http.post("/api/rooms", json=room)
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


# Rooms.


async def test_a_room_is_made_with_a_code_that_can_be_read_aloud(http: httpx.AsyncClient) -> None:
    made = await make(http)
    assert len(made["room"]) == 6
    assert made["url"] == f"/r/{made['room']}"
    assert (made["players"], made["spectators"], made["host"]) == (0, 0, None)


async def test_a_room_is_made_as_asked(http: httpx.AsyncClient) -> None:
    asked = {
        "title": "Höhle",
        "app": "snake",
        "build": "7",
        "tags": {"mode": "ctf"},
        "capacity": 4,
        "public": False,
        "locked": True,
    }
    made = await make(http, name="den", password="sesame", **asked)
    assert made | asked == made
    assert made["room"] == "DEN"
    assert made["password"] is True
    assert "sesame" not in str(made)


async def test_a_public_room_is_described_to_all(http: httpx.AsyncClient) -> None:
    made = await make(http, name="den", title="Höhle")
    read = await http.get("/api/rooms/Den")
    assert read.json() == made


async def test_a_private_room_is_described_to_nobody(http: httpx.AsyncClient) -> None:
    await make(http, name="DEN", title="Höhle", public=False)
    private, none = await http.get("/api/rooms/DEN"), await http.get("/api/rooms/DUN")
    assert private.status_code == none.status_code == 404
    assert private.text.replace("DEN", "DUN") == none.text
    assert private.headers == none.headers


async def test_what_is_left_out_is_as_the_settings_say() -> None:
    app = create_app(Settings(room_capacity=7, room_keep=9))
    async with client_of(app) as http:
        made = await make(http)
        assert made["capacity"] == 7
        assert app.state.node.registry.get(made["room"]).options.keep == 9
    app.state.node.close()


async def test_a_room_has_the_rules_about_its_host_that_its_maker_says() -> None:
    app = create_app(Settings())
    async with client_of(app) as http:
        made = await make(http, host_away=20, bar="address")
        options = app.state.node.registry.get(made["room"]).options
        assert (options.host_away, options.bar) == (20, "address")
    app.state.node.close()


@pytest.mark.parametrize(
    ("room", "said"),
    [
        ({"host_away": 601}, "host_away: "),
        ({"bar": "planet"}, "bar: "),
        ({"name": "a b"}, "name: "),
        ({"name": "x" * 33}, "name: "),
        ({"capacity": 0}, "capacity: Input should be greater than or equal to 1"),
        ({"capacity": "4"}, "capacity: Input should be a valid integer"),
        ({"capacity": 1025}, "capacity: "),
        ({"hold": 601}, "hold: "),
        ({"keep": 3601}, "keep: "),
        ({"title": "ö" * 33}, "title: Value error, at most 64 bytes"),
        ({"tags": {"": "x"}}, "tags"),
        ({"tags": {f"t{number}": "" for number in range(17)}}, "tags"),
        ({"colour": "red"}, "colour: Extra inputs are not permitted"),
        ({"capacity": 0, "hold": -1}, "; hold: "),
    ],
)
async def test_a_room_that_cannot_be_is_explained(
    http: httpx.AsyncClient, room: dict[str, Any], said: str
) -> None:
    response = await http.post("/api/rooms", json=room)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert said in response.json()["detail"]
    assert "pydantic" not in response.text


async def test_a_name_is_taken_once(http: httpx.AsyncClient) -> None:
    await make(http, name="den")
    response = await http.post("/api/rooms", json={"name": "DEN"})
    assert response.status_code == 409
    assert response.json()["detail"] == "there is a room DEN already"
    assert response.json()["code"] == "not_available"


async def test_who_makes_rooms_too_fast_is_told_when_to_go_on() -> None:
    # So slowly that none comes back while this test runs, on however busy a machine.
    app = create_app(Settings(rooms_per_second=0.02))
    async with client_of(app) as http:
        statuses = [(await http.post("/api/rooms", json={})).status_code for _ in range(21)]
        assert statuses == [201] * 20 + [429]
        refused = await http.post("/api/rooms", json={})
        assert 1 < int(refused.headers["retry-after"]) <= 50
        assert refused.json()["code"] == "too_fast"
    async with client_of(app, "192.168.1.78") as other:
        await make(other)
    app.state.node.close()


async def test_a_relay_has_room_for_so_many_rooms() -> None:
    app = create_app(Settings(max_rooms=1))
    async with client_of(app) as http:
        made = await make(http)
        app.state.node.rooms.makers.enter(made["room"])
        assert (await http.post("/api/rooms", json={})).status_code == 503
    app.state.node.close()


async def test_a_room_that_nobody_has_entered_makes_way_in_a_full_relay() -> None:
    relaying = running_relay(Settings(max_rooms=2))
    async with relaying as relay, httpx.AsyncClient(base_url=relay.url) as http:
        await make(http, name="A")
        await make(http, name="B")
        async with connect(relay.link_url("A")) as link:
            await link.send(hello("Ann", seat=1))
            assert (await link.recv(decode=False))[1] == Opcode.WELCOME
            await make(http, name="C")
            listed = (await http.get("/api/rooms")).json()["rooms"]
            assert [room["room"] for room in listed] == ["A", "C"]
            async with connect(relay.link_url("D")) as other:
                await other.send(hello("Bob", seat=2))
                assert (await other.recv(decode=False))[1] == Opcode.WELCOME
            assert (await http.get("/api/rooms/C")).status_code == 404


async def test_an_address_has_so_many_rooms_at_a_time() -> None:
    app = create_app(Settings(rooms_per_address=2))
    async with client_of(app) as http, client_of(app, "192.168.1.78") as other:
        await make(http)
        await make(http)
        refused = await http.post("/api/rooms", json={})
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
        assert "it may have 2 at a time" in refused.json()["detail"]
        assert (await http.post("/api/match", json={"app": "snake"})).status_code == 429
        await make(other)
    app.state.node.close()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff", b"null"])
async def test_a_body_that_is_no_object_is_refused(http: httpx.AsyncClient, body: bytes) -> None:
    response = await http.post(
        "/api/rooms", content=body, headers={"content-type": "application/json"}
    )
    assert response.status_code in (400, 422)
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_body_has_a_bound(http: httpx.AsyncClient) -> None:
    response = await http.post("/api/rooms", json={"title": "x" * 70_000})
    assert response.status_code == 413


# Listing and matching.


async def test_rooms_are_listed_page_by_page(http: httpx.AsyncClient) -> None:
    for name in ("C", "A", "B"):
        await make(http, name=name)
    await make(http, name="D", public=False)
    first = (await http.get("/api/rooms?limit=2")).json()
    assert [room["room"] for room in first["rooms"]] == ["A", "B"]
    assert first["next"] == "B"
    second = (await http.get("/api/rooms?limit=2&after=b")).json()
    assert [room["room"] for room in second["rooms"]] == ["C"]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["A", "B", "C"]),
        ("app=snake", ["A", "B"]),
        ("app=snake&build=2", ["B"]),
        ("app=", ["C"]),
        ("tag=mode:ctf", ["A", "C"]),
        ("tag=mode:ctf&tag=map:ice", ["C"]),
        ("tag=mode", []),
        ("open=true", ["A", "C"]),
        ("open=false", ["A", "B", "C"]),
    ],
)
async def test_rooms_are_filtered(http: httpx.AsyncClient, query: str, names: list[str]) -> None:
    await make(http, name="A", app="snake", build="1", tags={"mode": "ctf"})
    await make(http, name="B", app="snake", build="2", locked=True)
    await make(http, name="C", tags={"mode": "ctf", "map": "ice"})
    listed = (await http.get(f"/api/rooms?{query}")).json()["rooms"]
    assert [room["room"] for room in listed] == names


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "open=maybe", "tag=a&tag=a"])
async def test_a_query_that_makes_no_sense_is_refused(http: httpx.AsyncClient, query: str) -> None:
    response = await http.get(f"/api/rooms?{query}")
    assert response.status_code == 422


async def test_a_match_makes_a_room_and_leads_the_next_one_there(http: httpx.AsyncClient) -> None:
    wanted = {"app": "snake", "tags": {"mode": "ctf"}, "capacity": 2}
    first = (await http.post("/api/match", json=wanted)).json()
    second = (await http.post("/api/match", json=wanted)).json()
    third = (await http.post("/api/match", json=wanted)).json()
    assert (first["created"], second["created"], third["created"]) == (True, False, True)
    assert first["room"] == second["room"] != third["room"]
    assert (first["app"], first["tags"], first["capacity"]) == ("snake", {"mode": "ctf"}, 2)


async def test_who_asks_for_too_many_matches_cannot_promise_all_places_away() -> None:
    app = create_app(Settings(joins_per_second=0.1, joins_burst=3))
    async with client_of(app) as http:
        await make(http, name="A")
        answers = [await http.post("/api/match", json={}) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[-1].headers["retry-after"] in ("9", "10")
    app.state.node.close()


async def test_a_match_never_leads_into_another_game(http: httpx.AsyncClient) -> None:
    await make(http, name="A", app="chess")
    await make(http, name="B")
    assert (await http.post("/api/match", json={"app": "snake"})).json()["created"]
    assert (await http.post("/api/match", json={})).json()["room"] == "B"


def hello(name: str, *, seat: int) -> bytes:
    return codec.encode(Hello(1, HelloOptions(seat=bytes([seat]) * 16, name=name)))


async def test_a_promised_place_is_kept_for_whom_it_was_promised_to() -> None:
    async with running_relay() as relay, httpx.AsyncClient(base_url=relay.url) as http:
        room = (await http.post("/api/match", json={"capacity": 2})).json()["room"]
        relay.node.reservations.reserve(room, "192.0.2.1", time.monotonic())
        async with connect(relay.link_url(room)) as first, connect(relay.link_url(room)) as second:
            await first.send(hello("Ann", seat=1))
            assert (await first.recv(decode=False))[1] == Opcode.WELCOME
            await second.send(hello("Bob", seat=2))
            assert (await second.recv(decode=False))[1] == Opcode.ERROR
            await second.wait_closed()
            assert second.close_code == CloseCode.ROOM_FULL
            described = (await http.get(f"/api/rooms/{room}")).json()
            assert (described["players"], described["host"]) == (1, "Ann")


async def test_a_taken_place_is_promised_no_more() -> None:
    async with running_relay() as relay, httpx.AsyncClient(base_url=relay.url) as http:
        wanted = {"capacity": 2}
        room = (await http.post("/api/match", json=wanted)).json()["room"]
        async with connect(relay.link_url(room)) as link:
            await link.send(hello("Ann", seat=1))
            assert (await link.recv(decode=False))[1] == Opcode.WELCOME
            assert (await http.post("/api/match", json=wanted)).json()["room"] == room
            assert (await http.post("/api/match", json=wanted)).json()["room"] != room


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


# Pages and files.


async def test_pages_come_with_a_strict_policy(http: httpx.AsyncClient) -> None:
    for path in ("/", "/r/A", "/docs"):
        response = await http.get(path)
        assert response.status_code == 200
        policy = response.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'self'" in policy
        assert response.headers["x-content-type-options"] == "nosniff"


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(files, "WEB", tmp_path)
    return tmp_path


async def test_without_the_built_pages_it_says_how_to_build_them(web: Path) -> None:
    app = create_app()
    async with client_of(app) as http:
        assert "make setup" in (await http.get("/")).text
        assert (await http.get("/assets/page.js")).status_code == 404
        assert (await http.get("/client/roomwire.js")).status_code == 404
    app.state.node.close()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.js", "text/javascript; charset=utf-8"),
        ("a.js.map", "application/json"),
        ("a.d.ts", "application/typescript; charset=utf-8"),
        ("a.css", "text/css; charset=utf-8"),
        ("a.svg", "image/svg+xml"),
        ("a.png", "image/png"),
    ],
)
async def test_files_have_their_types_and_are_asked_for_anew(
    web: Path, name: str, kind: str
) -> None:
    (web / "client").mkdir()
    (web / "client" / name).write_text("x")
    app = create_app()
    async with client_of(app) as http:
        got = await http.get(f"/client/{name}", headers={"origin": "https://a.example"})
        assert got.headers["content-type"] == kind
        assert got.headers["cache-control"] == "no-cache"
        assert got.headers["access-control-allow-origin"] == "*"
        again = await http.get(f"/client/{name}", headers={"if-none-match": got.headers["etag"]})
        assert again.status_code == 304
        assert again.headers["access-control-allow-origin"] == "*"
    app.state.node.close()


@pytest.mark.parametrize("path", ["/client/../secret", "/client/%2e%2e/secret", "/client//secret"])
async def test_nothing_outside_the_folder_is_served(web: Path, path: str) -> None:
    (web / "client").mkdir()
    (web / "secret").write_text("x")
    app = create_app()
    async with client_of(app) as http:
        assert (await http.get(path)).status_code == 404
    app.state.node.close()


async def test_assets_are_for_the_relays_own_pages(web: Path) -> None:
    (web / "assets").mkdir()
    (web / "assets" / "page.js").write_text("x")
    app = create_app()
    async with client_of(app) as http:
        got = await http.get("/assets/page.js")
        assert got.status_code == 200
        assert "access-control-allow-origin" not in got.headers
    app.state.node.close()


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


async def test_openapi_has_every_operation_and_its_shapes(http: httpx.AsyncClient) -> None:
    response = await http.get("/schema.yml", headers={"accept": "application/json"})
    document = response.json()
    operations = {
        f"{method} {path}" for path, methods in document["paths"].items() for method in methods
    }
    assert operations == {
        "get /healthz",
        "get /api/relay",
        "get /api/rooms",
        "post /api/rooms",
        "get /api/rooms/{name}",
        "post /api/match",
    }
    shapes = document["components"]["schemas"]
    assert {"NewRoom", "RoomInfo", "RoomPage", "Match", "Matched", "RelayInfo"} <= shapes.keys()
    assert shapes["NewRoom"]["properties"]["title"]["description"]
    refs = set(_refs(document))
    assert {ref.rpartition("/")[2] for ref in refs} <= shapes.keys()
    assert (await http.get("/schema.yml")).headers["content-type"] == "application/yaml"


def _refs(tree: Any) -> list[str]:
    if isinstance(tree, dict):
        own = [tree["$ref"]] if "$ref" in tree else []
        return own + [ref for value in tree.values() for ref in _refs(value)]
    return [ref for value in tree for ref in _refs(value)] if isinstance(tree, list) else []


async def test_the_docs_name_everything_and_load_nothing(http: httpx.AsyncClient) -> None:
    page = (await http.get("/docs")).text
    for said in ("POST /api/match", "GET /api/rooms/{name}", "capacity", "integer 1..1024"):
        assert said in page
    for loaded in ("<script", "stylesheet", "<img", "http:", "https:"):
        assert loaded not in page


async def test_a_mistake_of_ours_is_a_problem_without_its_cause(
    app: responder.API, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("relay.http.rest.wire_versions", lambda: 1 / 0)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=(LAN, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://192.168.1.5") as http:
        response = await http.get("/api/relay")
    assert response.status_code == 500
    assert "division" not in response.text
