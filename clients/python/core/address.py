"""Where a room is: the forms in which people write a relay's address."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

SCHEMES = {"ws": "ws", "http": "ws", "wss": "wss", "https": "wss"}
ROOM = re.compile(r"[A-Za-z0-9_-]{1,32}")
IN_PATH = re.compile(r"(?P<base>.*?)/r/(?P<room>[^/]+)/?")
LOOPBACK = re.compile(r"localhost|127(\.\d+){3}|::1")
AUTHORITY = re.compile(r"(?P<user>[^@]*@)?(?P<host>\[[^\[\]]*\]|[^:\[\]]*)(?P<port>:\d*)?")
PORTS = range(1, 65536)
LABEL, NAME = 63, 253  # most letters of a host's name: between two dots, and in all (RFC 1035)
FORM = "write host:port, ws://host:port or http://host:port"


Urls = str | Sequence[str]
"""An address, or those of several relays that share their rooms."""


class Address(NamedTuple):
    """Where a room is."""

    url: str
    """The WebSocket's URL, such as `ws://localhost:8000/r/K7QF`."""
    room: str
    is_loopback: bool


class Relay(NamedTuple):
    """Where a relay is."""

    url: str
    """The relay's URL, such as `http://localhost:8000`, with its prefix if it has one."""
    is_loopback: bool


def parse_relay(url: str) -> Relay:
    """Understand `url` as `parse` does, with or without a room.

    Raises:
        ValueError: it is no address. The text is a sentence for a human.
    """
    parts = _split(url)
    host = _host(parts, url)
    match = IN_PATH.fullmatch(parts.path)
    base = match["base"] if match else parts.path.rstrip("/")
    scheme = "https" if SCHEMES[parts.scheme] == "wss" else "http"
    return Relay(f"{scheme}://{parts.netloc}{base}", _is_loopback(host))


def parse(url: str, room: str | None = None) -> Address:
    """Understand `url`, with or without a scheme, the room's path or a prefix of the relay.

    Args:
        url: such as `localhost:8000`, `ws://host:8000`, `https://host/r/K7QF`.
        room: the room, where `url` names none.

    Raises:
        ValueError: `url` is no address, or it and `room` name no room, or two. The text is a
            sentence for a human.
    """
    parts = _split(url)
    host = _host(parts, url)
    match = IN_PATH.fullmatch(parts.path)
    base = match["base"] if match else parts.path.rstrip("/")
    name = _one_room(match["room"] if match else None, room, url)
    address = f"{SCHEMES[parts.scheme]}://{parts.netloc}{base}/r/{name}{_conditions(parts)}"
    return Address(address, name, _is_loopback(host))


def _conditions(parts: SplitResult) -> str:
    """A room's link may ask for a bad network (SPEC 2.9.2)."""
    asked = [(key, value) for key, value in parse_qsl(parts.query) if key in ("chaos", "seed")]
    return f"?{urlencode(asked)}" if any(key == "chaos" for key, _ in asked) else ""


def parse_all(urls: Urls, room: str | None = None) -> list[Address]:
    """Understand one address as `parse` does, or several: the first may name the room for all.

    Raises:
        ValueError: as `parse`, or there is none.
    """
    if isinstance(urls, str):
        return [parse(urls, room)]
    if not urls:
        raise ValueError(f"there is no address in {urls!r}: {FORM}")
    first = parse(urls[0], room)
    return [first, *(parse(url, first.room) for url in urls[1:])]


def _is_loopback(host: str) -> bool:
    return LOOPBACK.fullmatch(host) is not None


def _split(url: str) -> SplitResult:
    if any(letter.isspace() or not letter.isprintable() for letter in url):
        raise ValueError(f"{url!r} has blanks in it: write the address without them")
    with_scheme = url if "://" in url else f"ws://{url}"
    _check_brackets(re.split("[/?#]", with_scheme.partition("://")[2])[0], url)
    try:
        parts = urlsplit(with_scheme)
    except ValueError as error:
        raise ValueError(f"{url!r} is not a relay's address ({error}): {FORM}") from None
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise ValueError(f"{url!r} is not a relay's address: {FORM}")
    return parts


def _check_brackets(authority: str, url: str) -> None:
    """Refuse an IPv6 address without brackets: its last part might be a port."""
    if "[" in authority or authority.count(":") < 2:
        return
    address, _, port = authority.rpartition(":")
    for host, rest in ((address, f":{port}"), (authority, ":8000")):
        if _is_ipv6(host):
            raise ValueError(f"{url!r} has an IPv6 address without brackets: write [{host}]{rest}")


def _is_ipv6(text: str) -> bool:
    try:
        return isinstance(ip_address(text), IPv6Address)
    except ValueError:
        return False


def _host(parts: SplitResult, url: str) -> str:
    match = AUTHORITY.fullmatch(parts.netloc)
    port = (match["port"] or "")[1:] if match else ""
    if match is None or (port and int(port[:6]) not in PORTS):
        raise ValueError(
            f"{url!r} has a port that cannot be: write one number from 1 to 65535 behind the"
            " host, as in localhost:8000"
        )
    if parts.username is not None and parts.password is None:
        raise ValueError(f"{url!r} names a user without a password: write user:password@host")
    host = parts.hostname or ""
    _check_name(host, url)
    return host


def _check_name(host: str, url: str) -> None:
    """Refuse a host's name that no resolver accepts: its own error would be no help."""
    try:
        labels = host.removesuffix(".").encode("idna").decode().split(".")
    except UnicodeError:
        labels = [""]
    if not all(0 < len(label) <= LABEL for label in labels) or len(".".join(labels)) > NAME:
        raise ValueError(
            f"{url[:NAME]!r} names a host that cannot be: between its dots there are 1 to {LABEL}"
            f" letters, and {NAME} in all"
        )


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
