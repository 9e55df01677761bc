"""What a hostile relay does to a client: visits, one for each connection, drawn by seed.

All that it tells of a room holds together, so that a right client reports each fact once and in
order, over all visits. Each visit ends in another way, and the last one with a code that says stay
away. A visit's bytes are drawn here; only what answers a client (a position, a count) is filled in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

from clients.fuzz.inputs.case import Case, Reader
from clients.fuzz.inputs.cases import cases
from clients.fuzz.peers.plan import breaches
from clients.fuzz.peers.plan.dress import Writing, dressed, in_pieces
from clients.fuzz.peers.plan.framing import BINARY, CLOSE, frame
from clients.fuzz.peers.plan.life import Life
from protocol import frames
from protocol.codec import encode
from protocol.fields.numbers import LeftReason, NoticeKind, PresenceState

ROOM: Final = "FUZZ"
MOST_VISITS: Final = 4
BIG: Final = 20_000
STAY_AWAY: Final = (1000, 1003, 1009, 4500, 4502, 4503, 4504, 4508, 4777, 4999)
COME_BACK: Final = (1001, 1011, 1012, 4000, 4001, 4002, 4003, 4004, 4005, 4321, 4499)
AFTER_MS: Final = 150


@dataclass(frozen=True, slots=True)
class Tell:
    """A frame of the relay."""

    frame: frames.Frame | None
    """None: a client ignores it."""
    writing: Writing


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """An ACK or PONG: the counts are filled in."""

    is_pong: bool


@dataclass(frozen=True, slots=True)
class Sync:
    """Wait until the client has answered each message."""


@dataclass(frozen=True, slots=True)
class Finish:
    """How a visit ends."""

    how: str
    """ "close", "fin", "reset", "damage" or "breach"."""
    what: str
    stage: str
    """ "upgrade", "greeting", "catching up" or "live"."""
    data: bytes = b""
    code: int = 0
    """Of "close"."""
    codes: frozenset[int] = frozenset()
    """How the client may close upon a breach."""
    after_ms: int = 0
    """Before which the client may not come back."""

    @property
    def is_breach(self) -> bool:
        """Whether the relay breaks the rules, after which a client need not come back."""
        return self.how in ("damage", "breach")


Line = Tell | Acknowledge | Sync


@dataclass(frozen=True, slots=True)
class Visit:
    """One connection."""

    refusal: str
    """The ERROR that a position gets; "" where the stream goes on."""
    life: Life
    away: int
    """How many facts of the life have happened as it begins."""
    lines: tuple[Line, ...]
    finish: Finish
    take_back: int
    """How many counted messages that came are said not to have come."""
    dress: int
    """Seed of how the stream travels that the client is told as it enters."""


@dataclass
class Plot:
    """Draws the visits of one conversation."""

    seed: int
    serial: int = 0
    visits: list[Visit] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = Random(self.seed)
        self.damaged = self._damaged()
        self.life = self._new_life()

    def told(self) -> list[Visit]:
        """Draw it all."""
        count = self.rng.randint(1, MOST_VISITS)
        for index in range(count):
            self._visit(index, is_last=index == count - 1)
        return self.visits

    def _visit(self, index: int, *, is_last: bool) -> None:
        rng = self.rng
        refusal = self._turn() if index else ""
        for _ in range(rng.randint(0, 4) if index else 0):
            self._fact()
        away = len(self.life.facts)
        finish = self._last() if is_last else self._finish(index)
        lines = tuple(self._lines()) if finish.stage == "live" else ()
        take_back = rng.choice((0, 0, 1, 2, 5))
        visit = Visit(refusal, self.life, away, lines, finish, take_back, rng.getrandbits(32))
        self.visits.append(visit)

    def _turn(self) -> str:
        """Draw whether the life goes on; only where no answer of the client's is on its way."""
        last = self.visits[-1]
        if last.finish.stage in ("upgrade", "greeting"):
            return last.refusal  # it was not said
        if last.finish.stage != "live" or self.rng.random() < 0.6:
            return ""
        refusal = self.rng.choice(("EPOCH_CHANGED", "ROOM_GONE", "HISTORY_TRIMMED", "SEAT_EXPIRED"))
        if refusal in ("EPOCH_CHANGED", "ROOM_GONE"):
            self.life = self._new_life()
        elif refusal == "SEAT_EXPIRED":
            self._new_seat()
        return refusal

    # Lives.

    def _new_life(self) -> Life:
        rng = self.rng
        life = self.life = Life(rng.randbytes(8), rng.randint(1, 3), rng.random() < 0.6)
        for player in range(1, 4):
            life.facts.append(frames.Joined(self._seq(), player, self._info(player)))
        life.facts.append(frames.Host(self._seq(), 1, 1))
        if life.has_history and rng.random() < 0.5:
            self._fact()
            parts = rng.randint(1, 3)
            life.snapshot = tuple(
                frames.Snapshot(life.head, part, parts, self._payload()) for part in range(parts)
            )
        return life

    def _new_seat(self) -> None:
        """The client is another player from here on, in the same life; its facts are the same."""
        number = max(fact.player for fact in self.life.facts if isinstance(fact, frames.Joined))
        self.life.facts.append(frames.Left(self._seq(), self.life.player, LeftReason.EXPIRED))
        self.life = replace(self.life, player=number + 1)
        self.life.facts.append(frames.Joined(self._seq(), number + 1, self._info(number + 1)))

    def _info(self, player: int) -> frames.PlayerInfo:
        return frames.PlayerInfo(f"Player {player}", can_host=self.rng.random() < 0.8)

    def _seq(self) -> int:
        return self.life.head + self.rng.choice((1, 1, 1, 2, 40, 300))

    # Facts.

    def _fact(self) -> frames.Frame:
        """Let something happen."""
        rng, seq = self.rng, self._seq()
        roll = rng.random()
        fact: frames.Frame
        if roll < 0.6:
            fact = frames.Deliver(seq, rng.randint(0, 3), self._payload())
        elif roll < 0.7:
            value = False if rng.random() < 0.3 else self._payload()
            fact = frames.Property(seq, rng.choice((0, 1)), rng.choice("abc"), value, seq, 2)
        elif roll < 0.8:
            fact = self._other_state(seq)
        elif roll < 0.9:
            fact = frames.Host(seq, rng.randint(0, 3), seq)
        else:
            fact = self._comes_or_goes(seq)
        self.life.facts.append(fact)
        return fact

    def _other_state(self, seq: int) -> frames.Frame:
        """SPEC 15.1: PRESENCE says changes only."""
        player = self.rng.choice([each for each in (1, 2, 3) if each in self._present()] or [99])
        states = [
            fact.state
            for fact in self.life.facts
            if isinstance(fact, frames.PresenceChanged) and fact.player == player
        ]
        now = states[-1] if states else PresenceState.HERE
        if player == 99:
            return frames.Deliver(seq, 0, self._payload())
        state = self.rng.choice([each for each in (0, 1, 2, 3, 9) if each != now])
        return frames.PresenceChanged(seq, player, state)

    def _comes_or_goes(self, seq: int) -> frames.Frame:
        """A guest comes, or the last guest goes."""
        guests = [each for each in self._present() if each > 3 and each != self.life.player]
        if guests and self.rng.random() < 0.5:
            return frames.Left(seq, guests[-1], self.rng.choice((1, 2, 3, 4, 77)))
        joined = [fact.player for fact in self.life.facts if isinstance(fact, frames.Joined)]
        return frames.Joined(seq, max(joined) + 1, self._info(max(joined) + 1))

    def _present(self) -> list[int]:
        present: list[int] = []
        for fact in self.life.facts:
            if isinstance(fact, frames.Joined):
                present.append(fact.player)
            elif isinstance(fact, frames.Left):
                present.remove(fact.player)
        return present

    def _payload(self) -> bytes:
        """Draw a payload that no other message has."""
        self.serial += 1
        size = self.rng.choice((0, 0, 10, 120, 255, 256, 3000))
        return b"%d:" % self.serial + self.rng.randbytes(size)

    # What is said live.

    def _lines(self) -> Iterator[Line]:
        rng = self.rng
        for _ in range(rng.randint(0, 10)):
            roll = rng.random()
            if roll < 0.7:
                fact = self._fact()
                yield Tell(fact, self._dressed(written(rng, fact)))
            elif roll < 0.8:
                update = frames.Update(rng.randrange(3), 2, self._payload())
                yield Tell(update, self._dressed(encode(update)))
            elif roll < 0.9:
                yield Tell(None, self._dressed(ignored(rng)))
            else:
                yield Sync()
                yield Acknowledge(rng.random() < 0.5)
        last = frames.Deliver(self._seq(), 2, self._payload())
        self.life.facts.append(last)
        yield Tell(last, self._dressed(encode(last)))
        yield Sync()

    def _dressed(self, message: bytes) -> Writing:
        return dressed(self.rng, message, is_client=False)

    # How a visit ends.

    def _finish(self, index: int) -> Finish:
        rng = self.rng
        stage = rng.choice(("upgrade", "greeting", "catching up", "live", "live", "live", "live"))
        if stage == "upgrade":
            return self._no_upgrade(is_first=not any(v.finish.stage == "live" for v in self.visits))
        how = rng.choice(("close", "fin", "reset", "damage", "breach"))
        if how == "reset" and stage != "live":
            how = "fin"
        if how == "close":
            return self._close(stage)
        if how == "damage":
            return self._damage(stage)
        if how == "breach":
            found = breaches.drawn(rng, is_client=False)
            return Finish(how, f"breach: {found.name}", stage, found.data, codes=found.codes)
        whole = frame(BINARY, encode(frames.Deliver(1 << 40, 2, b"cut off")))
        return Finish(how, how, stage, whole[: rng.randrange(len(whole))])

    def _no_upgrade(self, *, is_first: bool) -> Finish:
        rng = self.rng
        if rng.random() < 0.5:
            data = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
            return Finish("fin", "503", "upgrade", data)
        # SPEC 21.2: a client that was never in the room may give up, unless there is no answer.
        size = 0 if is_first else rng.randint(0, 90)
        return Finish("fin", "cut upgrade", "upgrade", b"", code=size)

    def _close(self, stage: str) -> Finish:
        code = self.rng.choice(COME_BACK)
        data = frame(CLOSE, code.to_bytes(2) + b"come back")
        if stage == "greeting" and self.rng.random() < 0.5:
            detail = frames.ErrorDetail(retry=True, after=AFTER_MS)
            error = frames.Error(0, 56, "full", detail)
            data = frame(BINARY, encode(error)) + frame(CLOSE, (4004).to_bytes(2))
            return Finish("close", "full", stage, data, 4004, after_ms=AFTER_MS)
        if stage == "live" and self.rng.random() < 0.4:
            notice = frames.Notice(NoticeKind.DRAIN, frames.NoticeDetail(after=AFTER_MS))
            data = frame(BINARY, encode(notice)) + frame(CLOSE, (1012).to_bytes(2) + b"drain")
            return Finish("close", "drain", stage, data, 1012, after_ms=AFTER_MS)
        return Finish("close", f"close {code}", stage, data, code)

    def _damage(self, stage: str) -> Finish:
        """End with a frame that cannot be; what follows it must be without effect."""
        name, message = self._bad(stage)
        after = frame(BINARY, encode(frames.Deliver(1 << 41, 2, b"after the damage")))
        data = frame(BINARY, message) + after
        return Finish("damage", f"damage: {name}", stage, data)

    def _bad(self, stage: str) -> tuple[str, bytes]:
        rng = self.rng
        if rng.random() < 0.7:
            case = next(self.damaged)
            return case.damage, case.data
        session = frames.Session(self.life.epoch, ROOM)
        if stage == "greeting":
            choices: list[tuple[str, frames.Frame]] = [
                ("DELIVER before WELCOME", frames.Deliver(1, 2, b"early")),
                ("LIVE before WELCOME", frames.Live(1)),
            ]
        else:
            choices = [
                ("a second WELCOME", frames.Welcome(1, self.life.player, 0, session)),
                ("more taken than sent", frames.Taken(1_000_000, self.life.head)),
                ("a part without the first", frames.Snapshot(1, 1, 2, b"part")),
            ]
            if stage == "live":
                choices.append(("a second LIVE", frames.Live(self.life.head)))
        name, bad = rng.choice(choices)
        return name, encode(bad)

    def _damaged(self) -> Iterator[Case]:
        for case in cases(self.seed, Reader.RELAY_FRAME):
            if case.verdict is not None and case.verdict.code and len(case.data) <= BIG:
                yield case

    def _last(self) -> Finish:
        code = self.rng.choice(STAY_AWAY)
        data = frame(CLOSE, code.to_bytes(2) + b"stay away")
        return Finish("close", f"close {code}", "live", data, code)


def written(rng: Random, fact: frames.Frame) -> bytes:
    """Write a fact, sometimes as only another relay would."""
    message = encode(fact)
    luck = rng.random()
    if luck < 0.1:
        # SPEC 20.1: fields that only a newer client knows come last.
        return bytes([message[0] + 2]) + message[1:] + b"\xa3new\x81\xa1a\x01"
    if luck < 0.2 and isinstance(fact, frames.Deliver):
        # SPEC 3.1.3: longer heads are taken, too.
        payload = b"\xc6" + len(fact.payload).to_bytes(4) + fact.payload
        seq = b"\xcf" + fact.seq.to_bytes(8)
        return b"\x94\x11" + seq + b"\xce" + fact.sender.to_bytes(4) + payload
    return message


def ignored(rng: Random) -> bytes:
    """Return a frame that a client passes over (SPEC 20.1)."""
    return rng.choice(
        (
            b"\x91\x7f",
            b"\x93\x7e\x01\xc4\x03abc",
            b"\x92\x55\x81\xa1a\x93\x01\x02\x03",
            encode(frames.Notice(77)),
            encode(frames.Notice(NoticeKind.THROTTLE, frames.NoticeDetail(limit=120, after=1))),
        )
    )


def plot(seed: int) -> list[Visit]:
    """Return the visits of a hostile relay's conversation."""
    return Plot(seed).told()


def pieces(rng: Random, data: bytes) -> Writing:
    """Draw the pieces that the end of a visit travels in."""
    return in_pieces(rng, data)
