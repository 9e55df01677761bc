"""How a load talks to a server: how to enter, how to send, and what a delivery looks like."""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple, Protocol

from clients.bench.sockets import wire

Entering = Generator[bytes, bytes, bytes]
"""A conversation, as a generator: it yields bytes to write, and each message that comes is sent to
it. It returns the last bytes to write, and then the player has entered."""


class Mark(NamedTuple):
    """A byte at a fixed place by which deliveries differ from other messages."""

    at: int
    value: int


class Refused(Exception):
    """A server refuses a player, or throws one out. The text says why."""


class Dialect(Protocol):
    """How to talk to one kind of server. Deliveries are binary messages that end in the payload."""

    subprotocol: str | None
    mark: Mark | None
    """What deliveries have and other binary messages lack. None: every binary message is one."""
    prelude: bytes
    """A frame that comes before each delivery. Most servers have none."""
    goodbye: bytes
    """Bytes to write before the connection is closed."""

    def url(self, room: int) -> str:
        """Return a room's URL, as in ws://localhost:8000/r/one."""
        ...

    def enter(self, room: int) -> Entering:
        """Begin the conversation after the upgrade."""
        ...

    def send(self, payload: bytes) -> bytes:
        """Return the frames that send a payload to all others of the room. They end in it."""
        ...

    def answer(self, message: bytes) -> bytes:
        """Return the bytes to write after a message that is no delivery.

        Raises:
            Refused: the message says that something is wrong.
        """
        ...

    def acknowledge(self, delivery: bytes) -> bytes:
        """Return the bytes to write once a second. `newest` begins like the newest delivery."""
        ...


class Plain:
    """A server that sends each binary message to the others of the room that the path names."""

    subprotocol: str | None = None
    mark: Mark | None = None
    prelude = b""
    goodbye = b""

    def __init__(self, base: str) -> None:
        """Args: base: as in ws://localhost:8000."""
        self.base = base

    def url(self, room: int) -> str:
        return f"{self.base}/r/room{room}"

    def enter(self, room: int) -> Entering:
        return b""
        yield

    def send(self, payload: bytes) -> bytes:
        return wire.frame(wire.BINARY, payload)

    def answer(self, message: bytes) -> bytes:
        return b""

    def acknowledge(self, delivery: bytes) -> bytes:
        return b""
