"""Two players on the app of serve.py, which runs in this process."""

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn

from bot import Taker
from roomwire import ErrorCode, Refused, RoomOptions, Settings, connect
from serve import make_app

OPTIONS = RoomOptions(host_keys=("game",))


@pytest.fixture
def url() -> Iterator[str]:
    """Run the app on a free port, and return its relay's address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(make_app(Settings()), log_level="warning"))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/relay"
    server.should_exit = True
    thread.join()


async def play(bot: Taker, url: str) -> dict[str, object]:
    """Let the bot play, and return the game when it is over."""
    async with connect(url, room="TEST", name=bot.name, create=OPTIONS) as bot.room:
        async for event in bot.room:
            await bot.on_event(event)
            if (game := bot.room.properties.get("game")) and game["sticks"] == 0:
                break
            if len(bot.room.players) == 2:
                await bot.on_tick(0)
        return dict(bot.room.properties)


async def play_two(url: str) -> None:
    """Let two bots play: both see the same end."""
    ann, bob = await asyncio.gather(play(Taker(1), url), play(Taker(2), url))
    assert ann == bob


async def cheat(url: str) -> None:
    """Write the game without being host."""
    async with connect(url, room="TEST", create=OPTIONS), connect(url, room="TEST") as cheat:
        await cheat.set_property("game", {"sticks": 1, "turn": 1})
        refused = await anext(event async for event in cheat if isinstance(event, Refused))
        assert refused.code == ErrorCode.NOT_HOST


def test_two_players_see_one_end(url: str) -> None:
    asyncio.run(asyncio.wait_for(play_two(url), timeout=10))


def test_only_the_host_writes_the_game(url: str) -> None:
    asyncio.run(asyncio.wait_for(cheat(url), timeout=10))
