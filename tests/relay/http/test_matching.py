"""A match leads players to a room with a place for them, which is kept for a while."""

import time

import httpx
from websockets.asyncio.client import connect

from protocol.close_codes import CloseCode
from protocol.opcodes import Opcode
from relay.http.app import create_app
from relay.policy.config import Settings
from relay.policy.keys import network_key
from tests.helpers.relay import running_relay
from tests.helpers.rest import LAN, client_of, hello, make


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


async def test_a_match_never_leads_to_where_the_asker_is_barred() -> None:
    app = create_app(Settings())
    node = app.state.node
    async with client_of(app) as http, client_of(app, "192.0.2.1") as other:
        await make(http, name="A")
        node.registry.get("A").barred.add(network_key("A", LAN))
        assert (await other.post("/api/match", json={})).json()["room"] == "A"
        assert (await http.post("/api/match", json={})).json()["created"]
    node.close()


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
