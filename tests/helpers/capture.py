"""Captures for tshark: bytes of a TCP connection as a pcap file, recorded or made up.

A capture by dumpcap needs rights that a container may not have. Here a proxy on loopback records
what real sockets carry, and the packets around it are written as a network would have them.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.helpers import raw
from tests.helpers.raw import SUBPROTOCOL
from tests.helpers.small_server import serving

CLIENT, SERVER = bytes([127, 0, 0, 1]), bytes([127, 0, 0, 2])
CLIENT_PORT, SERVER_PORT = 50000, 8000
RAW_IP = 101
"""The link type of packets that begin with an IP header (LINKTYPE_RAW)."""

LARGEST = 60_000
"""Bytes of a packet at most, below what IP can say."""


class Segment(NamedTuple):
    """Bytes of one packet."""

    by_client: bool
    data: bytes


def write(path: Path, segments: Iterable[Segment]) -> None:
    """Write one TCP connection as a pcap file. Each segment is a packet, or several."""
    sent = {True: 1, False: 1}
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 18, RAW_IP))
        for number, (by_client, data) in enumerate(parts(segments)):
            packet = ip(by_client, tcp(by_client, sent[by_client], sent[not by_client], data))
            file.write(struct.pack("<IIII", 1, number, len(packet), len(packet)) + packet)
            sent[by_client] += len(data)


def parts(segments: Iterable[Segment]) -> Iterator[Segment]:
    for by_client, data in segments:
        for start in range(0, len(data), LARGEST):
            yield Segment(by_client, data[start : start + LARGEST])


def tcp(by_client: bool, seq: int, ack: int, data: bytes) -> bytes:
    ports = (CLIENT_PORT, SERVER_PORT) if by_client else (SERVER_PORT, CLIENT_PORT)
    return struct.pack(">HHIIBBHHH", *ports, seq, ack, 5 << 4, 0x18, 0xFFFF, 0, 0) + data


def ip(by_client: bool, inner: bytes) -> bytes:
    ends = CLIENT + SERVER if by_client else SERVER + CLIENT
    return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(inner), 0, 0, 64, 6, 0) + ends + inner


def upgrade(subprotocol: str | None = SUBPROTOCOL) -> list[Segment]:
    """Return a request and an answer that make a WebSocket of a connection."""
    chosen = f"Sec-WebSocket-Protocol: {subprotocol}\r\n" if subprotocol else ""
    both = f"Connection: Upgrade\r\nUpgrade: websocket\r\n{chosen}"
    asked = (
        f"GET /r/R HTTP/1.1\r\nHost: game\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n{both}"
    )
    told = f"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: x\r\n{both}"
    return [Segment(True, f"{asked}\r\n".encode()), Segment(False, f"{told}\r\n".encode())]


def packet(message: bytes, by_client: bool) -> Segment:
    """Return a message as a packet with one WebSocket frame: masked, if a client sends it."""
    masked = raw.frame(raw.BINARY, message)
    return Segment(by_client, masked if by_client else unmasked(message))


def unmasked(message: bytes, first: int = 0x82) -> bytes:
    size = len(message)
    if size < 126:
        return bytes([first, size]) + message
    if size < 1 << 16:
        return bytes([first, 126]) + size.to_bytes(2) + message
    return bytes([first, 127]) + size.to_bytes(8) + message


class Recorded(NamedTuple):
    """A connection that is being recorded."""

    url: str
    """The address to give a client instead of the relay's."""
    segments: list[Segment]


@asynccontextmanager
async def recording(url: str) -> AsyncIterator[Recorded]:
    """Carry bytes between one client and a relay, and keep a copy of them."""
    segments: list[Segment] = []

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
        try:
            await asyncio.gather(copy(reader, back, True), copy(there, writer, False))
        finally:
            back.close()

    async def copy(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, by_client: bool
    ) -> None:
        while data := await reader.read(65536):
            segments.append(Segment(by_client, data))
            writer.write(data)
            await writer.drain()
        writer.close()

    async with serving(carry) as port:
        yield Recorded(f"http://127.0.0.1:{port}", segments)
