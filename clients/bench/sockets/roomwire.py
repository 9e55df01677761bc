"""The dialects of Roomwire's own relays."""

from __future__ import annotations

import os

from clients.bench.sockets import wire
from clients.bench.sockets.dialect import Entering, Mark, Refused
from protocol import SUBPROTOCOL, WIRE_VERSION, fast_path
from protocol.codec import Role, decode, encode
from protocol.frames import (
    Ack,
    Error,
    Hello,
    HelloOptions,
    Leave,
    Notice,
    NoticeKind,
    RoomOptions,
    Send,
)
from protocol.frames import Volatile as VolatileFrame
from protocol.limits import MAX_CAPACITY, SEAT_BYTES
from protocol.opcodes import Opcode

SPARE = 8
"""Seats of a room for guests, besides its players'."""

NOTHING_HEARD = encode(Ack(0))
"""The frame that a player who reads nothing sends, to stay connected."""


class Reliable:
    """Players who send SEND frames."""

    subprotocol: str | None = SUBPROTOCOL
    mark: Mark | None = Mark(1, Opcode.DELIVER)
    prelude = b""
    goodbye = wire.frame(wire.BINARY, encode(Leave()))

    def __init__(self, base: str, capacity: int) -> None:
        """Args: base: such as ws://localhost:8000. capacity: players in a room."""
        self.base = base
        self.capacity = min(capacity + SPARE, MAX_CAPACITY)
        self.run = os.urandom(4).hex()

    def url(self, room: int) -> str:
        return f"{self.base}/r/BENCH-{self.run}-{room}"

    def enter(self, room: int) -> Entering:
        return (
            yield from say_hello(
                HelloOptions(
                    seat=os.urandom(SEAT_BYTES), create=RoomOptions(capacity=self.capacity)
                )
            )
        )

    def send(self, payload: bytes) -> bytes:
        return wire.frame(wire.BINARY, encode(Send(None, payload)))

    def answer(self, message: bytes) -> bytes:
        if message[1] in (Opcode.ERROR, Opcode.NOTICE):
            complain(message)
        return b""

    def acknowledge(self, delivery: bytes) -> bytes:
        return wire.frame(wire.BINARY, encode(Ack(fast_path.seq(delivery))))


class Volatile(Reliable):
    """Players who send VOLATILE values, each of one key. These have no seq to acknowledge."""

    mark: Mark | None = Mark(1, Opcode.UPDATE)

    def send(self, payload: bytes) -> bytes:
        return wire.frame(wire.BINARY, encode(VolatileFrame(0, None, payload)))

    def acknowledge(self, delivery: bytes) -> bytes:
        return b""


def say_hello(options: HelloOptions) -> Entering:
    """Enter, and read everything until the stream is live."""
    message = yield wire.frame(wire.BINARY, encode(Hello(WIRE_VERSION, options)))
    while message[1] != Opcode.LIVE:
        if message[1] == Opcode.ERROR:
            complain(message)
        message = yield b""
    return b""


def complain(message: bytes) -> None:
    """Refuse an ERROR or a NOTICE that means that the measurement would be wrong.

    Raises:
        Refused: always, except for a notice that has nothing to do with the load.
    """
    match decode(message, Role.RELAY):
        case Error(text=text):
            raise Refused(f"the relay refuses: {text}")
        case Notice(kind=NoticeKind.THROTTLE, detail=detail):
            raise Refused(
                f"the relay's rate is too low for this load ({detail.limit} frames a second): "
                "start it with `relay serve --profile bench`"
            )
