"""Operators who watch a room: each reads lines of JSON over a connection of its own."""

from __future__ import annotations

import asyncio
import json
import socket
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from protocol.codec import Role, decode
from protocol.frames import Frame
from tests.helpers.peers import PATIENCE

TOKEN = "an-operator-token-of-tests"

Line = dict[str, Any]


def token_file(folder: Path) -> Path:
    """Write the operator's token into a file of this folder, for a relay's settings."""
    file = folder / "token"
    file.write_text(TOKEN)
    return file


class Watcher:
    """One who watches, and everything that was told. It reads only when a caller waits."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._buffer = b""
        self.status = 0
        self.head = ""
        self.told: list[Line] = []

    async def asks(self, url: str, target: str, token: str | None) -> None:
        """Ask for a stream, and read the head of the answer."""
        said = f"GET {target} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\n"
        if token is not None:
            said += f"Authorization: Bearer {token}\r\n"
        self._writer.write(f"{said}\r\n".encode())
        self.head = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
        self.status = int(self.head.split(" ")[1])

    async def next(self) -> Line:
        """Return the next line.

        Raises:
            EOFError: the stream is over.
        """
        while b"\n" not in self._buffer:
            if not (chunk := await self._chunk()):
                raise EOFError
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        self.told.append(json.loads(line))
        return self.told[-1]

    async def hears(self, kind: str) -> Line:
        """Return the next line of this type; skip others."""
        async with asyncio.timeout(PATIENCE):
            while (line := await self.next())["type"] != kind:
                pass
        return line

    async def sees(self, count: int) -> list[Line]:
        """Return the next frames, at least so many."""
        frames: list[Line] = []
        while len(frames) < count:
            frames += (await self.hears("frames"))["frames"]
        return frames

    async def ends(self) -> list[Line]:
        """Read to the end. Returns: everything that was told."""
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    await self.next()
        except (EOFError, ConnectionError, asyncio.IncompleteReadError):
            return self.told

    @property
    def frames(self) -> list[Line]:
        """All frames so far."""
        return [frame for line in self.told if line["type"] == "frames" for frame in line["frames"]]

    @property
    def skipped(self) -> int:
        """How many frames were not shown so far."""
        return sum(line["skipped"] for line in self.told if line["type"] == "frames")

    def leaves(self) -> None:
        self._writer.transport.abort()

    async def _chunk(self) -> bytes:
        size = int(await self._reader.readuntil(b"\r\n"), 16)
        return (await self._reader.readexactly(size + 2))[:-2]


@asynccontextmanager
async def watcher(
    url: str,
    room: str,
    *query: tuple[str, object],
    token: str | None = TOKEN,
    receive_buffer: int | None = None,
) -> AsyncIterator[Watcher]:
    """Watch a room of the relay at `url`.

    Args:
        query: what of it, as pairs.
        receive_buffer: bytes that the kernel buffers before the relay must wait.
    """
    parts = urlsplit(url)
    end = socket.socket()
    end.setblocking(False)
    if receive_buffer is not None:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    await asyncio.get_running_loop().sock_connect(end, (parts.hostname, parts.port))
    limit = receive_buffer or 1 << 20
    reader, writer = await asyncio.open_connection(sock=end, limit=limit)
    found = Watcher(reader, writer)
    try:
        await found.asks(url, f"/api/rooms/{room}/watch?{urlencode(query)}", token)
        yield found
    finally:
        found.leaves()


def bytes_of(frame: Line) -> bytes:
    """Return the bytes of a frame that was shown."""
    return b64decode(frame["data"])


def decoded(frame: Line) -> Frame:
    """Return a frame that was shown."""
    return decode(bytes_of(frame), Role.RELAY)
