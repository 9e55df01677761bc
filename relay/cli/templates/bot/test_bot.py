"""The bot and a player in one room, on a relay that runs in this process."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import TypeVar

import pytest
import uvicorn

from bot import POSITION, Greeter
from roomwire import Bot, Event, Message, Room, Settings, Updated, connect, create_app

PATIENCE = 10  # seconds for something to happen that must
E = TypeVar("E", bound=Event)


@pytest.fixture
def url() -> Iterator[str]:
    """Run a relay on a free port, and return its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    relay = create_app(Settings())
    server = uvicorn.Server(uvicorn.Config(relay, log_level="warning"))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()


async def play(bot: Bot, room: Room) -> None:
    """Let the bot live as `relay bots` does, but for its ticks."""
    bot.room = room
    await bot.on_join()
    async for event in room:
        await bot.on_event(event)


async def hear(room: Room, kind: type[E]) -> E:
    """Return the next event of this kind."""
    async with asyncio.timeout(PATIENCE):
        return await anext(event async for event in room if isinstance(event, kind))


def test_the_bot_greets_who_comes_and_flies(url: str) -> None:
    async def meet() -> None:
        bot = Greeter(number=1)
        async with (
            connect(url, room="TEST", name=bot.name) as its_room,
            connect(url, room="TEST", name="Ann") as room,
            asyncio.TaskGroup() as tasks,
        ):
            playing = tasks.create_task(play(bot, its_room))
            greeting = await hear(room, Message)
            assert greeting.value == {"t": "say", "text": "Hello, Ann!"}
            await bot.on_tick(0.1)
            flight = await hear(room, Updated)
            assert (flight.key, flight.player.name) == (POSITION, "bot 1")
            playing.cancel()

    asyncio.run(meet())
