"""The lobby of both clients, at a real relay."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import anyio
import pytest

from clients.python import lobby
from clients.python.blocking import Lobby as BlockingLobby
from relay.policy.config import Settings
from roomwire import (
    ListedRoom,
    Lobby,
    LobbyChange,
    LobbyRefused,
    RoomOptions,
    Unreachable,
    connect,
)
from tests.clients.python.io.test_unreachable import hang_up, proxy, reset, status
from tests.helpers.relay import RunningRelay, running_relay
from tests.helpers.small_server import serving

PATIENCE = 30.0  # seconds


class InThread:
    """The blocking lobby, asked as the async one is."""

    def __init__(self, url: str, **options: Any) -> None:
        self._lobby = BlockingLobby(url, **options)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *args, **named: asyncio.to_thread(getattr(self._lobby, name), *args, **named)

    async def watch(self, **named: Any) -> AsyncIterator[LobbyChange]:
        """Yield what the iterator in a thread yields."""
        changes: Iterator[LobbyChange] = self._lobby.watch(**named)
        while True:
            yield await asyncio.to_thread(next, changes)


At = Callable[[str], Any]


@pytest.fixture(params=[Lobby, InThread], ids=["async", "blocking"])
def at(request: pytest.FixtureRequest) -> At:
    """Return the lobby under test at an address."""
    made: At = request.param
    return made


def codes(rooms: list[ListedRoom]) -> list[str]:
    return [room.code for room in rooms]


class TestRooms:
    async def test_a_room_that_was_made_is_described_and_entered(
        self, relay: RunningRelay, at: At
    ) -> None:
        made = await at(relay.url).make(name="DUEL", title="Two", capacity=2, tags={"a": "b"})
        assert (made.code, made.title, made.capacity, made.tags) == ("DUEL", "Two", 2, {"a": "b"})
        async with connect(made.url, name="Ann") as room:
            assert (room.code, room.options.capacity) == ("DUEL", 2)
            known = await at(relay.url).describe("duel")
            assert (known.players, known.host, known.url) == (1, "Ann", f"{relay.url}/r/DUEL")

    async def test_a_match_makes_a_room_and_leads_others_there(
        self, relay: RunningRelay, at: At
    ) -> None:
        first = await at(relay.url).match(app="chess", tags={"mode": "blitz"}, capacity=2)
        second = await at(relay.url).match(app="chess", tags={"mode": "blitz"}, capacity=2)
        assert (first.created, second.created) == (True, False)
        assert first.code == second.code
        async with connect(first.url, app="chess") as room:
            assert room.code == first.code

    async def test_the_list_is_of_what_was_asked_for(self, relay: RunningRelay, at: At) -> None:
        there = at(relay.url)
        await there.make(name="A", app="chess", build="1", tags={"mode": "blitz", "x": ""})
        await there.make(name="B", app="chess", build="2", tags={"mode": "blitz"}, locked=True)
        await there.make(name="C", app="go")
        await there.make(name="D", public=False)
        assert codes(await there.rooms()) == ["A", "B", "C"]
        assert codes(await there.rooms(app="chess")) == ["A", "B"]
        assert codes(await there.rooms(app="chess", build="2")) == ["B"]
        assert codes(await there.rooms(tags={"mode": "blitz"})) == ["A", "B"]
        assert codes(await there.rooms(tags={"mode": "blitz", "x": ""})) == ["A"]
        assert codes(await there.rooms(only_open=True)) == ["A", "C"]
        assert codes(await there.rooms(app="")) == []

    async def test_the_list_is_longer_than_a_page(
        self, relay: RunningRelay, at: At, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lobby, "PAGE", 2)
        for name in "ABCDE":
            await at(relay.url).make(name=name)
        assert codes(await at(relay.url).rooms()) == list("ABCDE")
        assert codes(await at(relay.url).rooms(limit=3)) == list("ABC")

    async def test_the_address_may_be_of_a_room(self, relay: RunningRelay, at: At) -> None:
        made = await at(relay.link_url("X")).make(name="Y")
        assert made.url == f"{relay.url}/r/Y"


class TestRefusals:
    @pytest.mark.parametrize(
        ("wanted", "http", "why"),
        [
            ({"name": "TAKEN"}, 409, "TAKEN"),
            ({"capacity": 0}, 422, "capacity"),
            ({"capcity": 2}, 422, "capcity"),
        ],
    )
    async def test_what_cannot_be_made_is_refused_with_the_reason(
        self, relay: RunningRelay, at: At, wanted: dict[str, Any], http: int, why: str
    ) -> None:
        await at(relay.url).make(name="TAKEN")
        with pytest.raises(LobbyRefused, match=why) as caught:
            await at(relay.url).make(**wanted)
        assert (caught.value.status, caught.value.after) == (http, None)

    async def test_a_room_that_is_not_there_or_not_public(
        self, relay: RunningRelay, at: At
    ) -> None:
        await at(relay.url).make(name="HIDDEN", public=False)
        for code in ("HIDDEN", "NOWHERE", "a/b"):
            with pytest.raises(LobbyRefused, match=r"there is no room|Not Found") as caught:
                await at(relay.url).describe(code)
            assert caught.value.status == 404

    async def test_who_asks_too_often_hears_when_to_come_back(self, at: At) -> None:
        settings = Settings(rooms_per_second=0.1, rooms_burst=1, limit_loopback=True)
        async with running_relay(settings) as relay:
            await at(relay.url).make()
            with pytest.raises(LobbyRefused, match=r"come back in \d+ s") as caught:
                await at(relay.url).make()
            assert caught.value.status == 429
            assert 1 <= (caught.value.after or 0) <= 10


class TestUnreachable:
    async def test_nothing_at_all(self, at: At) -> None:
        with pytest.raises(Unreachable, match="nothing listens at http"):
            await at("127.0.0.1:1").rooms()

    @pytest.mark.parametrize(
        ("answer", "why"),
        [
            (status(200), "not as a Roomwire relay"),
            (status(200, b"{", "application/json"), "not as a Roomwire relay"),
            (status(200, b"[" * 99_999, "application/json"), "not as a Roomwire relay"),
            (status(200, b'{"rooms": [7], "next": null}', "application/json"), "not as a Room"),
            (status(200, b'{"rooms": [], "next": ""}', "application/json"), "not as a Roomwire"),
            (status(404), "HTTP 404: no relay is there"),
            (status(502), "HTTP 502: a proxy is there"),
            (reset, "hangs up without an answer|cannot reach"),
            (hang_up, "hangs up without an answer|cannot reach"),
            (lambda writer: (writer.write(b"SSH-2.0\r\n\r\n"), writer.close()), "not speak HTTP"),
        ],
        ids=["page", "cut", "deep", "wrong", "circle", "404", "502", "reset", "hung_up", "other"],
    )
    async def test_no_relay(self, at: At, answer: Any, why: str) -> None:
        async with proxy(answer) as url:
            with pytest.raises(Unreachable, match=why):
                await at(url).rooms()

    async def test_a_proxy_hears_the_user_whom_the_address_names(self, at: At) -> None:
        heard: list[bytes] = []

        async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heard.append(await reader.readuntil(b"\r\n\r\n"))
            status(401)(writer)

        async with serving(listen) as port:
            with pytest.raises(Unreachable, match="HTTP 401") as caught:
                await at(f"http://ann:p%40ss@127.0.0.1:{port}").rooms()
        assert b"Authorization: Basic YW5uOnBAc3M=\r\n" in heard[0]
        assert "p%40ss" not in str(caught.value)

    async def test_one_that_does_not_answer(self, at: At) -> None:
        async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()

        made: Callable[..., Any] = at
        async with serving(say_nothing) as port:
            with pytest.raises(Unreachable, match="no answer from"):
                await made(f"127.0.0.1:{port}", timeout=0.1).rooms()

    def test_an_address_that_is_none(self, at: At) -> None:
        with pytest.raises(ValueError, match="not a relay's address"):
            at("ftp://localhost")


class TestWatching:
    @pytest.fixture(autouse=True)
    def impolite(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(lobby, "LEAST", 0.0)

    async def test_the_list_is_told_and_then_each_change(self, relay: RunningRelay, at: At) -> None:
        there = at(relay.url)
        changes = there.watch(every=0.02)
        with anyio.fail_after(PATIENCE):
            assert await anext(changes) == LobbyChange([], [], [], [])
            async with connect(relay.url, room="A", create=RoomOptions(keep=0)):
                change = await anext(changes)
                assert (codes(change.rooms), change.added) == (["A"], change.rooms)
                async with connect(relay.url, room="A"):
                    change = await anext(changes)
                    assert (change.added, change.removed) == ([], [])
                    assert [(room.code, room.players) for room in change.changed] == [("A", 2)]
            while not change.removed:
                change = await anext(changes)
            assert (change.rooms, codes(change.removed)) == ([], ["A"])

    async def test_it_waits_as_long_as_the_relay_asks(self) -> None:
        kind = "application/problem+json\r\nRetry-After: 7"
        async with proxy(status(429, b'{"detail": "too many"}', kind)) as url:
            watch = lobby.Watch(BlockingLobby(url), 3.0, {})
            assert await asyncio.to_thread(watch.look) is None
            assert watch.pause == 7.0

    async def test_other_refusals_are_raised(self, at: At) -> None:
        problem = status(403, b'{"detail": "not this Host"}', "application/problem+json")
        async with proxy(problem) as url:
            with pytest.raises(LobbyRefused, match="not this Host"):
                await anext(at(url).watch(every=0.02))


async def test_nobody_looks_too_often() -> None:
    for every in (0.5, float("nan")):
        with pytest.raises(ValueError, match="every 1 s at most"):
            Lobby("localhost").watch(every=every)
