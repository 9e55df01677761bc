"""Rooms are made, described and listed over REST."""

from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from protocol.opcodes import Opcode
from relay.http.app import create_app
from relay.policy.config import Settings
from tests.helpers.relay import running_relay
from tests.helpers.rest import client_of, hello, make

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
        made = await make(http, host_away=20, bar="address", host_keys=["score"])
        options = app.state.node.registry.get(made["room"]).options
        assert (options.host_away, options.bar) == (20, "address")
        assert options.host_keys == ("score",)
    app.state.node.close()


@pytest.mark.parametrize(
    ("room", "said"),
    [
        ({"host_away": 601}, "host_away: "),
        ({"host_keys": [""]}, "host_keys"),
        ({"host_keys": ["k"] * 17}, "host_keys: "),
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


# Listing.


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
