"""A WebSocket client in bytes: RFC 6455 over a plain socket, and nothing of Roomwire's own.

It does what the WebSocket standard asks of a client and not a bit more, so that a test which
speaks through it relies on SPEC.md alone. It can also say what no library would: see `send_raw`.
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
    """The server did not upgrade. Attributes: status: of its answer."""

    def __init__(self, status: int, head: str) -> None:
        super().__init__(head)
        self.status = status


class RawClient:
    """One WebSocket. `connect` makes it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._messages: asyncio.Queue[bytes] = asyncio.Queue()
        self._ended = asyncio.Event()
        self._close = (1006, "")
        self._fragments = b""
        self.headers: dict[str, str] = {}
        self.answers_pings = True

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
            ConnectionError: the connection was closed, and everything before was received.
        """
        async with asyncio.timeout(timeout):
            getting = asyncio.ensure_future(self._messages.get())
            ending = asyncio.ensure_future(self._ended.wait())
            try:
                await asyncio.wait((getting, ending), return_when=asyncio.FIRST_COMPLETED)
                if getting.done():
                    return getting.result()
                raise ConnectionError(f"closed: {self._close}")
            finally:
                getting.cancel()
                ending.cancel()

    async def closed(self, timeout: float = 5) -> tuple[int, str]:
        """Wait for the end. Returns: code and reason; 1006 if there was no close frame."""
        async with asyncio.timeout(timeout):
            await self._ended.wait()
        return self._close

    async def close(self, code: int = 1000) -> None:
        """Say goodbye the way WebSockets do, and wait for the answer."""
        await self.send_raw(frame(CLOSE, code.to_bytes(2)))
        await self.closed()

    def abort(self) -> None:
        """Drop the connection without a word, as a lost network does."""
        self._writer.transport.abort()

    async def read_all(self) -> None:
        """Take in what the server sends, until the end."""
        try:
            while await self._read_frame():
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._ended.set()
            self._writer.close()

    async def _read_frame(self) -> bool:
        first, second = await self._reader.readexactly(2)
        assert not first & 0x70, "no extension was agreed to"
        assert not second & 0x80, "a server must not mask"
        length = second
        if second >= 126:
            length = int.from_bytes(await self._reader.readexactly(2 if second == 126 else 8))
        return await self._take(first & 0x0F, first >= 0x80, await self._reader.readexactly(length))

    async def _take(self, opcode: int, is_last: bool, data: bytes) -> bool:
        match opcode:
            case 8:
                self._close = (int.from_bytes(data[:2]) if data else 1005, data[2:].decode())
                await self.send_raw(frame(CLOSE, data[:2]))
                return False
            case 9 if self.answers_pings:
                await self.send_raw(frame(PONG, data))
            case 0 | 2:
                self._fragments += data
                if is_last:
                    self._messages.put_nowait(self._fragments)
                    self._fragments = b""
            case 1:
                raise AssertionError("a relay sends no text")
        return True


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
    client = RawClient(reader, writer)
    key = base64.b64encode(os.urandom(16))
    lines = [
        f"GET {parts.path or '/'} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {key.decode()}",
        *([f"Sec-WebSocket-Protocol: {subprotocol}"] if subprotocol else []),
        *([f"Origin: {origin}"] if origin else []),
    ]
    try:
        await client.send_raw("\r\n".join([*lines, "", ""]).encode())
        client.headers = await upgraded(reader, key)
        reading = asyncio.ensure_future(client.read_all())
        try:
            yield client
        finally:
            client.abort()
            await reading
    finally:
        writer.close()


async def upgraded(reader: asyncio.StreamReader, key: bytes) -> dict[str, str]:
    """Read the answer to the upgrade. Returns: its headers, names in small letters."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status, *lines = head.strip().split("\r\n")
    if int(status.split(" ")[1]) != 101:
        raise Refused(int(status.split(" ")[1]), head)
    headers = {
        name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)
    }
    accept = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()
    assert headers["sec-websocket-accept"] == accept
    return headers
