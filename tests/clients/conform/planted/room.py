"""Faults of a client in the room: sections 4, 7, 12.5, 14 to 18, 20 and 22 of SPEC.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from protocol.codec import unpack
from protocol.error_codes import ErrorCode
from protocol.errors import RemoteProtocolError
from protocol.frames import (
    Deliver,
    Error,
    Frame,
    Left,
    Notice,
    PresenceChanged,
    PresenceState,
    Set,
    Snapshot,
)
from tests.clients.conform.planted.client import PING_EVERY, QUICK, Plain, micros
from tests.clients.conform.planted.kinds import Fault, Slipped, touchy
from tests.clients.conform.planted.telling import Line, Tell, event

# Sections 7, 12.1, 20 and 22: what is no reason to end.


def _is_refusal(frame: Frame, _: object) -> bool:
    return isinstance(frame, Error) and frame.code >= 64


def _is_unknown_code(frame: Frame, _: object) -> bool:
    return isinstance(frame, Error) and frame.code not in set(ErrorCode)


def _is_news(frame: Frame, _: object) -> bool:
    match frame:
        case Left(reason=number) | PresenceChanged(state=number) | Notice(kind=number):
            return number > 5
    return _is_unknown_code(frame, None)


def _is_after_a_gap(frame: Frame, client: Plain) -> bool:
    return isinstance(frame, Deliver) and frame.seq > client.seat.seq + 1


def _is_no_value(frame: Frame, _: object) -> bool:
    if not isinstance(frame, Deliver):
        return False
    try:
        unpack(frame.payload)
    except RemoteProtocolError:
        return True
    return False


# Section 4 and 12.5: properties and snapshots.


def _deletes_with_nothing(frame: Frame) -> Frame:
    return replace(frame, value=b"") if isinstance(frame, Set) and not frame.value else frame


def _snapshots(alter: Callable[[Snapshot], Snapshot]) -> partial[Slipped]:
    return partial(
        Slipped, alter=lambda frame: alter(frame) if isinstance(frame, Snapshot) else frame
    )


class HandsOnParts(Plain):
    def assemble(self, part: Snapshot) -> None:
        self.told(event("snapshot", seq=part.seq, payload=part.payload.hex()))


class KeepsPartsOfACutStream(Plain):
    def __init__(self, line: Line, tell: Tell) -> None:
        super().__init__(line, tell)
        self._kept: list[bytes] = []

    def assemble(self, part: Snapshot) -> None:
        self._kept.append(part.payload)
        self.parts = self._kept[:-1]
        super().assemble(part)


class PutsPartsTogetherBackwards(Plain):
    def put(self, part: bytes) -> None:
        self.parts.insert(0, part)


class StopsReading(Plain):
    def hold(self) -> None:
        super().hold()
        assert self.socket is not None
        self.socket.stop_reading()


# Sections 14 and 15.


class ForgetsItsValues(Plain):
    def say_again(self) -> None:
        self.newest.clear()
        super().say_again()


class ForgetsThatItIsAway(Plain):
    def say_again(self) -> None:
        self.presence = PresenceState.HERE
        super().say_again()


# Sections 17 and 18.


class HasTheOffsetBackwards(Plain):
    def sample(self, t: int, received: int, sent: int, now: int) -> None:
        super().sample(received, t, now, sent)


class PingsTwice(Plain):
    def gap(self) -> float:
        return QUICK if len(self.pings) < 2 else PING_EVERY


class PingsEverySecond(Plain):
    def gap(self) -> float:
        return min(super().gap(), 1.0)


class UsesTheNewestSample(Plain):
    def clock(self) -> float:
        return micros() + (self.samples[-1][1] if self.samples else 0)


class KeepsToItsFirstSample(Plain):
    def sample(self, t: int, received: int, sent: int, now: int) -> None:
        if not self.samples:
            super().sample(t, received, sent, now)


class NeverDoubts(Plain):
    def is_due(self, now: float) -> bool:
        super().is_due(now)
        return False


FAULTS = {
    "ends upon a refusal": Fault(touchy(_is_refusal), ("7.3", "7 NO_SUCH_PLAYER")),
    "ends upon a code that it does not know": Fault(touchy(_is_unknown_code), ("7.4",)),
    "ends upon a number that it does not know": Fault(touchy(_is_news), ("20.1b",)),
    "takes a gap for a loss": Fault(touchy(_is_after_a_gap), ("12.1.1b",)),
    "ends upon a payload that is no value": Fault(touchy(_is_no_value), ("22.5",)),
    "deletes with no bytes": Fault(partial(Slipped, alter=_deletes_with_nothing), ("4.9",)),
    "counts parts from 1": Fault(
        _snapshots(lambda frame: replace(frame, part=frame.part + 1)), ("4.10",)
    ),
    "gives each part a seq of its own": Fault(
        _snapshots(lambda frame: replace(frame, seq=frame.seq + frame.part)), ("12.5.2",)
    ),
    "gives snapshots as of its position": Fault(
        _snapshots(lambda frame: replace(frame, seq=3)), ("12.4 SNAPSHOT C",)
    ),
    "hands on each part of a snapshot": Fault(HandsOnParts, ("12.5.7",)),
    "keeps the parts of a stream that was cut": Fault(KeepsPartsOfACutStream, ("12.5.7",)),
    "puts parts together backwards": Fault(
        PutsPartsTogetherBackwards, ("4.10", "12.5.2", "12.5.7")
    ),
    "stops reading with its program": Fault(StopsReading, ("12.6.4",)),
    "forgets its values": Fault(ForgetsItsValues, ("14.3",)),
    "forgets that it is away": Fault(ForgetsThatItIsAway, ("15.2a",)),
    "has the offset backwards": Fault(HasTheOffsetBackwards, ("17",)),
    "pings twice after LIVE": Fault(PingsTwice, ("17.1a",)),
    "pings every second": Fault(PingsEverySecond, ("17.1a",)),
    "uses the newest sample": Fault(UsesTheNewestSample, ("17.1b",)),
    "keeps to its first sample": Fault(KeepsToItsFirstSample, ("17.2",)),
    "never doubts a silent relay": Fault(NeverDoubts, ("18.2",)),
}
