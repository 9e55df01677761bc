"""A bot and a player in one room, on the app of serve.py, which runs in this process."""

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn

from bot import Circler
from roomwire import Settings, Updated, connect
from serve import make_app


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


async def play(bot: Circler, url: str) -> None:
    """Let the bot live as `relay bots` does."""
    async with connect(url, room="TEST", name="bot") as bot.room:
        while True:
            await bot.on_tick(1 / bot.hz)
            await asyncio.sleep(1 / bot.hz)


async def watch(url: str) -> None:
    """See the bot move on."""
    async with connect(url, room="TEST", name="Ann") as room, asyncio.TaskGroup() as tasks:
        playing = tasks.create_task(play(Circler(number=1), url))
        places = (event.value async for event in room if isinstance(event, Updated))
        (before, *start), (after, *end) = await anext(places), await anext(places)
        assert before < after
        assert start != end
        playing.cancel()


def test_a_player_sees_the_bot_move(url: str) -> None:
    asyncio.run(asyncio.wait_for(watch(url), timeout=10))
