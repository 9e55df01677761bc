"""Faults of a client that enters: sections 2, 3, 4, 5, 9, 11 and 22 of SPEC.md."""

from __future__ import annotations

import random
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import partial
from typing import Any

from clients.conform.case import ids
from protocol.codec import encode, pack, unpack
from protocol.conversation import RESUME_REFUSALS
from protocol.frames import Error, Frame, Hello, Live, Ping, RoomOptions, Unknown, Welcome
from tests.clients.conform.planted.client import Plain
from tests.clients.conform.planted.kinds import Blind, Fault, Slipped, touchy, unasked
from tests.helpers import raw


class AsksElsewhere(Plain):
    def opens(self) -> AbstractAsyncContextManager[raw.RawClient]:
        return raw.connect(self.url.replace("/r/", "/x/r/"))


class OffersNothing(Plain):
    def opens(self) -> AbstractAsyncContextManager[raw.RawClient]:
        return raw.connect(self.url, subprotocol=None)


class TellsItsSecret(Plain):
    def opens(self) -> AbstractAsyncContextManager[raw.RawClient]:
        assert self.seat.options.seat is not None
        return raw.connect(f"{self.url}?seat={self.seat.options.seat.hex()}")


class Compresses(Plain):
    """It sets the bit that says so, and nobody agreed to it."""

    def write(self, message: bytes) -> None:
        assert self.socket is not None
        self.socket.write(raw.frame(raw.BINARY | 0x40, message))


class SaysText(Plain):
    def write(self, message: bytes) -> None:
        assert self.socket is not None
        self.socket.write(raw.frame(raw.TEXT, message.hex().encode()))


class KeepsOneFragment(Plain):
    async def converse(self, socket: raw.RawClient) -> int:
        socket.joins_fragments = False
        return await super().converse(socket)


class Rewritten(Plain):
    """Writes HELLO otherwise."""

    def rewrite(self, message: bytes) -> bytes:
        raise NotImplementedError

    def says(self, frame: Frame) -> bytes | None:
        message = encode(frame)
        return self.rewrite(message) if isinstance(frame, Hello) else message


class WritesLongHeads(Rewritten):
    def rewrite(self, message: bytes) -> bytes:
        return message[:2] + b"\xcc" + message[2:]


class WritesDefaults(Rewritten):
    def rewrite(self, message: bytes) -> bytes:
        return message[:3] + pack({**_options(message), "can_host": True})


class WritesKeysBackwards(Rewritten):
    def rewrite(self, message: bytes) -> bytes:
        return message[:3] + pack(dict(reversed(_options(message).items())))


def _options(hello: bytes) -> dict[str, Any]:
    options = unpack(hello)
    assert isinstance(options, list)
    found: dict[str, Any] = options[2]
    return found


def _sorts_tags(frame: Frame) -> Frame:
    if not isinstance(frame, Hello) or not isinstance(frame.options.create, RoomOptions):
        return frame
    create = frame.options.create
    tags = dict(sorted(create.tags.items()))
    return replace(frame, options=replace(frame.options, create=replace(create, tags=tags)))


def _speaks_version_2(frame: Frame) -> Frame:
    if not isinstance(frame, Hello):
        return frame
    return Hello(2, replace(frame.options, min=2))


class SaysPingFirst(Plain):
    def greet(self) -> None:
        self.write(encode(Ping(0)))
        super().greet()


class SpeaksBeforeWelcome(Plain):
    def greet(self) -> None:
        super().greet()
        self.write(encode(Ping(0)))


class SaysHelloAfterWelcome(Plain):
    def welcomed(self, welcome: Welcome) -> None:
        super().welcomed(welcome)
        self.greet()


class SaysHelloAfterLive(Plain):
    def heard(self, frame: Frame) -> None:
        super().heard(frame)
        if isinstance(frame, Live):
            self.greet()


class SpeaksAfterLeave(Plain):
    def leave(self) -> None:
        super().leave()
        self.write(encode(Ping(0)))


class WaitsAfterARefusal(Plain):
    """It says no second HELLO, where one is due within 5 s."""

    def refused(self, error: Error) -> None:
        if error.code not in RESUME_REFUSALS:
            super().refused(error)


class DrawsAnotherSecret(Plain):
    def greet(self) -> None:
        self.seat.options = replace(self.seat.options, seat=random.randbytes(16))
        super().greet()


class AnswersNoPings(Plain):
    async def converse(self, socket: raw.RawClient) -> int:
        socket.answers_pings = False
        return await super().converse(socket)


def _is_unknown(frame: Frame, _: object) -> bool:
    return isinstance(frame, Unknown)


FAULTS = {
    "asks elsewhere": Fault(AsksElsewhere, ("2.1a",)),
    "offers no subprotocol": Fault(OffersNothing, ("2.3a",)),
    "tells its secret in the address": Fault(TellsItsSecret, ("22.1a",)),
    "compresses": Fault(Compresses, ("2.4",)),
    "says text": Fault(SaysText, ("2.5a",)),
    "keeps one fragment of a message": Fault(KeepsOneFragment, ("2.5b",)),
    "writes long heads": Fault(WritesLongHeads, ("3.1.2a",)),
    "writes defaults": Fault(WritesDefaults, ("3.1.2b",)),
    "writes keys backwards": Fault(WritesKeysBackwards, ("3.1.2c",)),
    "reads the shortest heads alone": Fault(
        partial(Blind, to=lambda message: pack(unpack(message)) != message), ("3.1.3",)
    ),
    "wants keys in order": Fault(
        partial(Blind, to=lambda message: 0 < message.find(b"room") < message.find(b"epoch")),
        ("3.2.8",),
    ),
    "wants every key": Fault(
        partial(Blind, to=lambda message: message[1] == 2 and b"time" not in message), ("5",)
    ),
    "sorts tags": Fault(partial(Slipped, alter=_sorts_tags), ("5b",)),
    "speaks a version that nobody has": Fault(partial(Slipped, alter=_speaks_version_2), ("4.1",)),
    "says PING before HELLO": Fault(SaysPingFirst, ("9 NEW", "9.2a")),
    "speaks before WELCOME": Fault(SpeaksBeforeWelcome, ("9.2a", "9 GREETED")),
    "says HELLO after WELCOME": Fault(SaysHelloAfterWelcome, ("9 CATCHING_UP", "9.3")),
    "says HELLO after LIVE": Fault(SaysHelloAfterLive, ("9 LIVE", "9.3")),
    "ends upon an opcode that it does not know": Fault(
        touchy(_is_unknown), ids("9.1c; 20.1a; 23.3")
    ),
    "speaks after LEAVE": Fault(SpeaksAfterLeave, ("9.5a", "9 OVER")),
    "says no HELLO after a refused resume": Fault(WaitsAfterARefusal, ("9.4", "9 GREETED")),
    "draws another secret each time": Fault(DrawsAnotherSecret, ("11.1a", "21.7", "5 HELLO seat")),
    "has one secret for every room": Fault(unasked("seat", bytes(16)), ("22.1b",)),
    "answers no pings": Fault(AnswersNoPings, ("18.1b",)),
    "cannot skip a further field": Fault(
        partial(Blind, to=lambda message: message[:2] == b"\x95\x11"),
        ids("23.2; 23.3; 20.1a; 23.2 0x00..0x7F, 0xE0..0xFF, 0xC0, 0xC2, 0xC3"),
    ),
    "takes no longer WELCOME": Fault(
        partial(Blind, to=lambda message: message[:2] == b"\x96\x02"), ("20.1a",)
    ),
}
