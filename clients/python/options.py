"""The options of `connect`, and the driver that they make. Both clients of Python use them."""

from __future__ import annotations

import random
import secrets
import ssl
import time
from typing import Literal, TypedDict

from clients.python.core.address import Urls, parse_all
from clients.python.core.client_protocol import ClientProtocol
from clients.python.core.clock import Clock
from clients.python.io.driver import Driver
from protocol import WIRE_VERSION, limits
from protocol.codec import encode
from protocol.frames import Hello, HelloOptions, RoomOptions

TIMEOUT = 10.0  # seconds until the first entry must be live


class Options(TypedDict, total=False):
    """Keywords of `connect`, all optional."""

    room: str | None
    """The room's code, where the address has none."""
    name: str
    """How others see this player."""
    role: Literal["player", "spectator"]
    """A spectator sees everything and cannot act."""
    create: bool | RoomOptions
    """Whether to make the room if there is none, and with which options. With False, `NoSuchRoom`
    is raised instead."""
    password: str
    app: str
    """The game's name. A room of another game refuses this client."""
    build: str
    """The game's build. A room of another build refuses this client."""
    ticket: str
    """A word for the relay's own `on_join`, which decides who may enter."""
    seat: bytes | None
    """The 16 secret bytes of an earlier `room.seat`, to be the same player again."""
    max_frame: int
    """Largest message to take, in bytes."""
    can_host: bool
    """Whether this player may become host."""
    tls: ssl.SSLContext | None
    """For wss, where the system's certificates are not enough."""


def driver_for(
    url: Urls,
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
        ValueError: `url` has no address, or one that is none, or no room can have such a name.
        LocalProtocolError: an option is larger than HELLO can carry.
    """
    where = parse_all(url, room)
    hello = HelloOptions(
        # SPEC 11.1: drawn before the first HELLO. Otherwise a lost WELCOME would cost the seat.
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
    protocol = ClientProtocol(
        hello, clock=Clock(microseconds), random=random.random, relays=len(where)
    )
    return Driver(protocol, where, tls)


def microseconds() -> int:
    """Read the clock of asyncio's loops."""
    return time.monotonic_ns() // 1000
