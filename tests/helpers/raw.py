"""A WebSocket client in bytes: RFC 6455 over a plain socket, and nothing of Roomwire's own.

It does no more than the WebSocket standard asks of a client. So a test that uses it relies on
SPEC.md alone. It can also do what no library would: see `write`, `reset` and `stop_reading`.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import socket
import struct
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
SUBPROTOCOL = "roomwire.1"
CHUNK = 64 * 1024
PATIENCE = 30.0  # seconds for something that must happen, on a machine that is busy


class Refused(Exception):
    """The server did not upgrade. Attributes: status: its answer's."""

    def __init__(self, status: int, head: str) -> None:
        super().__init__(head)
        self.status = status


class Text(AssertionError):
    """The relay said text, which no relay of ours does."""


class Closed(ConnectionError):
    """The connection is over. Attributes: code, reason: of its close; 1006 if there was none."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"closed: {code} {reason}")
        self.code = code
        self.reason = reason


class RawClient:
    """One WebSocket. `connect` makes it. It reads only when a caller waits for a message."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._buffer = b""
        self._fragments = b""
        self._messages: deque[bytes] = deque()
        self._closed: Closed | None = None
        self.headers: dict[str, str] = {}
        self.answers_pings = True
        self.joins_fragments = True

    # Out.

    async def send(self, message: bytes | str) -> None:
        """Send one binary message: bytes, or hex with spaces as in SPEC.md."""
        data = bytes.fromhex(message) if isinstance(message, str) else message
        await self.send_raw(frame(BINARY, data))

    async def send_text(self, text: str) -> None:
        """Send a text message, which no client of Roomwire should."""
        await self.send_raw(frame(TEXT, text.encode()))

    async def send_raw(self, data: bytes) -> None:
        """Write bytes as they are. `frame` makes whole frames."""
        self.write(data)
        await self._writer.drain()

    def write(self, data: bytes) -> None:
        """As `send_raw`, but do not wait for a server that does not read."""
        self._writer.write(data)

    @property
    def unsent(self) -> int:
        """Bytes that the kernel has not taken, as the server does not read."""
        return self._writer.transport.get_write_buffer_size()

    # In.

    async def receive(self, timeout: float | None = PATIENCE) -> bytes:
        """Return the next binary message. Args: timeout: in seconds; None is any time.

        Raises:
            TimeoutError: no message came.
            Closed: the connection is over, and every message before was received.
        """
        async with asyncio.timeout(timeout):
            while not self._messages:
                if self._closed is not None:
                    raise self._closed
                await self._read()
        return self._messages.popleft()

    async def closed(self, timeout: float = PATIENCE) -> tuple[int, str]:
        """Read to the end. Returns: code and reason; 1006 if there was no close frame."""
        async with asyncio.timeout(timeout):
            while self._closed is None:
                await self._read()
        return self._closed.code, self._closed.reason

    # The end.

    async def close(self, code: int = 1000) -> None:
        """Close with a close frame, and wait for the answer."""
        await self.send_raw(frame(CLOSE, code.to_bytes(2)))
        await self.closed()

    def abort(self) -> None:
        """Drop the connection without a close frame, as a lost network does."""
        self._writer.transport.abort()

    def reset(self) -> None:
        """Break the TCP connection with a RST. Bytes on their way are lost."""
        end = self._writer.get_extra_info("socket")
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.abort()

    def half_close(self) -> None:
        """End only our direction of the TCP connection, without a close frame."""
        self._writer.write_eof()

    def stop_reading(self) -> None:
        """Take nothing more from the kernel, so that the server cannot write."""
        self._reading.pause_reading()

    def read_on(self) -> None:
        """Take from the kernel again."""
        self._reading.resume_reading()

    @property
    def _reading(self) -> asyncio.ReadTransport:
        transport = self._writer.transport
        assert isinstance(transport, asyncio.ReadTransport)
        return transport

    # Frames.

    async def _read(self) -> None:
        try:
            data = await self._reader.read(CHUNK)
        except ConnectionError:
            data = b""
        if not data:
            self._end(1006, "")
        self._buffer += data
        while self._closed is None and (found := self._next_frame()):
            self._take(*found)

    def _next_frame(self) -> tuple[int, bytes] | None:
        """Take a frame from the buffer, if it is complete. Returns: first byte and payload."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        assert not buffer[0] & 0x70, "no extension was agreed to"
        assert not buffer[1] & 0x80, "a server must not mask"
        start = 2 if buffer[1] < 126 else 4 if buffer[1] == 126 else 10
        end = start + (buffer[1] if start == 2 else int.from_bytes(buffer[2:start]))
        if len(buffer) < max(start, end):
            return None
        self._buffer = buffer[end:]
        return buffer[0], buffer[start:end]

    def _take(self, first: int, data: bytes) -> None:
        match first & 0x0F:
            case 8:
                self.write(frame(CLOSE, data[:2]))
                self._end(int.from_bytes(data[:2]) if data else 1005, data[2:].decode())
            case 9 if self.answers_pings:
                self.write(frame(PONG, data))
            case 0 | 2:
                self._fragments = self._fragments * self.joins_fragments + data
                if first & 0x80:
                    self._messages.append(self._fragments)
                    self._fragments = b""
            case 1:
                raise Text

    def _end(self, code: int, reason: str) -> None:
        self._closed = Closed(code, reason)
        self._writer.close()


def frame(opcode: int, data: bytes, *, is_last: bool = True, mask: bytes | None = None) -> bytes:
    """Build one masked WebSocket frame. Args: mask: four bytes; any, if left out."""
    length = len(data)
    head = bytes([opcode | 0x80 * is_last])
    if length < 126:
        head += bytes([0x80 | length])
    elif length < 1 << 16:
        head += b"\xfe" + length.to_bytes(2)
    else:
        head += b"\xff" + length.to_bytes(8)
    mask = mask or os.urandom(4)
    stretched = (mask * (length // 4 + 1))[:length]
    masked = (int.from_bytes(data) ^ int.from_bytes(stretched)).to_bytes(length)
    return head + mask + masked


@asynccontextmanager
async def connect(
    url: str,
    *,
    subprotocol: str | None = SUBPROTOCOL,
    origin: str | None = None,
    headers: Mapping[str, str] | None = None,
    receive_buffer: int | None = None,
    source: str | None = None,
) -> AsyncIterator[RawClient]:
    """Open a WebSocket to `ws://host:port/path?query`. At the end the connection is dropped.

    Args:
        headers: added to those of an upgrade. One of the same name replaces it.
        receive_buffer: bytes that the kernel buffers before the server must wait.
        source: the address to connect from. This machine has all of 127.0.0.0/8.

    Raises:
        Refused: the server answered with something else than an upgrade.
    """
    parts = urlsplit(url)
    end = await _open(parts.hostname or "", parts.port or 80, receive_buffer, source)
    try:
        reader, writer = await asyncio.open_connection(sock=end)
    except BaseException:
        end.close()
        raise
    client = RawClient(reader, writer)
    key = base64.b64encode(os.urandom(16)).decode()
    wanted = {
        "Host": parts.netloc,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": key,
        **({"Sec-WebSocket-Protocol": subprotocol} if subprotocol else {}),
        **({"Origin": origin} if origin else {}),
        **(headers or {}),
    }
    target = parts._replace(scheme="", netloc="").geturl() or "/"
    lines = [f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in wanted.items())]
    try:
        await client.send_raw("\r\n".join([*lines, "", ""]).encode())
        client.headers = await upgraded(reader, key)
        yield client
    finally:
        client.abort()


async def _open(
    host: str, port: int, receive_buffer: int | None, source: str | None
) -> socket.socket:
    # asyncio lets no write wait for the answer to another, where the protocol is named.
    end = socket.socket(proto=socket.IPPROTO_TCP)
    end.setblocking(False)
    if source is not None:
        end.bind((source, 0))
    if receive_buffer is not None:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    try:
        await asyncio.get_running_loop().sock_connect(end, (host, port))
    except BaseException:
        end.close()
        raise
    return end


async def upgraded(reader: asyncio.StreamReader, key: str) -> dict[str, str]:
    """Read the answer to the upgrade. Returns: its headers, with names in lower case."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status, *lines = head.strip().split("\r\n")
    if int(status.split(" ")[1]) != 101:
        raise Refused(int(status.split(" ")[1]), head)
    headers = {
        name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)
    }
    accept = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()
    assert headers["sec-websocket-accept"] == accept
    return headers
