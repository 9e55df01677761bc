"""A client under test that is as plain as can be: a WebSocket of its own, and SPEC.md.

A fault is a class below `Plain` with one method of its own: each method is a thing to do wrong.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any

from protocol.close_codes import may_return
from protocol.codec import Role, decode, encode, pack
from protocol.conversation import RESUME_REFUSALS
from protocol.errors import RemoteProtocolError
from protocol.frames import (
    Ack,
    Error,
    Frame,
    HelloOptions,
    Kick,
    Leave,
    Live,
    Notice,
    NoticeKind,
    Ping,
    Pong,
    Presence,
    RoomOptions,
    Send,
    Session,
    Set,
    Snapshot,
    Subscribe,
    Transfer,
    Volatile,
    Welcome,
)
from protocol.resume import Continued, ResumeState
from tests.clients.conform.planted.telling import Line, Tell, event, line_of
from tests.helpers import raw

CAN = ["volatile", "subscribe", "set", "kick", "transfer", "presence", "snapshot", "clock", "seat",
       "lost", "create", "spectator", "frame", "hold"]  # fmt: skip
STEP, MOST = 0.1, 5.0  # seconds of SPEC 21.1
PING_EVERY, QUICK, SILENCE = 5.0, 0.1, 15.0  # seconds of SPEC 17.1 and 18.2
STEADY = 5.0  # seconds live after which attempts begin anew
AROUND = 64  # bytes of a frame around a part of a snapshot, at most


class GivesUp(Exception):
    """The client ends for good, by itself."""


class Broken(Exception):
    """The relay broke the protocol."""


class Plain:
    """One client, from connect to its end."""

    def __init__(self, line: Line, tell: Tell) -> None:
        given = dict(line["options"])
        seat = bytes.fromhex(given.pop("seat")) if "seat" in given else random.randbytes(16)
        if isinstance(given.get("create"), dict):
            given["create"] = RoomOptions(**given["create"])
        self.tell = tell
        self.url = line["url"]
        self.seat = ResumeState(HelloOptions(seat=seat, **given))
        self.session = Session(bytes(8), "")
        self.is_seated = self.is_leaving = False
        self.welcomes = 0
        self.pings: list[float] = []
        self.samples: list[tuple[float, float]] = []
        self.parts: list[bytes] = []
        self.not_before = 0.0
        self.socket: raw.RawClient | None = None
        self.waiting: list[Frame] = []
        self.newest: dict[tuple[int, Any], Volatile] = {}
        self.presence: int | None = None
        self.live_at = self._heard_at = self._acked_at = 0.0
        self._acked = 0
        self._complete_from = 0
        self._untold: list[Line] | None = None

    # What the program asks for.

    def do(self, line: Line) -> None:
        """Do what a line says."""
        actions: dict[str, Callable[[Line], object]] = {
            "send": lambda line: self.count(Send(*_what(line))),
            "volatile": lambda line: self.renew(Volatile(line["key"], *_what(line))),
            "subscribe": lambda line: self.count(Subscribe(tuple(line["groups"]))),
            "unsubscribe": lambda line: self.count(Subscribe((), tuple(line["groups"]))),
            "set": self._set,
            "delete": self._set,
            "kick": lambda line: self.count(Kick(line["player"], line.get("reason", ""))),
            "transfer": lambda line: self.count(Transfer(line["player"])),
            "presence": lambda line: self.appear(line["state"]),
            "snapshot": lambda line: self.give(bytes.fromhex(line["payload"]), line["seq"]),
            "leave": lambda _: self.leave(),
            "clock": lambda _: self.tell(event("clock", now=self.clock())),
            "hold": lambda _: self.hold(),
            "go_on": lambda _: self._go_on(),
        }
        actions[line["do"]](line)

    def count(self, frame: Frame) -> None:
        """Send a counted frame as soon as the window has room."""
        self.waiting.append(frame)
        self._fill()

    def renew(self, frame: Volatile) -> None:
        self.newest[(frame.key, frame.target)] = frame
        self.say(frame)

    def appear(self, state: int) -> None:
        self.presence = state
        self.say(Presence(state))

    def give(self, state: bytes, seq: int) -> None:
        """Give a snapshot in as many parts as it takes."""
        size = self.session.limits.max_frame - AROUND
        parts = [state[begin : begin + size] for begin in range(0, len(state), size)]
        for number, part in enumerate(parts):
            self.count(Snapshot(seq, number, len(parts), part))

    def _set(self, line: Line) -> None:
        value = pack(line["value"]) if line["do"] == "set" else False
        scope, expected = line.get("scope") or 0, line.get("expected")
        self.count(Set(scope, line["key"], value, False if expected is None else expected))

    def leave(self) -> None:
        self.is_leaving = True
        if self.is_seated:
            self.say(Leave())
            self.is_seated = False  # SPEC 9.5: nothing is said after it

    def clock(self) -> float:
        """Return what time it is at the relay, in µs."""
        return micros() + (min(self.samples)[1] if self.samples else 0)

    def hold(self) -> None:
        self._untold = []

    def _go_on(self) -> None:
        untold, self._untold = self._untold or [], None
        for line in untold:
            self.tell(line)

    def told(self, line: Line) -> None:
        """Tell of an event, now or once the program reads."""
        if self._untold is None:
            self.tell(line)
        else:
            self._untold.append(line)

    # What is said.

    def says(self, frame: Frame) -> bytes | None:
        """Return the message that a frame is."""
        return encode(frame)

    def say(self, frame: Frame) -> None:
        """Say a frame, if there is a seat to say it from."""
        if self.is_seated and (message := self.says(frame)):
            self.write(message)

    def write(self, message: bytes) -> None:
        assert self.socket is not None
        self.socket.write(raw.frame(raw.BINARY, message))

    def next_waiting(self) -> Frame:
        return self.waiting.pop(0)

    def has_room(self) -> bool:
        window = self.seat.window
        return window.sent - window.taken < window.size

    def _fill(self) -> None:
        while self.waiting and self.is_seated and self.has_room():
            if message := self.says(self.next_waiting()):
                self.seat.window.add(message)
                self.write(message)

    # Connections.

    async def run(self) -> None:
        """Connect, and come back, until the end."""
        attempt = 0
        while True:
            self.live_at = 0.0
            code = await self._once()
            self.is_seated = False
            if self.live_at and time.monotonic() - self.live_at >= STEADY:
                attempt = 0
            if not self.returns(code):
                self.told(event("closed", code=code, reason="", may_return=False))
                return
            self.told(event("reconnecting"))
            before = max(0.0, self.not_before - time.monotonic())
            await asyncio.sleep(before + self.pause(attempt))
            attempt += 1

    def returns(self, code: int) -> bool:
        return may_return(code)

    def pause(self, attempt: int) -> float:
        return random.random() * min(MOST, STEP * (1 << attempt))

    def opens(self) -> AbstractAsyncContextManager[raw.RawClient]:
        return raw.connect(self.url)

    def unreached(self) -> int:
        """Return the code that an upgrade which failed counts as."""
        return 1006

    async def _once(self) -> int:
        try:
            async with self.opens() as socket:
                self.socket = socket
                return await self.converse(socket)
        except raw.Closed as closed:
            return closed.code
        except GivesUp:
            return 1000
        except (Broken, raw.Text):
            self.broke()
            return 1006
        except (OSError, raw.Refused, asyncio.IncompleteReadError):
            return self.unreached()

    def broke(self) -> None:
        """Take note that a resume could bring the same again."""
        self.seat.forget()

    async def converse(self, socket: raw.RawClient) -> int:
        self._heard_at = time.monotonic()
        self.pings, self._acked, self.samples, self.parts = [], 0, [], []
        self.greet()
        while not self.is_due(time.monotonic()):
            with suppress(TimeoutError):
                message = await socket.receive(timeout=QUICK / 2)
                self._heard_at = time.monotonic()
                self._take(message)
        return 1006

    def greet(self) -> None:
        """Say HELLO."""
        if message := self.says(self.seat.hello()):
            self.write(message)

    def is_due(self, now: float) -> bool:
        """Say what the time asks for. Returns: whether the relay has been silent for too long."""
        if self.is_seated and self.live_at:
            if not self.pings or now - self.pings[-1] >= self.gap():
                self.pings.append(now)
                self.say(Ping(micros()))
            if self.seat.seq > self._acked and now - self._acked_at >= 1:
                self.acknowledge()
        return now - self._heard_at > SILENCE

    def gap(self) -> float:
        """Return the seconds between the last PING and the next."""
        return QUICK if len(self.pings) < 3 else PING_EVERY

    def acknowledge(self) -> None:
        self._acked, self._acked_at = self.seat.seq, time.monotonic()
        self.say(Ack(self.seat.seq))

    # What the relay says.

    def takes(self, message: bytes) -> bool:
        """Say whether a message is one that this client can read."""
        return True

    def hears(self, frame: Frame) -> Frame | None:
        """Return a frame as this client understands it; None where it ignores it."""
        return frame

    def follows(self, frame: Frame) -> None:
        """Follow a frame with position and count."""
        self.seat.received(frame)

    def _take(self, message: bytes) -> None:
        if not self.takes(message):
            return
        try:
            frame = self.hears(decode(message, Role.RELAY))
        except RemoteProtocolError as error:
            raise Broken from error
        if isinstance(frame, Welcome):
            self.welcomed(frame)
        elif frame is not None and self.is_seated:
            self.follows(frame)
            self.heard(frame)
            self._fill()
        elif isinstance(frame, Error) and not self.is_leaving:
            self.refused(frame)

    def continued(self, welcome: Welcome) -> Continued:
        """Take a WELCOME up, and return what it means for what came before it."""
        return self.seat.welcomed(welcome)

    def welcomed(self, welcome: Welcome) -> None:
        self.session = welcome.session
        continued = self.continued(welcome)
        self.is_seated = True
        self.welcomes += 1
        self._complete_from = welcome.session.complete_from
        if self.welcomes > 1:
            self.told(event("resumed", resumed=continued.resumed))
        if continued.lost:
            self.told(event("lost", count=len(continued.lost)))
        for message in continued.resend:
            self.write(message)
        self._fill()
        self.say_again()
        if self.is_leaving:
            self.leave()

    def say_again(self) -> None:
        """Say what the relay has forgotten, or may have."""
        for value in self.newest.values():
            self.say(value)
        if self.presence:
            self.say(Presence(self.presence))

    def refused(self, error: Error) -> None:
        """Take an ERROR before WELCOME."""
        self.wait_for(error.detail.after)
        if error.code in RESUME_REFUSALS:
            self.seat.forget()
            self.greet()

    def wait_for(self, after: int | None) -> None:
        """Come back no sooner than in so many ms."""
        if after is not None:
            self.not_before = time.monotonic() + after / 1000

    def heard(self, frame: Frame) -> None:
        """Take a frame of the room, and tell of it."""
        match frame:
            case Live(seq):
                self.live_at = time.monotonic()
                self.acknowledge()
                self.told(event("live", player=self.seat.player, room=self.session.room, seq=seq,
                                complete_from=self._complete_from))  # fmt: skip
            case Pong(t, received, sent):
                self.sample(t, received, sent, micros())
            case Snapshot():
                self.assemble(frame)
            case Notice(NoticeKind.DRAIN, detail):
                self.wait_for(detail.after)
            case Notice(NoticeKind.TRIMMED, detail):
                self._complete_from = detail.seq or 0
        if line := line_of(frame):
            self.told(line)

    def assemble(self, part: Snapshot) -> None:
        """Put a snapshot together, and hand it on once it is whole."""
        self.put(part.payload)
        if len(self.parts) == part.parts:
            whole, self.parts = b"".join(self.parts), []
            self.told(event("snapshot", seq=part.seq, payload=whole.hex()))

    def put(self, part: bytes) -> None:
        self.parts.append(part)

    def sample(self, t: int, received: int, sent: int, now: int) -> None:
        """Keep what a PONG says of the clocks, as in SPEC 17."""
        rtt, offset = (now - t) - (sent - received), ((received - t) + (sent - now)) / 2
        if self.samples:
            best_rtt, best = min(self.samples)
            if abs(best - offset) > best_rtt + rtt:
                self.samples = []
        self.samples = [*self.samples[-7:], (rtt, offset)]


def _what(line: Line) -> tuple[Any, bytes]:
    """Return target and payload of what is sent."""
    to = line.get("to")
    return tuple(to) if isinstance(to, list) else to, bytes.fromhex(line["payload"])


def micros() -> int:
    """Return this client's clock, in µs."""
    return time.monotonic_ns() // 1000
