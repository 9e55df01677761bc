"""What a file holds: a capture, an export, text with a message a line, or the bytes of one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from clients.decode.sources import har, packets, websocket
from clients.decode.sources.said import NotReadable as NotReadable
from clients.decode.sources.said import Said as Said
from clients.decode.sources.text import FORMS, bytes_of

SHAPES: Final = (*FORMS, "raw", "har", "capture")
"""The words for what a content is."""

ROOM: Final = re.compile(r"/r/[A-Za-z0-9_-]{1,32}/?(\?.*)?$")


def read(content: bytes, shape: str | None = None) -> list[Said]:
    """Return the messages in a file's content.

    Args:
        shape: one of `SHAPES`; it is found out if left out

    Raises:
        NotReadable: it is not of that shape, or holds no messages.
    """
    shape = shape or shape_of(content)
    if shape == "raw":
        return [Said(content)]
    if shape == "har":
        return list(of_rooms(har.read(content)))
    if shape == "capture":
        found = list(of_rooms(websocket.messages(packets.pieces(content))))
        if not found:
            raise NotReadable("the capture has no messages of a room, or they are encrypted")
        return found
    lines = content.decode("utf-8", "replace").splitlines()
    return [
        Said(bytes_of(line, shape if shape in FORMS else None)) for line in lines if line.strip()
    ]


def shape_of(content: bytes) -> str:
    """Return what content looks like: "text" is any of the texts."""
    if packets.is_capture(content):
        return "capture"
    if har.is_har(content):
        return "har"
    # A frame's first byte never is ASCII.
    return "text" if content.isascii() and content.strip() else "raw"


def of_rooms(found: Iterable[Said]) -> Iterator[Said]:
    """Yield the messages of rooms, and one note for each other WebSocket, which is left out."""
    others: set[str] = set()
    for said in found:
        _, space, path = said.connection.rpartition(" ")
        address = path if space or "://" in path else ""
        if not address.startswith(("/", "ws:", "wss:", "http:", "https:")) or ROOM.search(address):
            yield said
        elif said.connection not in others:
            others.add(said.connection)
            yield Said(b"left out: this is no room", said.by, "note", said.at, said.connection)
