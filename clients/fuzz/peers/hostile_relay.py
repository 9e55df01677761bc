"""A hostile relay: plays a plot to a client under test, and judges what that does and says."""

from __future__ import annotations

import contextlib
import socket
import time
from collections import deque
from dataclasses import replace
from random import Random
from typing import Final, NamedTuple

from clients.fuzz.inputs.case import Reader
from clients.fuzz.inputs.judge import judge
from clients.fuzz.peers.faults import Fault
from clients.fuzz.peers.plan.as_relay import (
    ROOM,
    STAY_AWAY,
    Acknowledge,
    Finish,
    Line,
    Tell,
    Visit,
    pieces,
)
from clients.fuzz.peers.plan.breaches import GIVES_UP, LIVES
from clients.fuzz.peers.plan.dress import Writing, dressed
from clients.fuzz.peers.plan.framing import ABNORMAL, BINARY, NO_STATUS, frame
from clients.fuzz.peers.plan.life import report_of, seq_of, snapshot_report
from clients.fuzz.peers.plan.parts import Kept, visits_of
from clients.fuzz.peers.plan.upgrade import answer_to
from clients.fuzz.peers.printed import Printed
from clients.fuzz.peers.program import Program
from clients.fuzz.peers.transcript import Transcript
from clients.fuzz.peers.wire import Ended, Wire
from protocol import WIRE_VERSION, frames
from protocol.codec import Role, decode, encode
from protocol.error_codes import ErrorCode
from protocol.opcodes import is_counted

A_WHILE: Final = 0.3
"""Seconds after which a connection that is still open counts as going on."""

LONGEST_DELAY: Final = 5.0
"""Seconds that a client may wait before it comes back (SPEC 21.1)."""

LOOK_EVERY: Final = 0.1
"""Seconds between two checks that the program still runs."""

LATER: Final = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
"""Answer to plain requests, with which a client finds out why no WebSocket opened."""


class GaveUp(Exception):
    """The client has left for good, as it may after the relay broke the rules."""


class Answer(NamedTuple):
    """What the client is to say to a message."""

    seq: int
    payload: bytes


class Ambush:
    """One conversation with a client under test."""

    def __init__(
        self,
        listener: socket.socket,
        program: Program,
        seed: int,
        transcript: Transcript,
        former: bytes | None = None,
        kept: Kept | None = None,
    ) -> None:
        """
        Args:
            former: the seat's secret of the conversation before, which is over.
            kept: the numbers of the parts that are played; None: all.

        Raises:
            Unsound: without the others they make no conversation.
        """
        self.listener = listener
        self.program = program
        self.patience = program.patience
        self.transcript = transcript
        self.visits = visits_of(seed, kept)
        self.done = 0
        self.printed = Printed(program)
        self.seat: bytes | None = None
        self.former = former
        self.welcomed = False
        self.has_been_live = False
        self.may_have_position = False
        self.life_told = b""
        self.counted: list[bytes] = []
        """Counted messages of the seat, in order."""
        self.cursor = 0
        """Of them, how many came on this connection or were taken before."""
        self.acknowledged = 0
        self.answers: deque[Answer] = deque()
        """Answers that the client has yet to send."""
        self.before_live = 0
        """How many events were expected as the present connection was welcomed."""
        self.parts: tuple[frames.Snapshot, ...] = ()
        self.acked = -1
        self.not_before = 0.0
        self.hello: frames.Hello | None = None
        self.step = ""

    def play(self) -> None:
        """Play all visits, then compare what the program printed.

        Raises:
            Fault: the client did something wrong.
        """
        try:
            self._visits()
            self.printed.compare(self.patience, self.step)
        except Fault as fault:
            fault.step = fault.step or self.step
            if self.program.has_ended:
                raise Fault("died", "it goes on", self.program.last_words(), self.step) from None
            raise
        except Ended as ended:
            raise Fault("closed", "a connection that lives", str(ended), self.step) from None
        except TimeoutError:
            raise Fault("silent", "something", "nothing", self.step) from None

    def _visits(self) -> None:
        try:
            for visit in self.visits:
                self.step = visit.finish.what
                self._visit(visit)
                self.done += 1
        except GaveUp:
            self.printed.expect_end()

    # One connection.

    def _visit(self, visit: Visit) -> None:
        wire, head = self._asked()
        try:
            if visit.finish.stage == "upgrade":
                wire.write(Writing(visit.finish.data or answer_to(head)[: visit.finish.code]))
                wire.close()
            else:
                self._converse(wire, head, visit)
        finally:
            wire.socket.close()

    def _asked(self) -> tuple[Wire, str]:
        """Wait for a request for a WebSocket. Whatever else is asked for may come later."""
        while True:
            wire = self._accepted()
            head = wire.head(self._until())
            if "sec-websocket-key" in head.lower():
                return wire, head
            wire.write(Writing(LATER))
            wire.close()

    def _accepted(self) -> Wire:
        end = self._connection()
        if time.monotonic() < self.not_before:
            early = (self.not_before - time.monotonic()) * 1000
            raise Fault("too_early", "a client that waits", f"it came {early:.0f} ms early")
        return Wire(end, f"visit {self.done}", self.transcript, is_client=False)

    def _connection(self) -> socket.socket:
        until = self._until() + LONGEST_DELAY
        self.listener.settimeout(LOOK_EVERY)
        while time.monotonic() < until and not self.program.has_ended:
            with contextlib.suppress(TimeoutError):
                return self.listener.accept()[0]
        raise Fault("stayed_away", "a new connection", "none came")

    def _converse(self, wire: Wire, head: str, visit: Visit) -> None:
        wire.write(Writing(answer_to(head)))
        self.hello, self.acked = None, -1
        while self.hello is None:
            self._hear(wire)
        if visit.finish.stage == "greeting":
            self._finish(wire, visit.finish)
            return
        self._enter(wire, visit, Random(visit.dress))
        if visit.finish.stage == "live":
            for line in visit.lines:
                self._line(wire, line)
        self._finish(wire, visit.finish)

    def _until(self) -> float:
        return time.monotonic() + self.patience

    # Entering.

    def _enter(self, wire: Wire, visit: Visit, rng: Random) -> None:
        assert self.hello is not None
        position = self.hello.options.position
        refusal = visit.refusal if position else ""
        if refusal:
            detail = frames.Error(0, ErrorCode[refusal], "the stream begins anew")
            self._write(wire, rng, detail)
        if refusal in ("EPOCH_CHANGED", "ROOM_GONE"):
            self.hello = None
            while self.hello is None:
                self._hear(wire)
            if self.hello.options.position is not None:
                raise Fault("hello", "no position", self.hello.options.position)
        is_resume = position is not None and not refusal
        if is_resume and position and position[0] != visit.life.epoch:
            raise Fault("hello", f"the epoch {visit.life.epoch!r}", position)
        seq = position[1] if is_resume and position else None
        if seq is not None:
            self._forget_beyond(seq)
        self._welcome(wire, visit, rng, seq)

    def _forget_beyond(self, seq: int) -> None:
        """What the client did not get on the last connection is told again."""
        self.printed.forget_beyond(seq)
        self.answers = deque(each for each in self.answers if each.seq <= seq)

    def _welcome(self, wire: Wire, visit: Visit, rng: Random, seq: int | None) -> None:
        life = visit.life
        seat = life.epoch + life.player.to_bytes(4)
        if seat == self.life_told:
            back = min(visit.take_back, len(self.counted) - self.acknowledged)
            taken = len(self.counted) - back
        else:
            self.counted, taken, self.life_told = [], 0, seat
            self.printed.begin_life()
        self.cursor = self.acknowledged = taken
        session = frames.Session(epoch=life.epoch, room=ROOM, taken=taken, resumed=seq is not None)
        self._write(wire, rng, frames.Welcome(WIRE_VERSION, life.player, seq or 0, session))
        if self.welcomed:
            self.printed.expect(("resumed", seq is not None))
        self.welcomed = True
        self.before_live = len(self.printed.expected)
        self.may_have_position &= seq is not None
        happened = replace(life, facts=life.facts[: visit.away])
        stream = happened.fresh() if seq is None else happened.after(seq)
        if visit.finish.stage == "catching up":
            stream = stream[: rng.randint(0, len(stream))]
        for told in stream:
            self._tell(wire, told, dressed(rng, encode(told), is_client=False), seq is None)
        if visit.finish.stage == "live":
            head = happened.head
            live = frames.Live(head)
            self._tell(wire, live, dressed(rng, encode(live), is_client=False), False)
            self.has_been_live = self.may_have_position = True
            while self.acked < head:
                self._hear(wire)

    def _write(self, wire: Wire, rng: Random, said: frames.Frame) -> None:
        wire.write(dressed(rng, encode(said), is_client=False))

    # What is told.

    def _line(self, wire: Wire, line: Line) -> None:
        if isinstance(line, Tell):
            if line.frame is None:
                wire.write(line.writing)
            else:
                self._tell(wire, line.frame, line.writing, False)
        elif isinstance(line, Acknowledge):
            self._acknowledge(wire, line)
        else:
            while self.answers or self.cursor < len(self.counted):
                self._hear(wire)
            wire.check_pongs(self._until())

    def _acknowledge(self, wire: Wire, line: Acknowledge) -> None:
        taken = self.acknowledged = self.cursor
        said: frames.Frame = frames.Taken(taken, 0)
        if line.is_pong:
            said = frames.Pong(0, 0, 0, taken, 0)
        wire.write(Writing(frame(BINARY, encode(said))))

    def _tell(self, wire: Wire, told: frames.Frame, writing: Writing, is_fresh: bool) -> None:
        """Say a frame that the client is to report."""
        if isinstance(told, frames.Snapshot):
            self._snapshot(told)
        elif isinstance(told, frames.Update):
            self.printed.expect_value(told)
        elif (report := report_of(told, is_history=is_fresh)) is not None:
            self.printed.expect(report, seq_of(told))
        if isinstance(told, frames.Deliver):
            self._ask(told, is_fresh)
        wire.write(writing)

    def _ask(self, told: frames.Deliver, is_history: bool) -> None:
        """Let a message call for an answer, unless it is history."""
        if is_history:
            self.program.to_answer.discard(told.payload.hex())
        else:
            self.program.to_answer.add(told.payload.hex())
            self.answers.append(Answer(told.seq, told.payload))

    def _snapshot(self, part: frames.Snapshot) -> None:
        self.parts = (*self.parts, part) if part.part else (part,)
        if part.part == part.parts - 1:
            self.printed.expect(snapshot_report(self.parts))

    # What the client says.

    def _hear(self, wire: Wire, until: float | None = None) -> None:
        """Take one message of the client."""
        message = wire.message(until or self._until())
        rule, verdict = judge(message, Reader.CLIENT_FRAME)
        if verdict.code is not None:
            raise Fault("bad_frame", "a legal frame", f"{rule}: {message.hex()}")
        said = decode(message, Role.CLIENT)
        if isinstance(said, frames.Hello):
            self._hello(said)
        elif self.hello is None:
            raise Fault("too_early", "HELLO", message.hex())  # SPEC 9.2
        elif is_counted(message):
            self._count(message, said)
        elif isinstance(said, frames.Ack):
            self.acked = said.seq

    def _hello(self, hello: frames.Hello) -> None:
        if self.hello is not None:
            raise Fault("hello", "one HELLO a connection", "another one")
        seat, position = hello.options.seat, hello.options.position
        if seat is not None and seat == self.former:
            raise Fault("came_back", "a client that stays away", "the same seat")  # SPEC 8.1
        if self.done and self.visits[self.done - 1].finish.is_breach and seat != self.seat:
            raise GaveUp
        if seat is not None and seat != (self.seat or seat):
            raise Fault("hello", "the seat's secret as before", "another one")  # SPEC 11.1
        if position is not None and not self.may_have_position:
            raise Fault("hello", "no position before LIVE", position)  # SPEC 12.3.1
        self.hello, self.seat = hello, seat

    def _count(self, message: bytes, said: frames.Frame) -> None:
        """SPEC 13.5: first what was not taken, byte for byte; then what is new."""
        if self.cursor < len(self.counted):
            wanted = self.counted[self.cursor]
            if message != wanted:
                raise Fault("resend", f"#{self.cursor + 1} again: {wanted.hex()}", message.hex())
        else:
            payload = self.answers.popleft().payload if self.answers else None
            if not isinstance(said, frames.Send) or said.payload != payload:
                raise Fault("answer", f"a SEND of {payload!r}", said)
            self.counted.append(message)
        self.cursor += 1

    # The end of a visit.

    def _finish(self, wire: Wire, finish: Finish) -> None:
        self.step = finish.what
        if finish.after_ms:
            self.not_before = time.monotonic() + finish.after_ms / 1000
        wire.write(pieces(Random(len(finish.data)), finish.data))
        if finish.how == "reset":
            wire.reset()
        elif finish.how == "fin":
            wire.half_close()
            self._gone(wire, None)
        elif finish.how == "close":
            self._gone(wire, frozenset({finish.code, ABNORMAL, NO_STATUS}))
        elif finish.how == "damage":
            self._gone(wire, GIVES_UP)
        else:
            self._gone(wire, frozenset({*finish.codes, ABNORMAL}))
        if not self.has_been_live:
            self.printed.need_not()
        if finish.stage == "catching up":
            self.printed.need_not(self.before_live)
        if finish.how == "close" and finish.code in STAY_AWAY:
            self.printed.expect(("closed", finish.code))

    def _gone(self, wire: Wire, codes: frozenset[int] | None) -> None:
        """Wait until the client has ended the connection; None stands for any code."""
        may_live = codes is not None and LIVES in codes
        until = time.monotonic() + (A_WHILE if may_live else self.patience)
        try:
            while True:
                self._hear(wire, until)
        except Ended as ended:
            if codes is not None and ended.code not in codes:
                raise Fault("wrong_close", sorted(codes)[:12], ended.code) from None
        except TimeoutError:
            if not may_live:
                raise Fault("no_close", "an end of the connection", "none") from None
        wire.close()
