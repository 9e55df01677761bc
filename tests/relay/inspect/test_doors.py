"""Operators see and do things in a room by REST, over real sockets, and strangers do not."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from protocol.close_codes import CloseCode
from protocol.codec import encode
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Error,
    Hello,
    HelloOptions,
    Host,
    Kick,
    Left,
    LeftReason,
    Notice,
    NoticeKind,
    Property,
    RoomOptions,
    Send,
    Subscribe,
)
from tests.helpers.operators import Operator, operator_at
from tests.helpers.peers import Party, new_seat, party, until

DOORS = [
    ("GET", "/ROOM/players", None),
    ("GET", "/ROOM/players/1/why", None),
    ("GET", "/ROOM/why", None),
    ("POST", "/ROOM/players/1/kick", {}),
    ("PUT", "/ROOM/host", {"player": 1}),
    ("PATCH", "/ROOM", {"locked": True}),
    ("POST", "/ROOM/say", {"text": "hi"}),
    ("DELETE", "/ROOM", None),
    ("GET", "?hidden=true", None),
]


@asynccontextmanager
async def table(**settings: Any) -> AsyncIterator[tuple[Party, Operator]]:
    async with party(**settings) as at, operator_at(at.url, at.token) as operator:
        yield at, operator


@pytest.mark.parametrize(("method", "path", "body"), DOORS)
async def test_without_the_token_every_door_is_shut(method: str, path: str, body: object) -> None:
    async with party() as at, httpx.AsyncClient(base_url=at.url, trust_env=False) as http:
        ann = await at.enters("ROOM")
        for headers in ({}, {"Authorization": "Bearer guessed-it-with-luck"}):
            answer = await http.request(method, f"/api/rooms{path}", json=body, headers=headers)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
            assert "Authorization: Bearer TOKEN" in answer.json()["detail"]
        assert await ann.catches_up() == []


@pytest.mark.parametrize(("method", "path", "body"), DOORS[:-1])
async def test_a_room_that_is_not_there_is_not_found(method: str, path: str, body: object) -> None:
    async with table() as (_, operator):
        await operator.asks(method, path, body, status=404)


# What is shown.


async def test_players_are_shown_as_they_are() -> None:
    async with table() as (at, operator):
        ann = await at.enters("ROOM", name="Ann", seat=new_seat())
        await at.enters("ROOM", role="spectator")
        ann.says(Subscribe((3, 7), ()), Send(None, b"hi"), Kick(99))
        await ann.hears(Error)
        players = await operator.players("room")
        assert players.keys() == {1, 2}
        first = players[1]
        assert (first["name"], first["role"], first["presence"]) == ("Ann", "player", "live")
        assert (first["groups"], first["taken"]) == ([3, 7], 3)
        assert first["outbox"] == {"mode": "flowing", "frames": 0, "bytes": 0}
        assert (first["behind"], first["address"], first["lagging"]) == (0, "127.0.0.1", False)
        assert [each["code"] for each in first["refusals"]] == ["NO_SUCH_PLAYER"]
        assert first["refusals"][0]["op"] == "KICK"
        counted = 4 if first["link"] == "direct" else None
        assert first["sent_frames"] == counted
        assert players[2]["role"] == "spectator"


async def test_a_lost_player_is_shown_without_a_connection() -> None:
    async with table() as (at, operator):
        ann, bob = await at.enters("ROOM"), await at.enters("ROOM", seat=new_seat())
        bob.raw.abort()
        await ann.next()
        lost = (await operator.players("ROOM"))[2]
        assert lost["presence"] == "lost"
        assert (lost["attachment"], lost["outbox"], lost["address"]) == (None, None, None)


async def test_no_answer_has_a_secret() -> None:
    async with table() as (at, operator):
        seat = new_seat()
        create = RoomOptions(password="pw-42")
        ann = await at.enters("ROOM", seat=seat, ticket="my-ticket", create=create)
        ann.says(Hello(1, HelloOptions(seat=seat)))
        ann.says(encode(Send(True, b"known: my-ticket")) + b"?", b"\x01" + seat, b"\x92\x10\xc0")
        await ann.catches_up()
        kept = (await operator.players("ROOM"))[1]["refused_frames"]
        told = [b"\x93\x01\x01\x81\xa4", b"\x01", b"\x92\x10\xc0"]
        assert [b64decode(each["data"]) for each in kept] == told
        bob = await at.connects("ROOM")
        bob.says(encode(Hello(1, HelloOptions(name="Bob", seat=seat, ticket="my-ticket")))[:-1])
        await bob.hears(Error)
        ann.raw.abort()
        bob.raw.abort()
        await until(lambda: len(at.node.journal.recent.ends("ROOM")) == 2)
        paths = ("rooms/ROOM/players", "rooms/ROOM/players/1/why", "rooms/ROOM/why", "why")
        answers = [await operator.http.get(f"/api/{path}") for path in paths]
        (rejected,) = (each for each in answers[-1].json()["rejected"] if each["player"] is None)
        assert b64decode(rejected["data"]) == b"\x93\x01\x01\x83\xa4"
        said = "".join(answer.text for answer in answers)
        for secret in (seat.hex(), "my-ticket", "pw-42", b64encode(seat).decode()[:8]):
            assert secret not in said


async def test_the_way_is_measured_while_somebody_asks() -> None:
    async with party(is_portable=False) as at, operator_at(at.url, at.token) as operator:
        ann = await at.enters("ROOM")
        assert (await operator.players("ROOM"))[1]["rtt_ms"] is None
        await ann.catches_up()
        rtt = (await operator.players("ROOM"))[1]["rtt_ms"]
        assert 0 <= rtt < 1000


async def test_rooms_that_are_not_public_are_listed_for_the_operator() -> None:
    async with table() as (at, operator):
        await at.enters("HIDDEN", create=RoomOptions(public=False))
        await at.enters("OPEN")
        shown = await operator.asks("GET", "")
        assert [each["room"] for each in shown["rooms"]] == ["OPEN"]
        page = await operator.asks("GET", "?hidden=true&limit=1")
        assert [each["room"] for each in page["rooms"]] == ["HIDDEN"]
        rest = await operator.asks("GET", f"?hidden=true&after={page['next']}")
        assert [each["room"] for each in rest["rooms"]] == ["OPEN"]
        assert rest["next"] is None
        assert (await operator.asks("GET", "/HIDDEN"))["public"] is False


# What is done.


async def test_a_kick_removes_and_bars_even_the_host() -> None:
    async with table() as (at, operator):
        seat = new_seat()
        ann, bob = await at.enters("ROOM", seat=seat), await at.enters("ROOM")
        await operator.asks("POST", "/ROOM/players/1/kick", {"reason": "too loud"})
        assert await ann.ends() == (CloseCode.KICKED, "too loud")
        assert (await bob.hears(Left)).reason == LeftReason.KICKED
        assert (await bob.hears(Host)).player == 2
        again = await at.connects("ROOM")
        again.greets(seat=seat)
        error, code = await again.is_turned_away()
        assert (error.code, code) == (ErrorCode.KICKED, CloseCode.KICKED)
        await operator.asks("POST", "/ROOM/players/1/kick", {}, status=404)


async def test_another_player_is_made_host_if_they_can_be() -> None:
    async with table() as (at, operator):
        ann, _ = await at.enters("ROOM"), await at.enters("ROOM")
        await at.enters("ROOM", role="spectator")
        await operator.asks("PUT", "/ROOM/host", {"player": 2})
        assert (await ann.hears(Host)).player == 2
        refused = await operator.asks("PUT", "/ROOM/host", {"player": 3}, status=409)
        assert refused["code"] == "not_here"
        await operator.asks("PUT", "/ROOM/host", {"player": 9}, status=404)


async def test_options_are_changed_as_a_host_would() -> None:
    async with table() as (at, operator):
        ann = await at.enters("ROOM")
        changed = await operator.asks("PATCH", "/ROOM", {"locked": True, "capacity": 7})
        assert (changed["locked"], changed["capacity"]) == (True, 7)
        told = [await ann.hears(Property), await ann.hears(Property)]
        assert [(each.key, each.by) for each in told] == [("@locked", 0), ("@capacity", 0)]
        late = await at.connects("ROOM")
        late.greets()
        assert (await late.is_turned_away())[1] == CloseCode.LOCKED
        for wrong in ({"locked": "yes"}, {"colour": 1}, {"capacity": 0}, {"bar": "all"}):
            await operator.asks("PATCH", "/ROOM", wrong, status=422)


async def test_all_who_are_connected_hear_what_the_operator_says() -> None:
    async with table() as (at, operator):
        ann = await at.enters("ROOM", create=RoomOptions(delay=30))
        late = await at.connects("ROOM")
        late.greets(role="spectator")
        await late.next()
        await operator.asks("POST", "/ROOM/say", {"text": "We restart at 8: größer!"})
        for peer in (ann, late):
            notice = await peer.hears(Notice)
            assert notice.kind == NoticeKind.OPERATOR
            assert notice.detail.said == "We restart at 8: größer!"
        seq = at.room("ROOM").seq
        bob = await at.enters("ROOM")
        assert not bob.all(Notice)
        assert at.room("ROOM").seq == seq + 1
        for wrong in ("", "x" * 1025, "ü" * 513):
            await operator.asks("POST", "/ROOM/say", {"text": wrong}, status=422)


async def test_a_closed_room_is_gone_and_may_begin_anew() -> None:
    async with table() as (at, operator):
        ann, bob = await at.enters("ROOM"), await at.enters("ROOM", seat=new_seat())
        epoch = ann.welcome.session.epoch
        await operator.asks("DELETE", "/ROOM")
        for peer in (ann, bob):
            assert await peer.ends() == (CloseCode.KICKED, "the operator has closed this room")
        await operator.asks("DELETE", "/ROOM", status=404)
        again = await at.enters("ROOM")
        assert again.me == 1
        assert again.welcome.session.epoch != epoch
