"""A room is watched from any worker and from any node, whichever its players are connected to."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from protocol.frames import Deliver, Leave, RoomOptions, Send, Update, Volatile
from relay.cluster import log_broker, values
from relay.delivery.shared_audience import SharedAudience
from relay.inspect import watching
from relay.inspect.watched_audience import WatchedAudience
from tests.helpers.cluster.wire import parties
from tests.helpers.crew import TOKEN, colleagues, names_at
from tests.helpers.peers import Party, until
from tests.helpers.watchers import Watcher, decoded, token_file, watcher


async def hears_kinds(eve: Watcher, count: int) -> list[tuple[str, bytes]]:
    frames = map(decoded, await eve.sees(count))
    return [
        (type(frame).__name__, frame.payload)
        for frame in frames
        if isinstance(frame, Deliver | Update)
    ]


async def test_any_worker_shows_a_room() -> None:
    here, there = next(names_at(0)), next(names_at(1))
    async with (
        colleagues() as (first, second),
        AsyncExitStack() as stack,
    ):
        for worker in (first, second):
            for room in (here, there):
                ann = await Party(worker.url, stack).enters(room)
                async with watcher(first.url, room.lower(), token=TOKEN) as eve:
                    assert (await eve.hears("room"))["room"]["room"] == room
                    ann.says(Send(None, b"hi"))
                    assert await hears_kinds(eve, 1) == [("Deliver", b"hi")]


@pytest.fixture
def options(tmp_path: Path) -> dict[str, Any]:
    """Let all nodes know one operator."""
    return {"operator_token_file": token_file(tmp_path)}


async def test_any_node_shows_a_room_and_its_values(options: dict[str, Any]) -> None:
    async with parties(3, **options) as ((here, _), (there, _), (nowhere, _)):
        ann = await here.enters("R", name="Ann")
        async with watcher(nowhere.url, "R") as eve, watcher(here.url, "R") as ivy:
            await ivy.hears("players")
            assert (await eve.hears("players"))["players"][0]["name"] == "Ann"
            room = nowhere.room("R")
            shared = room.audience
            assert isinstance(shared, WatchedAudience)
            assert isinstance(shared.audience, SharedAudience)
            ann.says(Send(None, b"hi"), Volatile(1, None, b"swift"))
            told = [("Deliver", b"hi"), ("Update", b"swift")]
            assert sorted(await hears_kinds(eve, 2)) == told
            assert sorted(await hears_kinds(ivy, 2)) == told
            assert list(room.audience.retained.of(1)) == []

            bob = await there.enters("R")
            await ann.catches_up()
            bob.says(Volatile(2, None, b"of bob"))
            assert (await ann.hears(Update)).payload == b"of bob"
            for each in (eve, ivy):
                assert ("Update", b"of bob") in await hears_kinds(each, 2)
        await until(lambda: room.audience is shared.audience)
        ann.says(Send(None, b"again"))
        assert (await bob.hears(Deliver, lambda d: d.payload == b"again")).sender == ann.me


async def test_a_value_that_is_told_again_is_shown_once(options: dict[str, Any]) -> None:
    """Nodes tell their values again whenever some may have been lost."""
    async with parties(2, **options) as ((here, broker), (nowhere, _)):
        ann = await here.enters("R")
        async with watcher(nowhere.url, "R") as eve:
            await eve.hears("rates")
            ann.says(Volatile(1, None, b"swift"))
            assert await hears_kinds(eve, 1) == [("Update", b"swift")]
            broker.missed()
            ann.says(Send(None, b"hi"))
            assert await hears_kinds(eve, 1) == [("Deliver", b"hi")]


async def test_a_room_stays_at_a_node_while_it_is_watched_there(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_broker, "IDLE_SECONDS", 0.5)
    monkeypatch.setattr(values, "WATCHED_SECONDS", 0.5)
    monkeypatch.setattr(watching, "ROUND", 0.1)
    async with parties(2, **options) as ((here, _), (there, broker)):
        ann = await here.enters("R", create=RoomOptions(keep=0))
        async with watcher(there.url, "R") as eve:
            for _ in range(10):
                await eve.hears("rates")
            ann.says(Volatile(1, None, b"still"))
            assert await hears_kinds(eve, 1) == [("Update", b"still")]
        await until(lambda: "R" not in broker.replicas)
        async with watcher(there.url, "R") as eve:
            await eve.hears("players")
            ann.says(Leave())
            assert (await eve.ends())[-1]["why"] == "the room is gone"


async def test_a_room_that_is_lost_here_is_brought_again(options: dict[str, Any]) -> None:
    async with parties(2, **options) as ((here, _), (there, broker)):
        ann = await here.enters("R")
        async with watcher(there.url, "R") as eve:
            await eve.hears("players")
            broker.restart(lambda name: True)
            await eve.hears("room")
            ann.says(Send(None, b"hi"))
            assert await hears_kinds(eve, 1) == [("Deliver", b"hi")]
