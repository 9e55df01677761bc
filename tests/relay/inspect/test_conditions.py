"""Operators make a player's network worse: by REST, at any node or worker, and by `relay shape`."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, get_args

import anyio
import httpx
import pytest

from protocol.frames import Notice, NoticeKind
from relay.cli import main
from relay.conditions.profiles import PROFILES
from relay.http.operating import Name
from relay.policy.operators import kept
from tests.helpers.cluster.wire import parties
from tests.helpers.crew import TOKEN, colleagues, names_at
from tests.helpers.operators import Operator, operator_at
from tests.helpers.peers import Party, Peer, new_seat, party

HERE, THERE = next(names_at(0)), next(names_at(1))
PATH = "/ROOM/conditions"


@asynccontextmanager
async def table() -> AsyncIterator[tuple[Party, Operator]]:
    async with party() as at, operator_at(at.url, at.token) as operator:
        yield at, operator


async def told(peer: Peer) -> str | None:
    """Return the conditions that a player hears of."""
    notice = await peer.hears(Notice, lambda notice: notice.kind == NoticeKind.SHAPED)
    return notice.detail.said


async def round_trip(peer: Peer) -> float:
    """Return the seconds that a PING takes."""
    began = time.monotonic()
    await peer.catches_up()
    return time.monotonic() - began


# By REST.


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_without_the_token_nobody_shapes(method: str) -> None:
    async with party() as at, httpx.AsyncClient(base_url=at.url, trust_env=False) as http:
        await at.enters("ROOM")
        body = {"down": "lan"} if method == "PUT" else None
        answer = await http.request(method, f"/api/rooms{PATH}", json=body)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_conditions_are_put_shown_and_taken_off() -> None:
    async with table() as (at, operator):
        ann, bob = await at.enters("ROOM"), await at.enters("ROOM")
        shown = await operator.asks(
            "PUT", PATH, {"player": 2, "down": "mobile-3g", "up": {"lag_ms": 50}, "seed": 42}
        )
        (shape,) = shown["shapes"]
        assert (shape["player"], shape["seed"]) == (2, 42)
        assert shape["text"] == "down mobile-3g; up lag_ms 50; seed 42"
        assert shape["down"]["bytes_per_second"] == PROFILES["mobile-3g"].bytes_per_second
        assert shown["profiles"].keys() == PROFILES.keys()
        assert await told(bob) == shape["text"]
        assert (await operator.players("ROOM"))[2]["conditions"]["up"]["lag_ms"] == 50
        assert (await operator.players("ROOM"))[1]["conditions"] is None
        assert f": {shape['text']}." in (await operator.why("ROOM", 2))["conditions"]["what"]
        await operator.asks("PUT", PATH, {"down": "lan"})
        assert await told(ann) == "down lan; seed 0"
        assert [each["player"] for each in (await operator.asks("GET", PATH))["shapes"]] == [
            None,
            2,
        ]
        await operator.asks("PUT", PATH, {"player": 2})
        assert await told(bob) == "down lan; seed 0"
        await operator.asks("DELETE", PATH)
        assert [await told(ann), await told(bob)] == [None, None]
        assert (await operator.asks("GET", PATH))["shapes"] == []


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        ({"player": 7, "down": "lan"}, 404, "no player 7"),
        ({"down": "moon"}, 422, "down"),
        ({"down": {"lag_ms": -1}}, 422, "lag_ms"),
        ({"down": {"lag": 1}}, 422, "lag"),
        ({"down": {"stall_s": 2, "stall_every_s": 1}}, 422, "stall_s: expected at most"),
        ({"seed": -1}, 422, "seed"),
    ],
)
async def test_what_cannot_be_put_is_refused(body: Any, status: int, why: str) -> None:
    async with table() as (at, operator):
        await at.enters("ROOM")
        assert why in (await operator.asks("PUT", PATH, body, status=status))["detail"]
        await operator.asks("PUT", "/NONE/conditions", {"down": "lan"}, status=404)


def test_rest_names_all_profiles() -> None:
    assert get_args(Name) == tuple(PROFILES)


# From anywhere.


async def test_conditions_hold_at_every_node_and_go_with_who_moves() -> None:
    async with AsyncExitStack() as stack:
        three = await stack.enter_async_context(parties(3))
        here, there, third = (at for at, _ in three)
        operator, other = [
            await stack.enter_async_context(operator_at(at.url, at.token)) for at in (third, there)
        ]
        seat = new_seat()
        ann, bob = await here.enters("ROOM"), await there.enters("ROOM", seat=seat)
        await operator.asks("PUT", PATH, {"player": 2, "down": {"lag_ms": 100}})
        assert await told(bob) == "down lag_ms 100; seed 0"
        assert await round_trip(bob) > 0.08
        assert (await operator.players("ROOM"))[2]["conditions"]["down"]["lag_ms"] == 100
        bob.raw.abort()
        again = await here.connects("ROOM")
        again.greets(seat=seat, position=bob.position)
        assert await told(again) == "down lag_ms 100; seed 0"
        assert len((await other.asks("GET", PATH))["shapes"]) == 1
        await other.asks("DELETE", PATH)
        assert await told(again) is None
        assert not ann.all(Notice)


async def test_any_worker_is_asked() -> None:
    async with colleagues() as (first, _), AsyncExitStack() as stack:
        operator = await stack.enter_async_context(operator_at(first.url, TOKEN))
        for room in (HERE, THERE):
            ann = await Party(first.url, stack).enters(room)
            await operator.asks("PUT", f"/{room}/conditions", {"player": 1, "up": "hotel"})
            assert await told(ann) == "up hotel; seed 0"
            await operator.asks("DELETE", f"/{room}/conditions")
            assert await told(ann) is None


# By `relay shape`.


async def run(*words: str) -> int:
    """Run a command beside the relay. Returns: its exit code."""

    def command() -> int:
        with pytest.raises(SystemExit) as ended:
            main.main(["shape", *words])
        assert isinstance(ended.value.code, int)
        return ended.value.code

    return await anyio.to_thread.run_sync(command)


async def test_the_command_puts_shows_and_takes_off(capsys: pytest.CaptureFixture[str]) -> None:
    async with party() as at:
        with kept(at.token, at.relay.listener.port):
            ann = await at.enters("ROOM")
            words = "ROOM --player 1 --down mobile-3g --up lag_ms=80,freeze=false --seed 42 --url"
            assert await run(*words.split(), at.url) == 0
            expected = "Room ROOM, player 1: down mobile-3g; up lag_ms 80; seed 42\n"
            assert capsys.readouterr().out == expected
            assert await told(ann) == "down mobile-3g; up lag_ms 80; seed 42"
            assert await run("room", "--both", "wifi", "--url", at.url) == 0
            assert "Room ROOM, everybody: wifi, seed 0\n" in capsys.readouterr().out
            assert await run("room", "--player", "1", "--off", "--url", at.url) == 0
            assert await told(ann) == "wifi, seed 0"
            assert await run("room", "--json", "--url", at.url) == 0
            lines = capsys.readouterr().out.splitlines()
            assert json.loads(lines[-1])["shapes"][0]["text"] == "wifi, seed 0"
            assert await run("room", "--off", "--url", at.url) == 0
            assert capsys.readouterr().out == "Room ROOM: all networks are as they are\n"
            assert await told(ann) is None


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("NONE --down lan", "no room of this name"),
        ("ROOM --down moon", "no profile 'moon'; expected one of lan, wifi, train-wifi"),
        ("ROOM --both trainwifi", "no profile 'trainwifi'; did you mean train-wifi?"),
        ("ROOM --both freeze", "freeze is no profile, but a condition: write freeze=true"),
        ("ROOM --both freeze=1", "freeze: expected true or false"),
        ("ROOM --down lag_ms=soon", "lag_ms: expected a number, or true, and not 'soon'"),
        ("ROOM --down lag=3", "lag: expected one of bytes_per_second"),
    ],
)
async def test_what_the_command_cannot_do_is_one_sentence(
    capsys: pytest.CaptureFixture[str], words: str, why: str
) -> None:
    async with party() as at:
        with kept(at.token, at.relay.listener.port):
            await at.enters("ROOM")
            assert await run(*words.split(), "--url", at.url) == 2
            error = capsys.readouterr().err
            assert why in error
            assert error.count("\n") == 1
