"""What a load must know of a server: how to enter, how to send, and what a delivery looks like."""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple, Protocol

from clients.bench.sockets import wire

Entering = Generator[bytes, bytes, bytes]
"""A conversation: it yields bytes to write and is sent each message that comes. It returns the last
bytes to write, and then the player is in."""


class Mark(NamedTuple):
    """The byte by which messages are told apart."""

    at: int
    value: int


class Refused(Exception):
    """A server takes a player not in, or throws one out; the text says why."""


class Dialect(Protocol):
    """How a server is spoken to. Deliveries are binary messages that end in the payload."""

    subprotocol: str | None
    mark: Mark | None
    """Tells deliveries from other binary messages; without one, all are deliveries."""
    prelude: bytes
    """A server's frame that announces each delivery; most need none."""
    goodbye: bytes
    """What to write before hanging up."""

    def url(self, room: int) -> str:
        """Return where a room is, as in ws://localhost:8000/r/one."""
        ...

    def enter(self, room: int) -> Entering:
        """Begin the conversation after the upgrade."""
        ...

    def send(self, payload: bytes) -> bytes:
        """Return the frames, ending in `payload`, that send it to all others of the room."""
        ...

    def answer(self, message: bytes) -> bytes:
        """Return what to write when a message came that is no delivery.

        Raises:
            Refused: the message says that something is wrong.
        """
        ...

    def acknowledge(self, delivery: bytes) -> bytes:
        """Return what to write once a second, given the beginning of the newest delivery."""
        ...


class Plain:
    """A server that passes each binary message on to the others of the path's room."""

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
