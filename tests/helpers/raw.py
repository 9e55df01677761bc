"""A WebSocket client in bytes: RFC 6455 over a plain socket, and nothing of Roomwire's own.

It does what the WebSocket standard asks of a client and not a bit more, so that a test which
speaks through it relies on SPEC.md alone. It can also say what no library would (`send_raw`), and
it reads only while `receive` or `closed` waits: one who does not call them is a client that does
not read, and that answers no pings.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
SUBPROTOCOL = "roomwire.1"


class Refused(Exception):
    """The server answered the upgrade with this HTTP `status`."""

    def __init__(self, status: int, head: str) -> None:
        super().__init__(head)
        self.status = status


class RawClient:
    """One WebSocket. `connect` makes it."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        headers: dict[str, str],
    ) -> None:
        self.headers = headers
        """Of the server's answer to the upgrade, names in small letters."""
        self._reader = reader
        self._writer = writer
        self._buffer = b""
        self._message = b""
        self._end: tuple[int, str] | None = None
        self._is_closing = False

    async def send(self, message: bytes | str) -> None:
        """Send one binary message: bytes, or hex with spaces as in SPEC.md."""
        data = bytes.fromhex(message) if isinstance(message, str) else message
        await self.send_raw(frame(BINARY, data))

    async def send_text(self, text: str) -> None:
        """Send what no client of Roomwire should: a text message."""
        await self.send_raw(frame(TEXT, text.encode()))

    async def send_raw(self, data: bytes) -> None:
        """Write bytes as they are; `frame` makes some that are whole."""
        self._writer.write(data)
        await self._writer.drain()

    async def receive(self, timeout: float = 5) -> bytes:
        """Return the next binary message.

        Raises:
            TimeoutError: none came.
            ConnectionError: the connection was closed; `closed` says how.
        """
        async with asyncio.timeout(timeout):
            message = await self._next()
        if message is None:
            raise ConnectionError(f"closed: {self._end}")
        return message

    async def closed(self, timeout: float = 5) -> tuple[int, str]:
        """Wait for the end, past all messages. Returns: code and reason; 1006 if none was said."""
        async with asyncio.timeout(timeout):
            while await self._next() is not None:
                pass
        assert self._end is not None
        return self._end

    async def close(self, code: int = 1000) -> None:
        """Say goodbye the way WebSockets do, and wait for the answer."""
        self._is_closing = True
        await self.send_raw(frame(CLOSE, code.to_bytes(2)))
        await self.closed()

    def abort(self) -> None:
        """Drop the connection without a word, as a lost network does."""
        self._writer.transport.abort()

    async def _next(self) -> bytes | None:
        """Return the next whole message, or None at the end."""
        while self._end is None:
            if (found := self._cut_frame()) is not None:
                message = await self._take(*found)
                if message is not None:
                    return message
                continue
            try:
                more = await self._reader.read(1 << 16)
            except ConnectionError:
                more = b""
            if not more:
                self._end = (1006, "")
            self._buffer += more
        return None

    def _cut_frame(self) -> tuple[int, bool, bytes] | None:
        """Cut opcode, whether it is the last fragment, and data off the buffer, once all is there.

        Nothing is cut before, so that a wait which is given up loses nothing.
        """
        if len(self._buffer) < 2:
            return None
        first, length = self._buffer[:2]
        assert not first & 0x70, "no extension was agreed to"
        assert length < 0x80, "a server must not mask"
        body = 2 + {126: 2, 127: 8}.get(length, 0)
        if length >= 126:
            length = int.from_bytes(self._buffer[2:body])
        if len(self._buffer) < body + length:
            return None
        data, self._buffer = self._buffer[body : body + length], self._buffer[body + length :]
        return first & 0x0F, first >= 0x80, data

    async def _take(self, opcode: int, is_last: bool, data: bytes) -> bytes | None:
        if opcode == CLOSE:
            self._end = (int.from_bytes(data[:2]) if data else 1005, data[2:].decode())
            if not self._is_closing:
                await self.send_raw(frame(CLOSE, data[:2]))
        elif opcode == PING:
            await self.send_raw(frame(PONG, data))
        elif opcode in (BINARY, CONTINUATION):
            self._message += data
            if is_last:
                message, self._message = self._message, b""
                return message
        assert opcode != TEXT, "a relay sends no text"
        return None


def frame(opcode: int, data: bytes, *, is_last: bool = True) -> bytes:
    """Build one masked WebSocket frame."""
    length = len(data)
    head = bytes([opcode | 0x80 * is_last])
    if length < 126:
        head += bytes([0x80 | length])
    elif length < 1 << 16:
        head += b"\xfe" + length.to_bytes(2)
    else:
        head += b"\xff" + length.to_bytes(8)
    mask = os.urandom(4)
    stretched = (mask * (length // 4 + 1))[:length]
    masked = (int.from_bytes(data) ^ int.from_bytes(stretched)).to_bytes(length)
    return head + mask + masked


@asynccontextmanager
async def connect(
    url: str, *, subprotocol: str | None = SUBPROTOCOL, origin: str | None = None
) -> AsyncIterator[RawClient]:
    """Open a WebSocket to `ws://host:port/path`; what is left of it at the end is dropped.

    Raises:
        Refused: the server answered with something else than an upgrade.
    """
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        f"GET {parts.path or '/'} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {key}",
        *([f"Sec-WebSocket-Protocol: {subprotocol}"] if subprotocol else []),
        *([f"Origin: {origin}"] if origin else []),
    ]
    try:
        writer.write("\r\n".join([*lines, "", ""]).encode())
        yield RawClient(reader, writer, await upgraded(reader, key))
    finally:
        writer.transport.abort()


async def upgraded(reader: asyncio.StreamReader, key: str) -> dict[str, str]:
    """Read the answer to the upgrade. Returns: its headers, names in small letters."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status, *lines = head.strip().split("\r\n")
    if int(status.split(" ")[1]) != 101:
        raise Refused(int(status.split(" ")[1]), head)
    pairs = (line.split(":", 1) for line in lines)
    headers = {name.lower(): value.strip() for name, value in pairs}
    accept = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()
    assert headers["sec-websocket-accept"] == accept
    return headers
