"""A relay that does what a test says, over real sockets: one act for each connection."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from protocol.codec import Role, decode, encode
from protocol.frames import Frame, Hello, Leave
from tests.helpers.scripted_relay import as_it_stands, welcome

Act = Callable[[ServerConnection], Awaitable[None]]


@asynccontextmanager
async def strange_relay(*acts: Act) -> AsyncIterator[str]:
    """Serve one act to each connection in turn, the last one to all others; yield the address."""
    connections = iter(range(1000))

    async def handle(socket: ServerConnection) -> None:
        act = acts[min(next(connections), len(acts) - 1)]
        try:
            await act(socket)
            await socket.wait_closed()
        except ConnectionClosed:
            pass

    async with serve(handle, "127.0.0.1", 0, compression=None, close_timeout=0.5) as server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def hear(socket: ServerConnection) -> Frame:
    data = await socket.recv()
    assert isinstance(data, bytes)
    return decode(data, by=Role.CLIENT)


async def greet(socket: ServerConnection) -> None:
    """Let a client enter."""
    assert isinstance(await hear(socket), Hello)
    for frame in (welcome(), *as_it_stands()):
        await socket.send(encode(frame))


async def part(socket: ServerConnection) -> None:
    """Close when the client leaves."""
    while not isinstance(await hear(socket), Leave):
        pass
    await socket.close()
