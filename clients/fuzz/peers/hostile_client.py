"""A hostile client, with two honest players beside it: plays a story on a relay, and judges."""

from __future__ import annotations

import base64
import os
import signal
import time
from random import Random
from typing import Final
from urllib.parse import urlsplit

from clients.fuzz.peers import slow
from clients.fuzz.peers.faults import Fault
from clients.fuzz.peers.listener import RESUMING, Listener
from clients.fuzz.peers.plan.as_client import Story
from clients.fuzz.peers.plan.breaches import LIVES
from clients.fuzz.peers.plan.dress import Writing, dressed, in_pieces, plain
from clients.fuzz.peers.plan.parts import Kept, room_of, steps_of
from clients.fuzz.peers.plan.room import BOB, Room, Said, code_of
from clients.fuzz.peers.plan.steps import (
    Drain,
    End,
    Enter,
    Flood,
    Knock,
    Lag,
    Refused,
    Say,
    Settle,
    Step,
)
from clients.fuzz.peers.plan.upgrade import accept_of, fields_of, request_of
from clients.fuzz.peers.transcript import Transcript
from clients.fuzz.peers.wire import Ended, Wire
from protocol import SUBPROTOCOL, WIRE_VERSION, frames
from protocol.codec import encode

A_WHILE: Final = 0.3
"""Seconds after which a connection that is still open counts as going on."""

DRAINING: Final = 60.0
"""Seconds for a relay to close the last connection."""


class Attack:
    """One conversation with a relay."""

    def __init__(
        self,
        url: str,
        seed: int,
        patience: float,
        transcript: Transcript,
        kept: Kept | None = None,
    ) -> None:
        """
        Args:
            url: of the relay.
            patience: seconds for each of its answers.
            kept: the numbers of the steps that are played; None: all.

        Raises:
            Unsound: without the others they make no story.
        """
        parts = urlsplit(url if "//" in url else f"http://{url}")
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 80
        self.path = f"{parts.path.rstrip('/')}/r/{room_of(seed, kept)}"
        self.patience = patience
        self.transcript = transcript
        self.steps = steps_of(seed, kept)
        self.room = Room(Story(seed).history)
        self.players = {name: Listener(name, patience) for name in ("ann", "bob", "eve")}
        self.connections = 0
        self.done = 0
        """Steps that were played."""

    def play(self) -> None:
        """Play all steps.

        Raises:
            Fault: the relay did something wrong.
        """
        try:
            for step in self.steps:
                self._step(step)
                self.done += 1
        except slow.TooLate:
            self._leave()
        except BaseException:
            self._leave()
            raise
        finally:
            for player in self.players.values():
                if player.wire is not None:
                    player.wire.socket.close()

    def _leave(self) -> None:
        """Empty the room as far as possible: the next conversation may use it again."""
        guests = range(BOB + 1, max(self.room.told, default=0) + 1)
        kicks = [frames.Kick(number) for number in guests]
        for name, said in (("ann", kicks), ("bob", []), ("ann", [])):
            wire = self.players[name].wire
            if wire is not None:
                wire.end_with([encode(each) for each in said or (frames.Leave(),)])

    def _step(self, step: Step) -> None:
        try:
            self._do(step)
        except Fault as fault:
            fault.step = fault.step or step.what
            raise
        except Ended as ended:
            raise Fault("closed", "a connection that lives", str(ended), step.what) from None
        except TimeoutError:
            raise Fault("silent", "an answer", f"none in {self.patience} s", step.what) from None

    def _do(self, step: Step) -> None:
        # A method for each kind of step, called as that is.
        getattr(self, f"_{type(step).__name__.lower()}")(step)

    def _knock(self, step: Knock) -> None:
        wire = self._dial("knock")
        wire.write(Writing(self._request(step.key)[: step.size]))
        wire.close()

    # Connections.

    def _dial(self, name: str, *, is_slow: bool = False) -> Wire:
        self.connections += 1
        try:
            end = slow.opened((self.host, self.port), self.patience, is_slow=is_slow)
        except OSError as error:
            raise Fault("unreachable", "a relay that listens", str(error)) from None
        return Wire(end, f"{name} {self.connections}", self.transcript, is_client=True)

    def _request(self, key: bytes) -> bytes:
        return request_of(self.path, f"{self.host}:{self.port}", key)

    def _upgraded(
        self, name: str, key: bytes, rng: Random | None = None, *, is_slow: bool = False
    ) -> Wire:
        """Open a WebSocket; with dice, its request travels in pieces."""
        wire = self._dial(name, is_slow=is_slow)
        request = self._request(key)
        wire.write(in_pieces(rng, request) if rng else Writing(request))
        head = wire.head(time.monotonic() + self.patience)
        status, fields = head.partition("\r\n")[0], fields_of(head)
        wanted = accept_of(base64.b64encode(key).decode())
        got = fields.get("sec-websocket-accept", "")
        if " 101" not in status or got != wanted:
            raise Fault("upgrade", f"101 and {wanted}", f"{status} and {got}")
        if fields.get("sec-websocket-protocol", "") != SUBPROTOCOL:
            raise Fault("upgrade", SUBPROTOCOL, fields)  # SPEC 2.3
        return wire

    # Entering.

    def _enter(self, step: Enter) -> None:
        player, rng = self.players[step.by], Random(step.cuts)
        older = player.wire
        dice = rng if step.by == "eve" else None
        player.comes(self._upgraded(step.by, step.key, dice, is_slow=step.is_slow))
        self._say_early(step, player)
        position, refusal = self._position(step, player)
        welcome = self._greet(step, player, rng, position)
        if refusal:
            self._expect_strays(player, [refusal], step.what)
        if refusal in RESUMING:
            welcome = self._greet(step, player, rng, None)
        assert welcome is not None
        self._welcomed(step, player, welcome, None if refusal else position)
        if older is not None:
            ended = older.end(player.until())
            older.close()
            if ended.code != 4502:
                raise Fault("wrong_close", "4502 for the older connection", str(ended))

    def _say_early(self, step: Enter, player: Listener) -> None:
        assert player.wire is not None
        for say in step.early:
            player.wire.write(say.writing)
        if step.early:
            player.listen(step.what, lambda: len(player.strays) >= len(step.early))
            expected = [("ERROR", *self._early_code(say.said)) for say in step.early]
            got = player.stray()
            if got != expected:
                raise Fault("wrong_error", expected, got, f"{step.what}: too early")

    def _early_code(self, said: Said) -> tuple[str, int | None]:
        if len(said.message) > self.room.max_frame:
            return "TOO_BIG", None
        return said.code, said.offset

    def _position(self, step: Enter, player: Listener) -> tuple[tuple[bytes, int] | None, str]:
        """Return the position to resume from, and the error that the relay must answer."""
        if step.position == "none" or player.epoch is None:
            return None, ""
        is_new = player.number not in self.room.people
        behind = step.behind if step.position == "behind" else 0
        seq = player.position(len(player.heard) - behind)
        if step.position == "beyond":
            seq += 1_000_000
        epoch = b"\xff" * 8 if step.position == "other" else player.epoch
        if step.position == "newest":
            seq = max(seq, player.promised)  # SPEC 12.3.1
        if step.position in ("beyond", "other"):
            return (epoch, seq), "EPOCH_CHANGED"
        return (epoch, seq), "SEAT_EXPIRED" if is_new else ""

    def _greet(
        self, step: Enter, player: Listener, rng: Random, position: tuple[bytes, int] | None
    ) -> frames.Welcome | None:
        """Say HELLO. Returns: the answer; None where a position is refused."""
        assert player.wire is not None
        options = frames.HelloOptions(
            seat=step.seat,
            name=step.by,
            position=position,
            create=step.create if step.create else step.by == "ann",
            role=step.role,
            password=step.password,
        )
        message = encode(frames.Hello(WIRE_VERSION, options))
        dress = dressed if step.by == "eve" else plain
        player.wire.write(dress(rng, message, is_client=True))
        until = player.until()
        player.live, player.promised = False, 0
        while True:
            frame = player.hear(player.wire.message(until), step.what)
            if isinstance(frame, frames.Welcome):
                return frame
            if isinstance(frame, frames.Error) and code_of(frame.code) in RESUMING:
                return None

    def _welcomed(
        self,
        step: Enter,
        player: Listener,
        welcome: frames.Welcome,
        position: tuple[bytes, int] | None,
    ) -> None:
        """Judge a WELCOME and the stream that follows it, up to LIVE."""
        is_new = player.number not in self.room.people or not player.number
        if is_new:
            player.number, player.taken = self.room.enters(step.role), 0
            player.values = {}
        else:
            self.room.returns(player.number, None if position is None else 0)
        session = welcome.session
        self.room.max_frame = session.limits.max_frame
        player.rate = session.limits.frames_per_second
        wanted = (player.number, position is not None, self.room.taken[player.number])
        got = (welcome.player, session.resumed, session.taken)
        if got != wanted:
            raise Fault("welcome", f"player, resumed and taken {wanted}", f"{got}", step.what)
        if player.epoch not in (None, session.epoch):
            raise Fault("welcome", f"the epoch {player.epoch!r}", session.epoch, step.what)
        player.epoch = session.epoch
        seq = 0 if position is None else position[1]
        if welcome.seq != seq:
            raise Fault("welcome", f"seq {seq}", welcome.seq, step.what)
        if position is None:
            player.heard = []
        else:
            player.heard = player.heard[: player.since] + [
                each for each in player.heard[player.since :] if each[0] <= seq
            ]
        player.listen(step.what, lambda: player.live)
        assert player.wire is not None
        ack = encode(frames.Ack(player.seq))
        player.wire.write(plain(Random(step.cuts), ack, is_client=True))
        self._check(player, step.what)

    def _refused(self, step: Refused) -> None:
        visitor = Listener("eve", self.patience)
        visitor.wire = self._upgraded("refused", step.key)
        visitor.wire.write(step.writing)
        try:
            visitor.listen(step.what, lambda: False)
        except Ended as ended:
            got = ([each[1] for each in visitor.strays], ended.code)
            if got != ([step.code], step.close):
                raise Fault("wrong_refusal", (step.code, step.close), got) from None
        visitor.wire.close()

    # In the room.

    def _say(self, step: Say) -> None:
        player, said = self.players[step.by], step.said
        assert player.wire is not None
        writing = step.writing
        if step.by == "ann" and isinstance(said.frame, frames.Snapshot):
            # SPEC 12.5.3: its seq is how far the giver has got, which only the relay's seqs tell.
            message = encode(
                frames.Snapshot(player.seq, said.frame.part, said.frame.parts, said.frame.payload)
            )
            writing, said = plain(Random(0), message, is_client=True), Said(message, said.frame)
        player.wire.write(writing)
        self.room.says(player.number, said)
        kicked = self.players["eve"]
        if isinstance(said.frame, frames.Kick) and step.by == "ann" and kicked.wire is not None:
            self._closed(kicked, kicked.wire, frozenset({4503}))

    def _flood(self, step: Flood) -> None:
        slow.flood(step, self.players[step.by])

    def _lag(self, step: Lag) -> None:
        slow.lag(step, self.players, self.room)

    def _drain(self, step: Drain) -> None:
        """SPEC 21.3."""
        os.kill(step.pid, signal.SIGTERM)
        for player in (each for each in self.players.values() if each.wire):
            player.patience = DRAINING
            try:
                player.listen(step.what, lambda: False)
            except Ended as ended:
                self._check_code(ended.code, frozenset({1012}))
            if frames.NoticeKind.DRAIN not in player.notices:
                raise Fault("no_notice", "NOTICE DRAIN", "none")

    def _settle(self, step: Settle) -> None:
        player = self.players[step.by]
        assert player.wire is not None
        player.wire.write(step.writing)
        player.listen("ping", lambda: player.pong == step.t)
        player.wire.check_pongs(player.until())
        expected, self.room.strays[player.number] = self.room.strays[player.number], []
        got = player.stray()
        if got != expected:
            raise Fault("wrong_error", expected, got, "answers to what was said")
        for each in self.players.values():
            if each.wire is not None:
                self._check(each, "what was said")
        player.listen("taken", lambda: player.taken >= self.room.taken[player.number])
        if player.taken != self.room.taken[player.number]:
            raise Fault("taken", self.room.taken[player.number], player.taken)

    def _check(self, player: Listener, step: str) -> None:
        player.check_facts(self.room.told[player.number], step)
        player.check_values(self.room.values[player.number], step)

    def _expect_strays(self, player: Listener, codes: list[str], step: str) -> None:
        got = [each[1] for each in player.stray()]
        if got != codes:
            raise Fault("wrong_error", codes, got, step)

    # The end of a connection.

    def _end(self, step: End) -> None:
        player = self.players[step.by]
        wire = player.wire
        assert wire is not None
        wire.write(step.writing)
        if step.how == "reset":
            wire.reset()
        elif step.how == "fin":
            wire.close()
        elif step.how == "half":
            wire.half_close()
            self._closed(player, wire, None)
        else:
            self._closed(player, wire, step.codes)
        player.wire = None
        if step.how == "leave":
            self.room.leaves(player.number)
        else:
            self.room.is_lost(player.number)
        for each in self.players.values():
            if each.wire is not None:
                self._check(each, step.what)

    def _closed(self, player: Listener, wire: Wire, codes: frozenset[int] | None) -> None:
        """Wait until the relay has closed; None stands for any code."""
        may_live = codes is not None and LIVES in codes
        player.patience = A_WHILE if may_live else self.patience
        try:
            player.listen("close", lambda: False)
        except Ended as ended:
            self._check_code(ended.code, codes)
            wire.gone(player.until())
        except Fault as fault:
            if fault.kind != "silent" or not may_live:
                raise
        wire.close()
        player.wire, player.patience = None, self.patience

    @staticmethod
    def _check_code(code: int, codes: frozenset[int] | None) -> None:
        if codes is not None and code not in codes:
            wanted = " or ".join(str(each) for each in sorted(codes))
            raise Fault("wrong_close", wanted, code)
