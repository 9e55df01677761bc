"""Requests to an app without a server: REST, and a HELLO for its WebSocket."""

from typing import Any

import httpx
import responder

from protocol import codec
from protocol.frames import Hello, HelloOptions

LAN = "192.168.1.77"


def client_of(app: responder.API, address: str = LAN) -> httpx.AsyncClient:
    """Return a client of the app itself. Args: address: where its requests come from."""
    transport = httpx.ASGITransport(app=app, client=(address, 50_000))
    return httpx.AsyncClient(transport=transport, base_url="http://192.168.1.5:8000")


async def make(http: httpx.AsyncClient, **room: Any) -> dict[str, Any]:
    """Make a room with these options. Returns: its description."""
    response = await http.post("/api/rooms", json=room)
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


def hello(name: str, *, seat: int) -> bytes:
    """Encode a HELLO. Args: seat: a byte of its secret."""
    return codec.encode(Hello(1, HelloOptions(seat=bytes([seat]) * 16, name=name)))
