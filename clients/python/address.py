"""Where a room is: the forms in which people write a relay's address."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

SCHEMES = {"ws": "ws", "http": "ws", "wss": "wss", "https": "wss"}
ROOM = re.compile(r"[A-Za-z0-9_-]{1,32}")
IN_PATH = re.compile(r"(?P<base>.*?)/r/(?P<room>[^/]+)/?")
LOOPBACK = re.compile(r"localhost|127(\.\d+){3}|::1")


class Address(NamedTuple):
    """Where a room is."""

    url: str
    """Of the WebSocket, such as `ws://localhost:8000/r/K7QF`."""
    room: str
    is_loopback: bool


def parse(url: str, room: str | None = None) -> Address:
    """Understand `url`, with or without a scheme, the room's path or a prefix of the relay.

    Args:
        url: such as `localhost:8000`, `ws://host:8000`, `https://host/r/K7QF`.
        room: the room, where `url` names none.

    Raises:
        ValueError: no room, two rooms, or an address that is none, in a sentence for a human.
    """
    parts = urlsplit(url if "://" in url else f"ws://{url}")
    scheme = SCHEMES.get(parts.scheme)
    if scheme is None or not parts.hostname:
        raise ValueError(
            f"{url!r} is not a relay's address: write host:port, ws://host:port or http://host:port"
        )
    match = IN_PATH.fullmatch(parts.path)
    base = match["base"] if match else parts.path.rstrip("/")
    name = _one_room(match["room"] if match else None, room, url)
    loopback = LOOPBACK.fullmatch(parts.hostname) is not None
    return Address(f"{scheme}://{parts.netloc}{base}/r/{name}", name, loopback)


def _one_room(in_url: str | None, named: str | None, url: str) -> str:
    if in_url and named and in_url.upper() != named.upper():
        raise ValueError(
            f"{url!r} leads to room {in_url}, but room {named} was asked for: name one"
        )
    room = named or in_url
    if not room:
        raise ValueError(
            f"{url!r} names no room: give its code, or an address that ends in /r/CODE"
        )
    if not ROOM.fullmatch(room):
        raise ValueError(f"{room!r} cannot be a room: 1 to 32 letters, digits, '_' or '-'")
    return room
