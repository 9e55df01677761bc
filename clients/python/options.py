"""What `connect` may be told, and the driver that comes of it; the same for both clients."""

from __future__ import annotations

import random
import secrets
import ssl
import time
from typing import Literal, TypedDict

from clients.python.core.address import parse
from clients.python.core.client_protocol import ClientProtocol
from clients.python.core.clock import Clock
from clients.python.io.driver import Driver
from protocol import WIRE_VERSION, limits
from protocol.codec import encode
from protocol.frames import Hello, HelloOptions, RoomOptions

TIMEOUT = 10.0  # seconds to be live in the room at first


class Options(TypedDict, total=False):
    """Keywords of `connect`, all optional."""

    room: str | None
    """The room's code, where the address has none."""
    name: str
    """How others see this player."""
    role: Literal["player", "spectator"]
    """A spectator sees and cannot act."""
    create: bool | RoomOptions
    """Whether to make the room if there is none, and how; False refuses with `NoSuchRoom`."""
    password: str
    app: str
    """The game's name; a room of another game refuses."""
    build: str
    """The game's build; a room of another one refuses."""
    ticket: str
    """For the relay's own admission."""
    seat: bytes | None
    """16 secret bytes of an earlier `room.seat`, to be the same player again."""
    max_frame: int
    """Largest message to take, in bytes."""
    can_host: bool
    """Whether this player may become host."""
    tls: ssl.SSLContext | None
    """For wss, where the system's own certificates do not do."""


def driver_for(
    url: str,
    *,
    room: str | None = None,
    name: str = "",
    role: Literal["player", "spectator"] = "player",
    create: bool | RoomOptions = True,
    password: str = "",
    app: str = "",
    build: str = "",
    ticket: str = "",
    seat: bytes | None = None,
    max_frame: int = limits.FRAME_OUT,
    can_host: bool = True,
    tls: ssl.SSLContext | None = None,
) -> Driver:
    """Return a driver for a room, not yet connected.

    Raises:
        ValueError: the address or the room is none.
        LocalProtocolError: an option is beyond what HELLO can carry.
    """
    where = parse(url, room)
    hello = HelloOptions(
        # SPEC 11.1: drawn before the first HELLO, or a lost WELCOME would cost the seat.
        seat=seat or secrets.token_bytes(limits.SEAT_BYTES),
        name=name,
        role=role,
        create=create,
        password=password,
        app=app,
        build=build,
        ticket=ticket,
        max_frame=max_frame,
        can_host=can_host,
    )
    encode(Hello(WIRE_VERSION, hello))
    protocol = ClientProtocol(hello, clock=Clock(microseconds), random=random.random)
    return Driver(protocol, where, tls)


def microseconds() -> int:
    """Read the clock that asyncio's loops count their seconds on."""
    return time.monotonic_ns() // 1000
