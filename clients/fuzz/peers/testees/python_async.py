"""The async client of Python under test: `python -m clients.fuzz.peers.testees.python_async URL`"""

from __future__ import annotations

import asyncio
import contextlib
import sys

from clients.fuzz.peers.testees import lines
from roomwire import JoinError, Message, RoomClosed, Unreachable, connect


async def visit(url: str) -> None:
    """Enter a room, and stay until it is closed."""
    room = await connect(url, name="Testee")
    async for event in room:
        lines.tell(event)
        if isinstance(event, Message) and not event.is_history:
            with contextlib.suppress(RoomClosed):
                await room.send_bytes(event.payload)
                room.volatile_bytes(1, event.payload)


async def main(url: str) -> None:
    lines.hello("python async")
    while True:
        try:
            await visit(url)
        except JoinError as refused:
            lines.closed(int(refused.closed.code))
        except Unreachable as error:
            lines.say(event="unreachable", text=str(error))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[-1]))
