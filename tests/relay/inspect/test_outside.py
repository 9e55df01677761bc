"""`relay why` without a room: whoever did not get in, or was cut off, in any room of the relay."""

from __future__ import annotations

from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from protocol.frames import Kick, Left
from tests.helpers.crew import TOKEN, colleagues, names_at
from tests.helpers.operators import Operator, operator_at
from tests.helpers.peers import Party, party
from tests.helpers.relay import link_url


async def outside(operator: Operator) -> list[Any]:
    """Return what is said of all rooms."""
    answer = await operator.http.get("/api/why")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["reasons"])


async def says_text(at: Party, room: str) -> None:
    """Come to a room as a client that speaks JSON."""
    async with connect(link_url(at.url, room), proxy=None) as raw:
        await raw.send("{}")
        await raw.wait_closed()


async def test_who_was_refused_no_frame_is_told_too() -> None:
    async with party() as at, operator_at(at.url, at.token) as operator:
        await says_text(at, "texts")
        old = await at.connects("OLD")
        old.says(b"\x93\x01\x63\x80")
        await old.is_turned_away()
        ann, bob, gone = [await at.enters("ROOM") for _ in range(3)]
        gone.raw.abort()
        await ann.hears(Left)
        ann.says(Kick(bob.me, "spam"))
        await ann.hears(Left)
        said = await outside(operator)
    assert [each["reason"] for each in said] == ["last_close", "turned_away", "turned_away"]
    kicked, version, text = (each["what"] for each in said)
    assert kicked.startswith("Player 2's (room ROOM) connection")
    assert "KICKED (spam)" in kicked
    assert "did not get into room OLD: VERSION: this relay speaks" in version
    assert "did not get into room TEXTS: TEXT_REFUSED" in text


async def test_who_came_to_no_room_is_told_too() -> None:
    async with party() as at, operator_at(at.url, at.token) as operator:
        evil = Origin("https://elsewhere.example")
        wrong = link_url(at.url, "ROOM").replace("/r/", "/ws/")
        for url, origin in ((link_url(at.url, "ROOM"), evil), (wrong, None), (wrong, None)):
            with pytest.raises(InvalidStatus):
                await connect(url, origin=origin, proxy=None)
        said = await outside(operator)
    assert [each["reason"] for each in said] == ["shut_out", "shut_out"]
    path, page = (each["what"] for each in said)
    assert path.endswith("came to no room, 2 times: it asks for a WebSocket at a path that is no "
                         "room's: those are at /r/NAME.")  # fmt: skip
    assert f"Origin {evil} is no page of this relay" in page


async def test_nobody_else_is_told() -> None:
    async with party() as at, operator_at(at.url, "guessed-it-with-luck") as stranger:
        answer = await stranger.http.get("/api/why")
        assert answer.status_code == 401


async def test_any_worker_tells_of_all() -> None:
    rooms = [next(names_at(number)) for number in (0, 1)]
    async with colleagues() as crew, operator_at(crew[0].url, TOKEN) as operator:
        for room in rooms:
            url = f"{crew[0].url}/r/{room}".replace("http", "ws", 1)
            async with connect(url, proxy=None) as raw:
                await raw.send("{}")
                await raw.wait_closed()
        said = await outside(operator)
    assert sorted(each["what"].split(": ")[0].split()[-1] for each in said) == rooms
