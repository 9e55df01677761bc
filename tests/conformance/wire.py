"""A WebSocket client that shows every frame as it comes, control frames too, and answers none."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from tests.helpers.raw import CLOSE, upgraded

PATIENCE = 30.0  # seconds, on a busy machine
CUT = 1006
"""What a connection ends with that had no close frame."""
NO_CODE = 1005

Frame = tuple[int, bytes]
"""The opcode, and the payload. Servers here send no fragments, which `Wire.frame` checks."""


class Wire:
    """One connection after its upgrade."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.headers: dict[str, str] = {}

    def write(self, *data: bytes) -> None:
        """Write bytes as they are."""
        self.writer.writelines(data)

    async def trickle(self, data: bytes) -> None:
        """Write bytes one by one, so that the server reads few at a time."""
        for byte in data:
            self.writer.write(bytes((byte,)))
            await asyncio.sleep(0)

    async def frame(self) -> Frame:
        """Return the next frame."""
        async with asyncio.timeout(PATIENCE):
            first, length = await self.reader.readexactly(2)
            assert first & 0xF0 == 0x80, "whole, and without extensions"
            assert length < 128, "a server must not mask"
            if length == 126:
                length = int.from_bytes(await self.reader.readexactly(2))
                assert length > 125, "the shortest form of a length"
            elif length == 127:
                length = int.from_bytes(await self.reader.readexactly(8))
                assert length > 0xFFFF, "the shortest form of a length"
            return first & 0x0F, await self.reader.readexactly(length)

    async def frames(self, many: int) -> list[Frame]:
        """Return so many frames."""
        return [await self.frame() for _ in range(many)]

    async def ends(self) -> tuple[int, str]:
        """Skip messages until the server closes TCP. Returns: its close frame's code and reason."""
        code, reason = CUT, ""
        try:
            while True:
                opcode, data = await self.frame()
                assert code == CUT, "nothing comes after a close frame"
                if opcode == CLOSE:
                    code = int.from_bytes(data[:2]) if data else NO_CODE
                    reason = data[2:].decode()
        except (asyncio.IncompleteReadError, ConnectionError):
            return code, reason


@asynccontextmanager
async def connect(url: str, headers: Iterable[tuple[str, str]] = ()) -> AsyncIterator[Wire]:
    """Open a WebSocket; what is left of it at the end is dropped.

    Raises:
        tests.helpers.raw.Refused: there was no upgrade.
    """
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1 << 20)
    wire = Wire(reader, writer)
    key = base64.b64encode(os.urandom(16)).decode()
    try:
        wire.write(request(parts._replace(scheme="", netloc="").geturl() or "/", key, headers))
        wire.headers = await upgraded(reader, key)
        yield wire
    finally:
        writer.transport.abort()


def request(target: str, key: str, headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """Build the request for an upgrade."""
    lines = [
        f"GET {target} HTTP/1.1",
        "Host: localhost",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {key}",
        *(f"{name}: {value}" for name, value in headers),
    ]
    return "\r\n".join([*lines, "", ""]).encode()
