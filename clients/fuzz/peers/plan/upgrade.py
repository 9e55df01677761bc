"""The two heads of HTTP that make a WebSocket (RFC 6455, section 4)."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from protocol import SUBPROTOCOL

GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def request_of(path: str, authority: str, key: bytes) -> bytes:
    """Return what asks for a WebSocket."""
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: {authority}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {base64.b64encode(key).decode()}",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Protocol: {SUBPROTOCOL}",
    )
    return "\r\n".join((*lines, "", "")).encode()


def answer_to(head: str) -> bytes:
    """Return what lets a client in."""
    fields = fields_of(head)
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept_of(fields.get('sec-websocket-key', ''))}",
    ]
    if SUBPROTOCOL in fields.get("sec-websocket-protocol", ""):
        lines.append(f"Sec-WebSocket-Protocol: {SUBPROTOCOL}")
    return "\r\n".join((*lines, "", "")).encode()


def fields_of(head: str) -> dict[str, str]:
    """Return the fields of a head, by their names in small letters."""
    lines = (line.partition(":") for line in head.split("\r\n")[1:])
    return {name.strip().lower(): value.strip() for name, _, value in lines}


def accept_of(key: str) -> str:
    """Return what answers a key (RFC 6455, section 4.2.2)."""
    return base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()
