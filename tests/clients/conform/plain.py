"""A client under test that is as plain as can be: a WebSocket of its own, and SPEC.md.

`python -m tests.clients.conform.plain [BUG]`: with the name of a bug it has that bug, so that the
suite can be seen to find it.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from contextlib import suppress
from typing import Any

from protocol.close_codes import may_return
from protocol.codec import Role, decode, encode, pack
from protocol.conversation import RESUME_REFUSALS
from protocol.errors import RemoteProtocolError
from protocol.frames import (
    Ack,
    Deliver,
    Error,
    Frame,
    HelloOptions,
    Host,
    Joined,
    Kick,
    Leave,
    Left,
    Live,
    Notice,
    NoticeKind,
    Ping,
    Pong,
    Presence,
    PresenceChanged,
    Property,
    RoomOptions,
    Send,
    Set,
    Subscribe,
    Transfer,
    Update,
    Volatile,
    Welcome,
)
from protocol.resume import ResumeState
from tests.helpers.raw import BINARY, Closed, RawClient, Refused, connect
from tests.helpers.raw import frame as masked

BUGS = {
    "ack one too many": "12.4.2a",
    "position over volatile": "12.3.1c",
    "resume sends all again": "13.5",
    "position before live": "12.3.1b",
    "comes back after 4502": "8 4502",
    "window is one too large": "13.4a",
    "counts volatile": "13.5",
    "speaks before welcome": "9.2a",
    "forgets further fields": "23.2",
}
"""Bugs by what they do, and the rule that each breaks."""

CAN = ["volatile", "subscribe", "set", "kick", "transfer", "presence", "clock", "seat", "lost",
       "create", "spectator"]  # fmt: skip
STEP, MOST = 0.1, 5.0  # seconds of SPEC 21.1
PING_EVERY, QUICK, SILENCE = 5.0, 0.1, 15.0  # seconds of SPEC 17.1 and 18.2
STEADY = 5.0  # seconds live after which attempts begin anew

Line = dict[str, Any]


def tell(event: str, **fields: Any) -> None:
    print(json.dumps({"event": event, **fields}), flush=True)


class Plain:
    """One client, from connect to its end."""

    def __init__(self, line: Line, bug: str) -> None:
        given = dict(line["options"])
        seat = bytes.fromhex(given.pop("seat")) if "seat" in given else random.randbytes(16)
        if isinstance(given.get("create"), dict):
            given["create"] = RoomOptions(**given["create"])
        self._url = line["url"]
        self._bug = bug
        self._seat = ResumeState(HelloOptions(seat=seat, **given))
        self._socket: RawClient | None = None
        self._is_seated = self._is_leaving = self._was_welcomed = False
        self._waiting: list[Frame] = []
        self._newest: dict[tuple[int, Any], Volatile] = {}
        self._presence: int | None = None
        self._not_before = 0.0
        self._live_at = 0.0
        self._heard_at = self._acked_at = 0.0
        self._acked = 0
        self._pings: list[float] = []
        self._samples: list[tuple[float, float]] = []
        self._complete_from = 0

    # What the program asks for.

    def do(self, line: Line) -> None:
        match line["do"]:
            case "send":
                self._count(Send(_target(line.get("to")), bytes.fromhex(line["payload"])))
            case "volatile":
                payload = bytes.fromhex(line["payload"])
                frame = Volatile(line["key"], _target(line.get("to")), payload)
                self._newest[(frame.key, frame.target)] = frame
                if self._bug == "counts volatile":
                    self._seat.window.add(encode(frame))
                self._say(frame)
            case "subscribe":
                self._count(Subscribe(tuple(line["groups"])))
            case "unsubscribe":
                self._count(Subscribe((), tuple(line["groups"])))
            case "set" | "delete":
                value = pack(line["value"]) if line["do"] == "set" else False
                scope, expected = line.get("scope") or 0, line.get("expected")
                self._count(Set(scope, line["key"], value, False if expected is None else expected))
            case "kick":
                self._count(Kick(line["player"], line.get("reason", "")))
            case "transfer":
                self._count(Transfer(line["player"]))
            case "presence":
                self._presence = line["state"]
                self._say(Presence(line["state"]))
            case "leave":
                self._is_leaving = True
                self._leave()
            case "clock":
                offset = min(self._samples)[1] if self._samples else 0
                tell("clock", now=_now() + offset)

    def _count(self, frame: Frame) -> None:
        self._waiting.append(frame)
        self._fill()

    def _fill(self) -> None:
        window = self._seat.window
        spare = 1 if self._bug == "window is one too large" else 0
        while self._waiting and self._is_seated and self._has_room(spare):
            message = encode(self._waiting.pop(0))
            window.add(message)
            self._write(message)

    def _has_room(self, spare: int) -> bool:
        window = self._seat.window
        return window.sent - window.taken < window.size + spare

    def _leave(self) -> None:
        if self._is_seated:
            self._say(Leave())
            self._is_seated = False  # SPEC 9.5: nothing is said after it

    def _say(self, frame: Frame) -> None:
        if self._is_seated:
            self._write(encode(frame))

    def _write(self, message: bytes) -> None:
        assert self._socket is not None
        self._socket.write(masked(BINARY, message))

    # Connections.

    async def run(self) -> None:
        attempt = 0
        while True:
            self._live_at = 0.0
            code = await self._once()
            self._is_seated = False
            if time.monotonic() - self._live_at >= STEADY and self._live_at:
                attempt = 0
            comes_back = may_return(code)
            if code == 4502 and self._bug == "comes back after 4502":
                comes_back = True
            if not comes_back:
                tell("closed", code=code, reason="", may_return=False)
                return
            tell("reconnecting")
            wait = random.random() * min(MOST, STEP * 2**attempt)
            attempt += 1
            await asyncio.sleep(max(0.0, self._not_before - time.monotonic()) + wait)

    async def _once(self) -> int:
        try:
            async with connect(self._url) as socket:
                self._socket = socket
                return await self._converse(socket)
        except Closed as closed:
            return closed.code
        except (OSError, Refused, asyncio.IncompleteReadError):
            return 1006

    async def _converse(self, socket: RawClient) -> int:
        await socket.send(encode(self._seat.hello()))
        if self._bug == "speaks before welcome":
            await socket.send(encode(Ping(0)))
        self._heard_at = time.monotonic()
        self._pings, self._acked = [], 0
        self._samples = []
        while True:
            try:
                message = await socket.receive(timeout=QUICK / 2)
            except TimeoutError:
                message = b""
            if message:
                self._heard_at = time.monotonic()
                if await self._take(socket, message):
                    continue
            if self._is_due(time.monotonic()):
                return 1006

    def _is_due(self, now: float) -> bool:
        """Say what the time asks for. Returns: whether the relay has been silent for too long."""
        if not self._seat.is_live or not self._is_seated or not self._live_at:
            return now - self._heard_at > SILENCE
        gap = QUICK if len(self._pings) < 3 else PING_EVERY
        if not self._pings or now - self._pings[-1] >= gap:
            self._pings.append(now)
            self._say(Ping(_now()))
        if self._seat.seq > self._acked and now - self._acked_at >= 1:
            self._acknowledge()
        return now - self._heard_at > SILENCE

    def _acknowledge(self) -> None:
        self._acked, self._acked_at = self._seat.seq, time.monotonic()
        self._say(Ack(self._seat.seq + (self._bug == "ack one too many")))

    # What the relay says.

    async def _take(self, socket: RawClient, message: bytes) -> bool:
        if self._bug == "forgets further fields" and message[:2] == b"\x95\x11":
            return True
        with suppress(RemoteProtocolError):
            frame = decode(message, Role.RELAY)
            if isinstance(frame, Welcome):
                self._welcomed(frame)
            elif self._is_seated:
                self._follow(frame)
            elif isinstance(frame, Error) and not self._is_leaving:
                await self._refused(socket, frame)
        return False

    def _welcomed(self, welcome: Welcome) -> None:
        window = self._seat.window
        before = window.pending()
        continued = self._seat.welcomed(welcome)
        if self._bug == "position before live":
            self._seat.is_live = True
        self._is_seated = True
        self._complete_from = welcome.session.complete_from
        if self._was_welcomed:
            tell("resumed", resumed=continued.resumed)
        self._was_welcomed = True
        if continued.lost:
            tell("lost", count=len(continued.lost))
        again = before if self._bug == "resume sends all again" else continued.resend
        for each in again:
            self._write(each)
        self._fill()
        for value in self._newest.values():
            self._say(value)
        if self._presence:
            self._say(Presence(self._presence))
        if self._is_leaving:
            self._leave()

    async def _refused(self, socket: RawClient, error: Error) -> None:
        self._wait(error.detail.after)
        if error.code in RESUME_REFUSALS:
            self._seat.forget()
            await socket.send(encode(self._seat.hello()))

    def _wait(self, after: int | None) -> None:
        if after is not None:
            self._not_before = time.monotonic() + after / 1000

    def _follow(self, frame: Frame) -> None:
        self._seat.received(frame)
        if self._bug == "position over volatile" and isinstance(frame, Update):
            self._seat.seq += 1
        match frame:
            case Live(seq):
                self._live_at = time.monotonic()
                self._acknowledge()
                tell("live", player=self._seat.player, room="ROOM", seq=seq,
                     complete_from=self._complete_from)  # fmt: skip
            case Pong(t, received, sent):
                self._sample(t, received, sent, _now())
            case Notice(kind, detail):
                if kind == NoticeKind.DRAIN:
                    self._wait(detail.after)
                if kind == NoticeKind.TRIMMED:
                    self._complete_from = detail.seq or 0
                tell("notice", kind=kind, limit=detail.limit, dropped=detail.dropped,
                     after=detail.after, seq=detail.seq)  # fmt: skip
            case Error(seq, code, _, detail):
                tell("refused", code=code, frame=detail.frame, seq=seq)
            case _:
                _fact(frame)
        self._fill()

    def _sample(self, t: int, received: int, sent: int, now: int) -> None:
        rtt, offset = (now - t) - (sent - received), ((received - t) + (sent - now)) / 2
        if self._samples:
            best_rtt, best = min(self._samples)
            if abs(best - offset) > best_rtt + rtt:
                self._samples = []
        self._samples = [*self._samples[-7:], (rtt, offset)]


def _fact(frame: Frame) -> None:
    match frame:
        case Deliver(seq, sender, payload):
            tell("message", seq=seq, sender=sender, payload=payload.hex())
        case Update(key, sender, payload):
            tell("update", key=key, sender=sender, payload=payload.hex())
        case Joined(seq, player, info):
            tell("joined", player=player, name=info.name, role=info.role, can_host=info.can_host,
                 seq=seq)  # fmt: skip
        case Left(seq, player, reason):
            tell("left", player=player, reason=reason, seq=seq)
        case PresenceChanged(seq, player, state):
            tell("presence", player=player, state=state, seq=seq)
        case Host(seq, player, term):
            tell("host", player=player, term=term, seq=seq)
        case Property(seq, scope, key, value, version, by):
            said = value.hex() if isinstance(value, bytes) else None
            tell("property", scope=scope, key=key, payload=said, version=version, by=by, seq=seq)


def _target(to: Any) -> Any:
    return tuple(to) if isinstance(to, list) else to


def _now() -> int:
    return time.monotonic_ns() // 1000


async def main(bug: str) -> None:
    """Obey until the input ends."""
    tell("hello", name=f"the plain client {bug}".rstrip(), can=CAN)
    client: Plain | None = None
    async with asyncio.TaskGroup() as tasks:
        running: asyncio.Task[None] | None = None
        while text := await asyncio.to_thread(sys.stdin.readline):
            line = json.loads(text)
            if line["do"] in ("connect", "reset"):
                if running is not None:
                    running.cancel()
                client = running = None
            if line["do"] == "connect":
                client = Plain(line, bug)
                running = tasks.create_task(client.run())
            elif line["do"] == "reset":
                tell("reset")
            elif client is not None:
                client.do(line)
        raise SystemExit


if __name__ == "__main__":
    asyncio.run(main(" ".join(sys.argv[1:])))
