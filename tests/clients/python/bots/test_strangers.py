"""No player can end a bot that we show: not by bytes that are no value, nor by odd values."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from clients.python import Message, connect
from clients.python.bots import Bot
from clients.python.bots.loader import BUILT_IN, load
from clients.python.bots.swarm import Swarm
from clients.python.events import Event
from clients.python.room import Room
from protocol.codec import encode
from protocol.frames import Set
from tests.clients.python.bots.swarms import plan, played, until
from tests.helpers.pages import Page
from tests.helpers.relay import RunningRelay

ROOT = Path(__file__).parents[4]
TEMPLATES = ROOT / "relay/cli/templates"
GUIDE = [Page(path) for path in sorted((ROOT / "docs/guide").glob("*.md"))]
SHOWN = {
    name: body
    for page in GUIDE
    for name, body in page.files.items()
    if re.search(r"^class \w+\(Bot\)|^@bot\(", body, re.M)
}
"""The bots of the guide, by their files."""

NOTHING = b"\xc1"  # is no msgpack value
ODD: tuple[Any, ...] = (None, 7, "word", [], ["a", {}], {"take": None}, {"t": "say", "text": 7})
KEYS = ("coin", "score")  # which any player may write
LAST = b"the last of all"


MADE = sorted(path.parent.name for path in TEMPLATES.glob("*/bot.py"))


@pytest.fixture(params=[*BUILT_IN, *MADE, *SHOWN])
def script(request: pytest.FixtureRequest, tmp_path: Path) -> type[Bot]:
    """Return each bot: those of the kit, of the templates and of the guide."""
    name = request.param
    if name in SHOWN:
        (tmp_path / name).write_text(SHOWN[name])
        return load(str(tmp_path / name))
    return load(name if name in BUILT_IN else str(TEMPLATES / name / "bot.py"))


def listening(script: type[Bot]) -> tuple[type[Bot], asyncio.Event]:
    """Return such a bot that tells when it has taken the last message, and has ticked since."""
    took, ticked = asyncio.Event(), asyncio.Event()

    class Listening(script):  # type: ignore[misc, valid-type] # mypy cannot know the class
        hz = 20.0

        async def on_event(self, event: Event) -> None:
            await super().on_event(event)
            if isinstance(event, Message) and event.payload == LAST:
                took.set()

        async def on_tick(self, dt: float) -> None:
            await super().on_tick(dt)
            if took.is_set():
                ticked.set()

    return Listening, ticked


async def molest(room: Room) -> None:
    """Send what no program would expect, in every way that there is."""
    for key in KEYS:
        await room._post(encode(Set(0, key, NOTHING)))
    for odd in ODD:
        await room.send(odd)
        room.volatile(0, odd)
        for key in KEYS:
            await room.set_property(key, odd)
    room.volatile_bytes(0, NOTHING)
    await room.send_bytes(NOTHING)
    await room.send_bytes(LAST)


async def test_no_stranger_ends_a_bot(script: type[Bot], relay: RunningRelay) -> None:
    listens, ticked = listening(script)

    async def meet() -> None:
        async with connect(relay.url, room="BOTS") as room:
            await until(room, lambda _: len(room.players) == 2)
            await molest(room)
            async with asyncio.TaskGroup() as tasks:
                left = tasks.create_task(until(room, lambda _: len(room.players) == 1))
                alive = tasks.create_task(ticked.wait())
                await asyncio.wait([left, alive], return_when=asyncio.FIRST_COMPLETED)
                left.cancel()
                alive.cancel()

    report = await played(Swarm(plan(relay, listens, 1)), meet())
    assert report.complaints == []
    assert ticked.is_set()
