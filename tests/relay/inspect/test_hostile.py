"""Strangers, pages of other sites and odd values at the operator's doors."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest

from protocol.frames import RoomOptions
from relay.inspect.watching import MOST_WATCHING, TOO_MANY
from tests.helpers.operators import operator_at
from tests.helpers.peers import Party, new_seat, party, until
from tests.helpers.watchers import watcher
from tests.relay.inspect.test_doors import DOORS

ROOM = "/api/rooms/ROOM"
NUMBERS = (
    "NaN",
    "Infinity",
    "-Infinity",
    "-1",
    "1e308",
    "1e999",
    "true",
    '"5"',
    "null",
    "9" * 5000,
)
EVIL = "evil.example"


@pytest.fixture
async def at() -> AsyncIterator[Party]:
    async with party() as at:
        yield at


@pytest.fixture
async def http(at: Party) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=at.url, trust_env=False) as http:
        yield http


def token_of(at: Party) -> dict[str, str]:
    return {"Authorization": f"Bearer {at.token}"}


# Who asks.


@pytest.mark.parametrize(("method", "path", "body"), DOORS)
async def test_a_name_that_leads_here_opens_nothing(
    at: Party, http: httpx.AsyncClient, method: str, path: str, body: object
) -> None:
    """A page may have its own name lead to this machine. Not even the token helps it."""
    ann = await at.enters("ROOM")
    for names in ({"Host": EVIL}, {"Host": EVIL, "Origin": f"http://{EVIL}"}):
        headers = {**token_of(at), **names}
        answer = await http.request(method, f"/api/rooms{path}", json=body, headers=headers)
        assert answer.status_code == 403
    assert await ann.catches_up() == []


@pytest.mark.parametrize(("method", "path", "body"), DOORS)
async def test_a_page_of_another_site_does_and_reads_nothing(
    at: Party, http: httpx.AsyncClient, method: str, path: str, body: object
) -> None:
    ann = await at.enters("ROOM")
    headers = {**token_of(at), "Origin": f"https://{EVIL}"}
    answer = await http.request(method, f"/api/rooms{path}", json=body, headers=headers)
    if method == "GET":  # the browser hides the answer
        assert "access-control-allow-origin" not in answer.headers
    else:
        assert answer.status_code == 403
    assert await ann.catches_up() == []


async def test_a_token_counts_in_its_header_alone(at: Party, http: httpx.AsyncClient) -> None:
    """A form has no such header; what is in a URL or a cookie is kept and sent on."""
    ann = await at.enters("ROOM")
    form = {"text": "hi", "token": at.token, "Authorization": f"Bearer {at.token}"}
    assert (await http.post(f"{ROOM}/say", data=form)).status_code == 415
    assert (await http.get(f"{ROOM}/players?token={at.token}")).status_code == 401
    cookie = {"Cookie": f"token={at.token}; Authorization=Bearer {at.token}"}
    assert (await http.get(f"{ROOM}/players", headers=cookie)).status_code == 401
    assert await ann.catches_up() == []


# What they ask.


@pytest.mark.parametrize("number", ["9" * 30, "9" * 255, "9" * 5000])
async def test_no_number_in_a_path_is_too_long_to_answer(
    at: Party, http: httpx.AsyncClient, number: str
) -> None:
    """Python reads no integer of more than 4,300 digits."""
    await at.enters("ROOM")
    for headers in ({}, token_of(at)):
        for method, what in (("GET", "why"), ("POST", "kick")):
            body: object = {} if method == "POST" else None
            path = f"{ROOM}/players/{number}/{what}"
            answer = await http.request(method, path, json=body, headers=headers)
            assert answer.status_code < 500, answer.text


@pytest.mark.parametrize("name", ["%00", "%2e%2e", "%ff", "A" * 200, "%F0%9F%98%80", "RO%0AOM"])
async def test_odd_names_are_no_rooms(at: Party, http: httpx.AsyncClient, name: str) -> None:
    await at.enters("ROOM")
    for what in ("players", "players/1/why", "conditions", "watch"):
        answer = await http.get(f"/api/rooms/{name}/{what}", headers=token_of(at))
        assert answer.status_code == 404


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("key", ["lag_ms", "loss", "cut_every_frames", "stall_every_s"])
async def test_no_odd_number_becomes_a_condition(
    at: Party, http: httpx.AsyncClient, key: str, number: str
) -> None:
    ann = await at.enters("ROOM")
    headers = {**token_of(at), "Content-Type": "application/json"}
    body = f'{{"down": {{"{key}": {number}}}}}'
    answer = await http.put(f"{ROOM}/conditions", content=body, headers=headers)
    assert answer.status_code in (400, 422)
    assert await ann.catches_up() == []


@pytest.mark.parametrize("body", ["[" * 50_000, '{"a":' * 2_000, '{"text": "\\ud800"}', "[]", ""])
async def test_no_odd_body_is_said(at: Party, http: httpx.AsyncClient, body: str) -> None:
    ann = await at.enters("ROOM")
    headers = {**token_of(at), "Content-Type": "application/json"}
    answer = await http.post(f"{ROOM}/say", content=body, headers=headers)
    assert 400 <= answer.status_code < 500
    assert await ann.catches_up() == []


async def test_nobody_is_player_0(at: Party) -> None:
    await at.enters("ROOM")
    async with operator_at(at.url, at.token) as operator:
        assert "no_such_player" in await operator.why("ROOM", 0)


async def test_so_many_watch_a_room_and_no_more(at: Party) -> None:
    ann = await at.enters("ROOM")
    async with AsyncExitStack() as stack:
        watchers = [
            await stack.enter_async_context(watcher(at.url, "ROOM", token=at.token))
            for _ in range(MOST_WATCHING)
        ]
        for each in watchers:
            await each.hears("players")
        late = await stack.enter_async_context(watcher(at.url, "ROOM", token=at.token))
        assert await late.hears("end") == {"type": "end", "why": TOO_MANY}
        watchers[0].leaves()
        await until(lambda: at.room("ROOM").audience.watchers < MOST_WATCHING)  # type: ignore[attr-defined] # it is a WatchedAudience
        another = await stack.enter_async_context(watcher(at.url, "ROOM", token=at.token))
        await another.hears("players")
        assert await ann.catches_up() == []


# What they are told.


async def test_no_secret_is_told(at: Party, http: httpx.AsyncClient) -> None:
    seat, password, ticket = new_seat(), "correct horse", "a ticket of the game's"
    options = RoomOptions(password=password, public=False)
    await at.enters("ROOM", create=options, seat=seat, ticket=ticket)
    await at.enters("ROOM", password=password, seat=new_seat())
    (await at.connects("ROOM")).greets(password="battery staple")
    told = ""
    async with watcher(at.url, "ROOM", token=at.token) as eve:
        await at.enters("ROOM", password=password)
        await eve.hears("rates")
        await eve.hears("rates")
        told += repr(eve.told)
    for path in ("/players", "/players/1/why", "/players/2/why", "/conditions", ""):
        told += (await http.get(ROOM + path, headers=token_of(at))).text
    for kept in (password, "battery staple", ticket, "argon2", seat.hex(), at.token):
        assert kept not in told
    assert b64encode(seat).decode().rstrip("=") not in told
