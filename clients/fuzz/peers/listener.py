"""What one player of ours hears of a room, and whether it is what they should hear."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from clients.fuzz.inputs.case import Reader
from clients.fuzz.inputs.judge import judge
from clients.fuzz.peers.faults import Fault, differ
from clients.fuzz.peers.plan.room import Fact, code_of, fact_of
from clients.fuzz.peers.wire import Wire
from protocol import frames
from protocol.codec import Role, decode
from protocol.errors import ProtocolError
from protocol.fields.numbers import PresenceState

RESUMING: Final = frozenset({"EPOCH_CHANGED", "ROOM_GONE"})
"""After these the connection lives, for a HELLO without a position."""


@dataclass
class Listener:
    """A player's connection and their place in the room."""

    name: str
    patience: float
    number: int = 0
    epoch: bytes | None = None
    live: bool = False
    since: int = 0
    """Facts of the stream that came before LIVE: there is no position among them."""
    live_seq: int = 0
    promised: int = 0
    """All up to this seq was sent on the present connection, said an ACK or PONG."""
    wire: Wire | None = None
    heard: list[tuple[int, Fact]] = field(default_factory=list)
    """Facts of the stream, with their seqs."""
    strays: list[Fact] = field(default_factory=list)
    """ERRORs outside the order."""
    values: dict[tuple[int, int], bytes] = field(default_factory=dict)
    values_heard: list[tuple[tuple[int, int], bytes]] = field(default_factory=list)
    taken: int = 0
    pong: int = -1
    rate: int = 0
    """Messages a second that the relay takes."""
    notices: set[int] = field(default_factory=set)
    """Kinds of NOTICE that came on the present connection."""
    lags: list[int | None] = field(default_factory=list)
    """What each NOTICE LAG of the present connection says that was dropped."""

    @property
    def seq(self) -> int:
        """The position: the highest seq that was heard of the stream."""
        return self.position(len(self.heard))

    def position(self, count: int) -> int:
        """Return the position after so many facts of the stream, but after LIVE at least."""
        return max((self.live_seq, *(seq for seq, _ in self.heard[self.since : count])))

    def until(self) -> float:
        """Return the moment at which patience ends."""
        return time.monotonic() + self.patience

    def comes(self, wire: Wire) -> None:
        """Begin with another connection."""
        self.wire = wire
        self.strays, self.values_heard, self.pong = [], [], -1
        self.notices, self.lags = set(), []

    def listen(self, step: str, is_enough: Callable[[], bool]) -> None:
        """Hear frames until it is enough.

        Raises:
            Fault: the relay said what cannot be, or nothing for too long.
            Ended: it closed the connection.
        """
        until = self.until()
        assert self.wire is not None
        while not is_enough():
            try:
                self.hear(self.wire.message(until), step)
            except TimeoutError:
                raise Fault("silent", f"an answer to {self.name}", "nothing", step) from None

    def hear(self, message: bytes, step: str) -> frames.Frame:
        """Take one frame of the relay."""
        rule, verdict = judge(message, Reader.RELAY_FRAME)
        if verdict.code is not None:
            raise Fault("bad_frame", "a legal frame", f"{rule}: {message.hex()}", step)
        try:
            frame = decode(message, Role.RELAY)
        except ProtocolError as error:
            raise Fault("bad_frame", "a legal frame", f"{error}: {message.hex()}", step) from None
        self._note(frame, step)
        return frame

    def _note(self, frame: frames.Frame, step: str) -> None:
        match frame:
            case frames.Error(0, code, _, detail):
                self.strays.append(("ERROR", code_of(code), detail.offset))
            case frames.Pong(t, _, _, taken, seq):
                self.pong = t
                self._took(taken, step)
                self.promised = max(self.promised, seq)
            case frames.Taken(taken, seq):
                self._took(taken, step)
                self.promised = max(self.promised, seq)
            case frames.Live(seq):
                self.live = True
                self.since, self.live_seq = len(self.heard), seq
            case frames.Notice(kind, detail):
                self.notices.add(kind)
                self.lags += [detail.dropped] if kind == frames.NoticeKind.LAG else []
            case frames.Update(key, sender, payload):
                self.values_heard.append(((sender, key), payload))
            case _ if (fact := fact_of(frame)) is not None:
                self._fact(getattr(frame, "seq", 0), fact, step)

    def _fact(self, seq: int, fact: Fact, step: str) -> None:
        # SPEC 12.1.2 and 12.4.1; in a fresh stream the past begins anew (SPEC 12.2.3).
        if self.live and seq <= max(self.seq, self.promised):
            known = max(self.seq, self.promised)
            raise Fault("seq", f"more than {known}", f"{seq} of {fact}", step)
        self.heard.append((seq, fact))

    def _took(self, taken: int, step: str) -> None:
        if taken < self.taken:
            raise Fault("taken", f"at least {self.taken}", taken, step)
        self.taken = taken

    def stray(self) -> list[Fact]:
        """Take the errors outside the order that came."""
        strays, self.strays = self.strays, []
        return strays

    def check_facts(self, expected: list[Fact], step: str) -> None:
        """Wait until as many facts came as should, and compare all.

        Raises:
            Fault: they are not those, or not in this order.
        """
        silent: Fault | None = None
        try:
            self.listen(step, lambda: len(self.heard) >= len(expected))
        except Fault as fault:
            if fault.kind != "silent":
                raise
            silent = fault
        heard = [fact for _, fact in self.heard]
        expected = placed(expected, heard)
        if heard != expected or silent:
            raise differ([*expected], [*heard], f"{step}: what {self.name} hears")

    def check_values(self, values: dict[tuple[int, int], list[bytes]], step: str) -> None:
        """Check that no value is older than the one before it, and the newest is there (SPEC 14).

        Raises:
            Fault: a value was never sent, is older, or is missing.
        """
        wanted = {slot: sent[-1] for slot, sent in values.items() if sent}
        self.listen(step, lambda: wanted.items() <= self.newest(values, step).items())

    def newest(
        self, values: dict[tuple[int, int], list[bytes]], step: str
    ) -> dict[tuple[int, int], bytes]:
        """Take the values that came in, and return the newest of each slot."""
        for slot, payload in self.values_heard:
            sent = values.get(slot, [])
            if payload not in sent:
                raise Fault("wrong", f"a value of {slot} that was sent", payload, step)
            known = self.values.get(slot)
            if known in sent and sent.index(payload) < sent.index(known):
                raise Fault("reordered", f"nothing older than {known!r}", payload, step)
            self.values[slot] = payload
        self.values_heard = []
        return self.values


def placed(expected: list[Fact], heard: list[Fact]) -> list[Fact]:
    """Let facts stand where they were heard that a relay may tell sooner or later (SPEC 12.6.2)."""
    if not any(map(is_lag, expected)) or Counter(expected) != Counter(heard):
        return expected
    rest = iter([fact for fact in expected if not is_lag(fact)])
    return [fact if is_lag(fact) else next(rest) for fact in heard]


def is_lag(fact: Fact) -> bool:
    return fact[0] == "PRESENCE" and fact[2] == PresenceState.LAGGING
