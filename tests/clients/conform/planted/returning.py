"""Faults of a client that counts and comes back: sections 7, 11, 12, 13 and 21 of SPEC.md."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from clients.conform.case import ids
from protocol.codec import encode
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Ack,
    Error,
    Frame,
    Live,
    Notice,
    PlayerInfo,
    SnapshotWanted,
    Update,
    Volatile,
    Welcome,
)
from protocol.resume import Continued
from tests.clients.conform.planted.client import Plain
from tests.clients.conform.planted.kinds import Fault, Moved, blank
from tests.clients.conform.planted.telling import Line, Tell, event

# Section 12: positions.


class AcknowledgesOneTooMany(Plain):
    def say(self, frame: Frame) -> None:
        super().say(Ack(frame.seq + 1) if isinstance(frame, Ack) else frame)


class AcknowledgesEverything(Plain):
    def follows(self, frame: Frame) -> None:
        super().follows(frame)
        if self.live_at:
            self.acknowledge()


class BeginsAtZero(Plain):
    def continued(self, welcome: Welcome) -> Continued:
        found = super().continued(welcome)
        self.seat.seq = 0
        return found


class HasAPositionBeforeLive(Plain):
    def continued(self, welcome: Welcome) -> Continued:
        found = super().continued(welcome)
        self.seat.is_live = True
        return found


class KeepsItsPosition(Plain):
    """A fresh stream of the same epoch does not end it."""

    def continued(self, welcome: Welcome) -> Continued:
        was_live = self.seat.is_live
        found = super().continued(welcome)
        self.seat.is_live = self.seat.is_live or was_live
        return found


class StandsStillDuringAResume(Plain):
    def follows(self, frame: Frame) -> None:
        before = self.seat.seq
        super().follows(frame)
        if not self.live_at and not isinstance(frame, Live):
            self.seat.seq = before


class TellsTheRoomAnew(Plain):
    def welcomed(self, welcome: Welcome) -> None:
        super().welcomed(welcome)
        if self.welcomes > 1:
            info = PlayerInfo()
            self.told(event("joined", player=1, name=info.name, role=info.role, seq=1))


# Section 7: refusals of a resume.


class KeepsARefusedPosition(Plain):
    """It says HELLO again as it was, upon one code."""

    def __init__(self, line: Line, tell: Tell, *, upon: ErrorCode) -> None:
        super().__init__(line, tell)
        self._upon = upon

    def refused(self, error: Error) -> None:
        if error.code == self._upon:
            self.greet()
        else:
            super().refused(error)


# Section 13: counting.


class CountsHello(Plain):
    def welcomed(self, welcome: Welcome) -> None:
        super().welcomed(welcome)
        if self.welcomes == 1:
            self.seat.window.add(encode(self.seat.hello()))


class CountsVolatile(Plain):
    def renew(self, frame: Volatile) -> None:
        self.seat.window.add(encode(frame))
        super().renew(frame)


class SendsAllAgain(Plain):
    def continued(self, welcome: Welcome) -> Continued:
        before = tuple(self.seat.window.pending())
        found = super().continued(welcome)
        return found if found.lost else replace(found, resend=before)


class ForgetsWhatWasNotTaken(Plain):
    def continued(self, welcome: Welcome) -> Continued:
        return replace(super().continued(welcome), resend=())


class SendsToAnotherSeat(Plain):
    def continued(self, welcome: Welcome) -> Continued:
        found = super().continued(welcome)
        return Continued(found.resumed, found.resend + found.lost, found.lost)


class LosesQuietly(Plain):
    def told(self, line: Line) -> None:
        if line["event"] != "lost":
            super().told(line)


class SendsTheNewestFirst(Plain):
    def next_waiting(self) -> Frame:
        return self.waiting.pop()


class HasALargerWindow(Plain):
    def has_room(self) -> bool:
        window = self.seat.window
        return window.sent - window.taken <= window.size


# Section 21: coming back.


class ComesBackAtOnce(Plain):
    def pause(self, attempt: int) -> float:
        return 0.0


class ComesBackLate(Plain):
    def pause(self, attempt: int) -> float:
        return 1.0


class HeedsNoAfter(Plain):
    def wait_for(self, after: int | None) -> None:
        pass


class GivesUpUponARefusedUpgrade(Plain):
    def unreached(self) -> int:
        return 1000


class ForgetsItsLastWords(Plain):
    def continued(self, welcome: Welcome) -> Continued:
        found = super().continued(welcome)
        return replace(found, resend=()) if self.is_leaving else found


class KeepsItsPositionOverBrokenBytes(Plain):
    def broke(self) -> None:
        pass


FAULTS = {
    "acknowledges one too many": Fault(AcknowledgesOneTooMany, ids("12.4.2a; 12.4 ACK C")),
    "acknowledges everything": Fault(AcknowledgesEverything, ("12.4.2b",)),
    "begins a resume at 0": Fault(BeginsAtZero, ("12.4 WELCOME R",)),
    "has a position before LIVE": Fault(HasAPositionBeforeLive, ("12.3.1b",)),
    "keeps its position over a fresh stream": Fault(KeepsItsPosition, ids("12.2.1; 12.3.1b")),
    "stands still during a resume": Fault(StandsStillDuringAResume, ("12.3.5",)),
    "tells the room anew": Fault(TellsTheRoomAnew, ("12.3.3b",)),
    "takes every WELCOME for a resume": Fault(blank(Welcome, "session.resumed", True), ("12.3.4",)),
    "moves with UPDATE": Fault(partial(Moved, by=Update, to=lambda _, seq: seq + 1), ("12.3.1c",)),
    "moves with NOTICE": Fault(
        partial(Moved, by=Notice, to=lambda frame, _: frame.detail.seq or 0), ("12.3.1c",)
    ),
    "moves with SNAPSHOT_WANTED": Fault(
        partial(Moved, by=SnapshotWanted, to=lambda frame, _: frame.seq),
        ("12.4 SNAPSHOT_WANTED R",),
    ),
    "moves with every ERROR": Fault(partial(Moved, by=Error, to=lambda _, seq: seq + 1), ("4.3",)),
    "keeps its position after EPOCH_CHANGED": Fault(
        partial(KeepsARefusedPosition, upon=ErrorCode.EPOCH_CHANGED), ids("7 EPOCH_CHANGED; 7.1")
    ),
    "keeps its position after ROOM_GONE": Fault(
        partial(KeepsARefusedPosition, upon=ErrorCode.ROOM_GONE), ids("7 ROOM_GONE; 7.1")
    ),
    "says HELLO after HISTORY_TRIMMED": Fault(
        partial(KeepsARefusedPosition, upon=ErrorCode.HISTORY_TRIMMED),
        ids("7 HISTORY_TRIMMED; 7.2"),
    ),
    "says HELLO after SEAT_EXPIRED": Fault(
        partial(KeepsARefusedPosition, upon=ErrorCode.SEAT_EXPIRED), ids("7 SEAT_EXPIRED; 7.2")
    ),
    "counts HELLO": Fault(CountsHello, ("1.1.6", "13.5")),
    "counts VOLATILE": Fault(CountsVolatile, ("13.5",)),
    "sends all again": Fault(SendsAllAgain, ("13.5",)),
    "forgets what was not taken": Fault(ForgetsWhatWasNotTaken, ids("13.4b; 23.4")),
    "sends again to another seat": Fault(SendsToAnotherSeat, ("13.6a",)),
    "loses quietly": Fault(LosesQuietly, ("13.6b",)),
    "sends the newest first": Fault(SendsTheNewestFirst, ("12.1.3",)),
    "has a larger window": Fault(HasALargerWindow, ids("13.4a; 19 counted frames without ACK")),
    "comes back at once": Fault(ComesBackAtOnce, ("21.1a",)),
    "comes back late": Fault(ComesBackLate, ("21.1a",)),
    "heeds no `after`": Fault(HeedsNoAfter, ("21.1b",)),
    "gives up upon an upgrade that fails": Fault(GivesUpUponARefusedUpgrade, ("21.2a",)),
    "forgets its last words": Fault(ForgetsItsLastWords, ("21.5", "13.5")),
    "keeps its position over broken bytes": Fault(KeepsItsPositionOverBrokenBytes, ("21.8",)),
}
