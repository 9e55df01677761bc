"""A small player for thousands of connections. It has callbacks only, no task and no stream."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from protocol.codec import encode
from protocol.frames import Hello, HelloOptions
from tests.helpers.raw import BINARY, CLOSE, PING, PONG, SUBPROTOCOL, frame

HELLO = encode(Hello(1, HelloOptions()))
ERROR, LIVE, DELIVER = 0x03, 0x09, 0x11
JOINED, LEFT, PRESENCE = 0x20, 0x21, 0x22
PATIENCE = 30.0
CUT = 1006


class Seat(asyncio.Protocol):
    """One connection to a room.

    Attributes:
        on_message: called with each binary message once the room is entered.
        is_live: done once the room is entered; fails with `ConnectionError` if it is not.
        ended: done with the close code once the connection is gone.
    """

    __slots__ = (
        "_buffer",
        "_hello",
        "_is_upgraded",
        "_room",
        "answers_pings",
        "code",
        "ended",
        "is_live",
        "on_message",
        "transport",
    )

    def __init__(self, room: str, hello: bytes) -> None:
        loop = asyncio.get_running_loop()
        self.transport: asyncio.Transport
        self.is_live: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[int] = loop.create_future()
        self.on_message: Callable[[bytes], None] | None = None
        self.answers_pings = True
        self.code = CUT
        self._room = room
        self._hello = hello
        self._buffer = b""
        self._is_upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # a socket's
        self.transport.write(upgrade(self._room))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.is_live.done():
            self.is_live.set_exception(ConnectionError(f"not entered: {self.code}"))
            self.is_live.exception()  # marks the exception as read, as nobody may be waiting for it
        if not self.ended.done():
            self.ended.set_result(self.code)

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        at = 0
        if not self._is_upgraded:
            at = self._meet(buffer)
        while self._is_upgraded and (found := frame_at(buffer, at)) is not None:
            opcode, start, at = found
            self._take(opcode, buffer[start:at])
        self._buffer = buffer[at:]

    def say(self, message: bytes) -> None:
        """Send a binary message."""
        self.transport.write(frame(BINARY, message))

    def abort(self) -> None:
        self.transport.abort()

    def _meet(self, buffer: bytes) -> int:
        end = buffer.find(b"\r\n\r\n") + 4
        if end < 4:
            return 0
        if not buffer.startswith(b"HTTP/1.1 101 "):
            self.transport.abort()
            return 0
        self._is_upgraded = True
        if self._hello:
            self.say(self._hello)
        return end

    def _take(self, opcode: int, data: bytes) -> None:
        if opcode == BINARY:
            if self.on_message is not None:
                self.on_message(data)
            elif data[1] == LIVE and not self.is_live.done():
                self.is_live.set_result(None)
        elif opcode == PING and self.answers_pings:
            self.transport.write(frame(PONG, data))
        elif opcode == CLOSE:
            self.code = int.from_bytes(data[:2])
            self.transport.write(frame(CLOSE, data[:2]))
            self.transport.close()


def upgrade(room: str) -> bytes:
    """Build the request for a WebSocket to a room."""
    return (
        f"GET /r/{room} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n"
    ).encode()


async def connect(
    port: int,
    room: str,
    *,
    hello: bytes = HELLO,
    receive_buffer: int | None = None,
    source: str = "",
) -> Seat:
    """Open a connection from this address. It says HELLO by itself; this does not wait for it."""
    end = socket.socket()
    end.setblocking(False)
    if source:
        end.bind((source, 0))
    if receive_buffer is not None:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    loop = asyncio.get_running_loop()
    try:
        await loop.sock_connect(end, ("127.0.0.1", port))
        _, seat = await loop.create_connection(lambda: Seat(room, hello), sock=end)
    except OSError:
        end.close()
        raise
    return seat


async def enter(
    port: int, room: str, *, hello: bytes = HELLO, receive_buffer: int | None = None
) -> Seat:
    """Open a connection and enter the room."""
    seat = await connect(port, room, hello=hello, receive_buffer=receive_buffer)
    async with asyncio.timeout(PATIENCE):
        await seat.is_live
    return seat


def frame_at(buffer: bytes, at: int) -> tuple[int, int, int] | None:
    """Return a frame's opcode and the bounds of its payload; None if it has not come in full."""
    left = len(buffer) - at
    if left < 2:
        return None
    start, length = at + 2, buffer[at + 1]
    if length == 126:
        start, length = at + 4, int.from_bytes(buffer[at + 2 : at + 4])
    elif length == 127:
        start, length = at + 10, int.from_bytes(buffer[at + 2 : at + 10])
    end = start + length
    return (buffer[at] & 0x0F, start, end) if len(buffer) >= max(start, end) else None
