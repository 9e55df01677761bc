"""The link on any ASGI server: Starlette's WebSocket, one task that reads and one that writes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time

from starlette.websockets import WebSocket, WebSocketDisconnect

from protocol.close_codes import CloseCode
from relay.connection import Connection
from relay.node import Node
from relay.outbox import Outbox

log = logging.getLogger("relay")

CLOSE_PATIENCE = 2.0  # seconds for a peer to take what waits for it once it is being closed


class PortableLink:
    """Takes from the outbox as fast as the server's `send` lets it."""

    def __init__(self, websocket: WebSocket, *, max_bytes: int, max_frames: int) -> None:
        self.outbox = Outbox(self._wake, max_bytes=max_bytes, max_frames=max_frames)
        self._websocket = websocket
        self._ready = asyncio.Event()
        self._closing: tuple[CloseCode, str] | None = None
        self._ended = asyncio.Event()
        self._connection: Connection | None = None

    def close(self, code: CloseCode, reason: str) -> None:
        if self._closing is None:
            self._closing = (code, reason)
            self._ready.set()
            asyncio.get_running_loop().call_later(CLOSE_PATIENCE, self._ended.set)

    async def run(self, connection: Connection) -> None:
        """Carry the connection until its end."""
        self._connection = connection
        reading = asyncio.create_task(self._read(connection))
        ending = [asyncio.create_task(self._write()), asyncio.create_task(self._ended.wait())]
        try:
            await asyncio.wait([reading, *ending], return_when=asyncio.FIRST_COMPLETED)
            if reading.done() and reading.exception() is not None:
                log.error(
                    "connection %d failed", connection.attachment, exc_info=reading.exception()
                )
                connection.close(CloseCode.RELAY_FAULT)
                await asyncio.wait(ending, return_when=asyncio.FIRST_COMPLETED)
        finally:
            connection.lost()
            for task in (reading, *ending):
                task.cancel()
            # Not gather: it loses the message by which anyio knows its own cancellation again.
            await asyncio.wait([reading, *ending])

    async def _read(self, connection: Connection) -> None:
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            data = message.get("bytes")
            if data is None:
                connection.close(CloseCode.TEXT_REFUSED)
                await self._ended.wait()
            elif connection.seat is None:
                await connection.greet(data, time.monotonic())
            elif pause := connection.receive(data, time.monotonic()):
                await asyncio.sleep(pause)

    async def _write(self) -> None:
        send = self._websocket.send
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                await self._ready.wait()
                self._ready.clear()
                for message in self.outbox.take():
                    await send({"type": "websocket.send", "bytes": message})
                if self._closing is not None and not len(self.outbox):
                    code, reason = self._closing
                    await self._websocket.close(code, reason)
                    return

    def _wake(self) -> None:
        self._ready.set()
        if self.outbox.is_overflowing and self._connection is not None:
            # Not at once: the room is in the middle of passing something on.
            asyncio.get_running_loop().call_soon(self._connection.close, CloseCode.TOO_SLOW)


async def serve(websocket: WebSocket, node: Node, room: str, address: str) -> None:
    """Serve an accepted WebSocket until it ends.

    Args:
        room: the name in the URL. address: the client's, without its port.
    """
    settings = node.settings
    link = PortableLink(
        websocket, max_bytes=settings.outbox_bytes, max_frames=settings.outbox_frames
    )
    await link.run(node.connect(link, room, address))
