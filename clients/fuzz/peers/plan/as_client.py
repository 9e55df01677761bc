"""What a hostile client does to a relay, and what two honest players say beside it: a story of
steps, drawn by seed.

Ann and Bob enter first. Eve is the hostile one. Eve's messages are legal, damaged or refused; they
travel in every legal dress; and each of Eve's connections ends in another way. Only one of the
three speaks at a time, and a PING that is answered (`Settle`) stands between two speakers, so that
what each of them must hear is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Final

from clients.fuzz.inputs.case import Case, Reader
from clients.fuzz.inputs.cases import cases
from clients.fuzz.peers.plan import breaches
from clients.fuzz.peers.plan.dress import Writing, dressed, in_pieces, mask, plain
from clients.fuzz.peers.plan.framing import BINARY, CLOSE, frame
from clients.fuzz.peers.plan.room import Said
from clients.fuzz.peers.plan.steps import (
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
from protocol import frames
from protocol.codec import encode
from protocol.frames import RoomOptions

MOST_BAD: Final = 12
"""Bad frames of one connection: the relay closes after 20 of them (SPEC 7.5)."""

BIG: Final = 20_000
"""Bytes of a damaged message at most, so that a conversation stays within its rate."""

CONNECTIONS: Final = 4
"""Of Eve, at most."""

FLOODS: Final = 0.03
"""How many connections are throttled: that takes a while."""

LAGS: Final = 0.08
"""How many connections are not read for a while: one of a story at most. Meanwhile the others say
1.2 MB, and some of it stays in the history."""

TargetValue = bool | int | tuple[int, ...] | None


@dataclass
class Story:
    """Draws the steps of one conversation."""

    seed: int
    steps: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = Random(self.seed)
        self.dice = Random(f"room {self.seed}")
        """For what kind of room it is, and who Eve is in it."""
        self.idle = Random(f"lag {self.seed}")
        """For when Eve does not read."""
        self.has_lagged = False
        self.password = "hush" if self.dice.random() < 0.2 else ""
        self.role = "player"
        self.damaged = self._damaged()
        self.history = self.rng.choice(("none", "full", "snapshot"))
        self.seat = self.rng.randbytes(16)
        self.bad = 0
        self.number = 2
        """Of the newest seat."""
        self.has_seat = False
        self.serial = 0

    def told(self) -> list[Step]:
        """Draw it all."""
        self._honest_enter()
        for _ in range(self.rng.randint(1, CONNECTIONS)):
            self._connection()
        self._farewell()
        return self.steps

    # The beginning and the end.

    def _honest_enter(self) -> None:
        room = RoomOptions(history=self.history, keep=0, password=self.password)
        self._enter("ann", "enter", self.rng.randbytes(16), create=room)
        self._enter("bob", "enter", self.rng.randbytes(16))

    def _farewell(self) -> None:
        """Kick Eve, who is then barred, and leave the room, which is gone then."""
        if self.has_seat:
            self._speak("ann", "kick", frames.Kick(self.number, "enough"))
            self._settle("ann")
            hello = self._hello(self.seat, self.password)
            self._refused("barred", hello, "KICKED", 4503)
        for by in ("bob", "ann"):
            self._end(by, "leave", "leave", encode(frames.Leave()), frozenset({1000}))

    # One of Eve's connections.

    def _connection(self) -> None:
        rng = self.rng
        if rng.random() < 0.15:
            self.steps.append(Knock(rng.randint(0, 150), rng.randbytes(16)))
        if rng.random() < 0.1:
            self._refuse_one()
        if self.password and self.dice.random() < 0.3:
            hello = self._hello(self.dice.randbytes(16), "not it")
            self._refused("password", hello, "WRONG_PASSWORD", 4506)
        is_slow = not self.has_lagged and self.idle.random() < LAGS
        self._come(is_slow)
        for _ in range(rng.randint(1, 5)):
            rng.choice((self._burst, self._burst, self._chat, self._snapshot))()
        if self.dice.random() < FLOODS:
            self.steps.append(Flood("eve", "flood", self.dice.getrandbits(32)))
        if is_slow and not self._catch_up():
            return
        if rng.random() < 0.15:
            self._takeover()
        self._go()

    def _refuse_one(self) -> None:
        options = frames.HelloOptions(seat=self.rng.randbytes(16), create=False)
        hello = frames.Hello(1, options)
        if self.rng.random() < 0.5:
            hello = frames.Hello(9, frames.HelloOptions(seat=options.seat, min=7))
            self._refused("version", hello, "VERSION", 4501)
        else:
            small = frames.HelloOptions(seat=options.seat, max_frame=256)
            self._refused("frame size", frames.Hello(1, small), "FRAME_SIZE", 4510)

    def _hello(self, seat: bytes, password: str) -> frames.Hello:
        return frames.Hello(1, frames.HelloOptions(seat=seat, create=False, password=password))

    def _come(self, is_slow: bool) -> None:
        """Enter, anew or again."""
        rng = self.rng
        self.bad = 0
        early = tuple(self._early() for _ in range(rng.randint(0, 3) if rng.random() < 0.3 else 0))
        if self.has_seat:
            position = rng.choice(("none", "newest", "newest", "behind", "beyond", "other"))
            what = f"return: {position}"
            self._enter("eve", what, self.seat, position=position, early=early, is_slow=is_slow)
            return
        self.seat, self.has_seat = rng.randbytes(16), True
        self.role = "spectator" if self.dice.random() < 0.15 else "player"
        self.number += 1
        position = rng.choice(("none", "none", "none", "newest", "other"))
        if self.number == 3:
            position = "none"  # they have no position yet
        what = f"enter: {position}"
        self._enter("eve", what, self.seat, position=position, early=early, is_slow=is_slow)

    def _early(self) -> Say:
        if self.rng.random() < 0.5:
            return self._damage("early")
        self.bad += 1
        message = encode(self.rng.choice((frames.Ping(1), frames.Send(None, b"early"))))
        said = Said(message, None, "HELLO_EXPECTED")
        return Say("eve", "too early", said, dressed(self.rng, message, is_client=True))

    def _takeover(self) -> None:
        """SPEC 11.2: the newest HELLO wins."""
        self._settle("eve")
        self.bad = 0
        self._enter("eve", "takeover", self.seat, position=self.rng.choice(("none", "newest")))

    def _catch_up(self) -> bool:
        """Read nothing for a while. Returns: whether Eve then reads on, and does not just go."""
        rng, self.has_lagged = self.idle, True
        reads_on = rng.random() < 0.6
        what = f"lag: {'reads on' if reads_on else 'goes'}"
        parts = rng.choice((0, 1, 3))
        self.steps.append(Lag("eve", what, rng.getrandbits(32), parts, reads_on))
        if not reads_on:
            self.steps.append(End("eve", "reset", "reset of one who lags", Writing(b"")))
        return reads_on

    # What Eve says.

    def _burst(self) -> None:
        """Say some messages at once, then look what became of them."""
        for _ in range(self.rng.randint(1, 6)):
            if self.bad < MOST_BAD and self.rng.random() < 0.55:
                self.steps.append(self._damage("eve"))
            else:
                self._speak("eve", *self._legal())
        self._settle("eve")

    def _damage(self, by: str) -> Say:
        self.bad += 1
        case = next(self.damaged)
        assert case.verdict is not None
        assert case.verdict.code is not None
        said = Said(case.data, None, case.verdict.code, case.verdict.offset)
        what = f"damage: {case.damage}"
        return Say("eve", what, said, dressed(self.rng, case.data, is_client=True))

    def _damaged(self) -> Iterator[Case]:
        for case in cases(self.seed, Reader.CLIENT_FRAME):
            if case.verdict is not None and case.verdict.code and len(case.data) <= BIG:
                yield case

    def _legal(self) -> tuple[str, frames.Frame]:
        """Draw a legal message; the room may still refuse it."""
        if self.role == "spectator":
            return self._watching()
        rng = self.rng
        roll = rng.random()
        if roll < 0.4:
            return "send", frames.Send(self._target(), self._payload())
        if roll < 0.5:
            return "volatile", frames.Volatile(rng.randrange(3), None, self._payload())
        if roll < 0.6:
            groups = tuple(rng.sample((1, 2, 3), rng.randint(0, 2)))
            return "subscribe", frames.Subscribe(groups, tuple(rng.sample((1, 2, 3), 1)))
        if roll < 0.75:
            return "set", self._set()
        if roll < 0.85:
            return "presence", frames.Presence(rng.randint(0, 1))
        return "refused", self._refusable()

    def _watching(self) -> tuple[str, frames.Frame]:
        """Draw a message of a spectator, who may say nothing to the others."""
        told = ["send", "set", "presence", "subscribe"]
        kind = self.rng.choice(told if self.bad >= MOST_BAD else [*told, "volatile"])
        self.bad += kind == "volatile"
        said: dict[str, frames.Frame] = {
            "send": frames.Send(self.rng.random() < 0.5, self._payload()),
            "set": frames.Set(0, "a", self._payload(), False),
            "presence": frames.Presence(self.rng.randint(0, 1)),
            "subscribe": frames.Subscribe((1,), (2,)),
            "volatile": frames.Volatile(1, None, self._payload()),
        }
        return f"spectator: {kind}", said[kind]

    def _refusable(self) -> frames.Frame:
        """Draw a message that the room refuses. Bad frames (SPEC 7.5) are drawn while they may."""
        self.bad += 1
        big = bytes(BIG)
        bad: tuple[frames.Frame, ...] = (
            frames.Hello(1),
            frames.Volatile(1, 99, b""),
            frames.Send(True, big),
        )
        drawn: frames.Frame = self.rng.choice(
            (
                *(bad if self.bad < MOST_BAD else ()),
                frames.Kick(1, "no"),
                frames.Transfer(2),
                frames.Snapshot(1, 0, 1, b"mine"),
                frames.Input(1, b""),
                frames.Hash(1, b"\x01"),
                frames.Ready(True),
                frames.Send(99, b"nobody"),
                frames.Send((1, 99), b"nobody"),
                frames.Set(0, "@locked", b"\xc3"),
                frames.Set(1, "mine", b""),
                frames.Set(99, "key", b""),
            )
        )
        return drawn

    def _set(self) -> frames.Set:
        rng = self.rng
        value = False if rng.random() < 0.3 else self._payload()
        scope = rng.choice((0, self.number))
        return frames.Set(scope, rng.choice("abc"), value, 0 if rng.random() < 0.2 else False)

    def _target(self) -> TargetValue:
        me = self.number
        several: tuple[TargetValue, ...] = ((1, 2), (2, 1, 2), (), (me,))
        return self.rng.choice((None, None, True, True, False, 0, 1, 2, me, -1, -2, -3, *several))

    def _payload(self) -> bytes:
        """Draw a payload that no other message has."""
        self.serial += 1
        size = self.rng.choice((0, 0, 10, 120, 250, 255, 256, 2000))
        return b"%d:" % self.serial + self.rng.randbytes(size)

    # What the others say.

    def _chat(self) -> None:
        for by in self.rng.sample(("ann", "bob"), self.rng.randint(1, 2)):
            for _ in range(self.rng.randint(1, 3)):
                target = self.rng.choice((None, True, -1, self.number))
                self._speak(by, "send", frames.Send(target, self._payload()))
            if self.rng.random() < 0.3:
                self._speak(by, "volatile", frames.Volatile(1, None, self._payload()))
            if self.rng.random() < 0.3:
                self._speak(by, "subscribe", frames.Subscribe((1, 2), ()))
            self._settle(by)

    def _snapshot(self) -> None:
        """Let the host give a snapshot, where there is history."""
        if self.history == "none":
            self._burst()
            return
        parts = self.rng.randint(1, 3)
        for part in range(parts):
            # Ann fills in where the room stands for them.
            self._speak("ann", "snapshot", frames.Snapshot(0, part, parts, self._payload()))
        self._settle("ann")

    # How a connection ends.

    def _go(self) -> None:
        rng = self.rng
        if rng.random() < 0.5:
            self._speak("eve", "send", frames.Send(True, self._payload()))
        how = rng.choice(("fin", "fin", "half", "reset", "close", "leave", "breach", "breach"))
        if how in ("fin", "half", "reset"):
            self._cut(how)
        elif how == "close":
            code = rng.choice((1000, 1001, 1011, 3000, 4000, 4999))
            data = frame(CLOSE, code.to_bytes(2) + b"bye", mask(rng, True))
            writing = in_pieces(rng, data)
            self.steps.append(End("eve", "close", f"close {code}", writing, frozenset({code})))
        elif how == "leave":
            self._end("eve", "leave", "leave", encode(frames.Leave()), frozenset({1000}))
            self.has_seat = False
        else:
            found = breaches.drawn(rng, is_client=True)
            writing = in_pieces(rng, found.data)
            self.steps.append(End("eve", "breach", f"breach: {found.name}", writing, found.codes))

    def _cut(self, how: str) -> None:
        """End within a message, which must have no effect then."""
        if how == "reset":
            self._settle("eve")
        message = encode(frames.Send(True, self._payload()))
        whole = frame(BINARY, message, mask(self.rng, True))
        part = whole[: self.rng.randrange(len(whole))]
        self.steps.append(End("eve", how, how, in_pieces(self.rng, part)))

    # Steps.

    def _enter(
        self,
        by: str,
        what: str,
        seat: bytes,
        *,
        position: str = "none",
        early: tuple[Say, ...] = (),
        create: RoomOptions | bool = False,
        is_slow: bool = False,
    ) -> None:
        rng = self.rng
        key, cuts, behind = rng.randbytes(16), rng.getrandbits(32), rng.randint(1, 4)
        role = self.role if by == "eve" else "player"
        self.steps.append(
            Enter(
                *(by, what, key, cuts, seat, position, behind, early, create, role),
                self.password,
                is_slow,
            )
        )

    def _speak(self, by: str, what: str, said: frames.Frame) -> None:
        message = encode(said)
        dress = dressed if by == "eve" else plain
        writing = dress(self.rng, message, is_client=True)
        self.steps.append(Say(by, what, Said(message, said), writing))

    def _settle(self, by: str) -> None:
        self.serial += 1
        message = encode(frames.Ping(self.serial))
        self.steps.append(Settle(by, self.serial, plain(self.rng, message, is_client=True)))

    def _end(self, by: str, how: str, what: str, message: bytes, codes: frozenset[int]) -> None:
        writing = plain(self.rng, message, is_client=True)
        self.steps.append(End(by, how, what, writing, codes))

    def _refused(self, what: str, hello: frames.Hello, code: str, close: int) -> None:
        message = encode(hello)
        writing = dressed(self.rng, message, is_client=True)
        key = self.rng.randbytes(16)
        self.steps.append(Refused(what, key, message, writing, code, close))


def story(seed: int) -> list[Step]:
    """Return the steps of a hostile client's conversation."""
    return Story(seed).told()
