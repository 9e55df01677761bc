"""What a case against a client plays in: the relay's end of each connection, and the program."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from clients.conform.case import Book, Breach, Case, NotApplicable
from clients.conform.client.program import Program, Silent, Told
from clients.conform.talk import End, F
from protocol import SUBPROTOCOL
from protocol.codec import Role
from protocol.frames import (
    Ack,
    Deliver,
    Frame,
    Hello,
    Host,
    Joined,
    Live,
    Ping,
    PlayerInfo,
    Pong,
    Session,
    Taken,
    Update,
    Welcome,
)
from protocol.opcodes import COUNTED

EPOCH = bytes.fromhex("E0E1E2E3E4E5E6E7")
SEAT = bytes(range(16))
RETRY = 5.0  # seconds that a client may wait before it comes back, beside our patience
SETTLE = 0.3  # seconds for a program that tells nothing of what it hears
GO_AWAY = 4508
"""How the relay's part ends: what is left of a client does not come back."""


class Relay(End):
    """The relay's end of one connection. It answers PINGs, and nothing else by itself."""

    other = Role.CLIENT

    def __init__(self, socket: ServerConnection, rule: str, patience: float) -> None:
        super().__init__(socket, rule, patience)
        self.request = socket.request
        self.answers = True
        """Whether PINGs are answered."""
        self.seq = 0
        """What PONGs say: all up to here was sent."""
        self.taken = 0
        """What PONGs say: so many counted frames are taken."""
        self.counted: list[Frame] = []
        """Counted frames that came on this connection."""
        self.unclaimed: list[Frame] = []
        """What came while something else was expected, but for PINGs and ACKs."""
        self.ahead = 0
        """µs by which the relay's clock is ahead of ours."""

    async def next(self, within: float | None = None) -> Frame:
        frame = await super().next(within)
        if isinstance(frame, Ping) and self.answers:
            await self.pong(frame)
        return frame

    async def find(self, kind: type[F], rule: str = "", within: float | None = None) -> F:
        # A client may say what it has to say in many an order: what was passed over counts.
        for early in self.unclaimed:
            if isinstance(early, kind):
                self.unclaimed.remove(early)
                return early
        begin = len(self.heard)
        found = await super().find(kind, rule, within)
        passed = self.heard[begin:-1]
        self.unclaimed += [each for each in passed if not isinstance(each, Ping | Ack)]
        return found

    async def pong(self, ping: Ping) -> None:
        """Answer a PING."""
        clock = self.clock
        await self.say(Pong(ping.t, clock, clock, self.taken, self.seq))

    @property
    def clock(self) -> int:
        """The relay's clock in µs."""
        return time.monotonic_ns() // 1000 + self.ahead

    def noticed(self, frame: Frame) -> None:
        if frame.opcode in COUNTED:
            self.counted.append(frame)

    async def say(self, *frames: Frame | bytes | str) -> None:
        for frame in frames:
            if isinstance(frame, Live | Joined | Host):
                self.seq = max(self.seq, frame.seq)
        await super().say(*frames)

    async def hello(self, rule: str = "", within: float | None = None) -> Hello:
        """Expect HELLO as the first frame."""
        hello = await self.expect(Hello, rule or "9.2a", within)
        self.check(self.heard == [hello], f"{self.heard[0]} came before HELLO", "9.2a")
        return hello

    async def welcomes(
        self, *facts: Frame, live: int = 3, player: int = 1, version: int = 1, **session: Any
    ) -> Ack:
        """Say WELCOME, the facts, and LIVE; return the ACK of it.

        Without facts these are a room of Ann (player 1), who is host, and Bob (player 2).
        """
        begin = session.pop("seq", 0)
        given = Session(**{"epoch": EPOCH, "room": "ROOM", "complete_from": live, **session})
        told = facts or as_it_stands()
        await self.say(Welcome(version, player, begin, given), *told, Live(live))
        return await self.expect(Ack, "12.4.2a", seq=live)

    async def resumes(self, seq: int, *facts: Frame, live: int, **session: Any) -> Ack:
        """Accept player 1's resume from `seq`: say the facts after it, and LIVE."""
        given = Session(**{"epoch": EPOCH, "room": "ROOM", "resumed": True, **session})
        await self.say(Welcome(1, 1, seq, given), *facts, Live(live))
        return await self.expect(Ack, "12.4.2a", seq=live)

    async def quiet(self, kind: type[Frame], seconds: float, rule: str = "") -> None:
        """Make sure that no frame of a kind comes for some time."""
        early = [each for each in self.unclaimed if isinstance(each, kind)]
        self.check(not early, f"{early[:1]} came", rule)
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                frame = await self.next(left)
            except TimeoutError:
                break
            self.check(not isinstance(frame, kind), f"{frame} came", rule)

    async def close(self, code: int, reason: str = "") -> None:
        """Close the connection."""
        await self.socket.close(code, reason)


def as_it_stands() -> tuple[Frame, ...]:
    """Return the facts of a room of Ann (player 1), who is host, and Bob (player 2)."""
    return Joined(1, 1, PlayerInfo("Ann")), Host(2, 1, 1), Joined(3, 2, PlayerInfo("Bob"))


def welcome() -> Welcome:
    """Return the WELCOME of a fresh stream."""
    return Welcome(1, 1, 0, Session(EPOCH, "ROOM"))


def taken(count: int, seq: int = 3) -> Taken:
    """Return the ACK of a relay."""
    return Taken(count, seq)


class Stage:
    """A relay's part in one room, and the program that has a client for it."""

    def __init__(self, case: Case[Stage], program: Program, url: str, patience: float) -> None:
        self.rule = case.rules[0]
        self.patience = patience
        self.url = url
        self.program = program
        self.told_before: list[Told] = []
        """All lines of the program in this case."""
        self.refusals: list[HTTPStatus] = []
        """How the next upgrades are refused, one after another."""
        self.arrived: list[float] = []
        """When each upgrade was asked for."""
        self.sockets: asyncio.Queue[ServerConnection | None] = asyncio.Queue()
        """New connections; None once the program has ended."""
        self.is_over = False
        self._ends: list[Relay] = []

    # The program.

    async def do(self, what: str, **fields: Any) -> None:
        """Tell the program to do something."""
        await self.program.do(what, **fields)

    async def send(self, payload: bytes, to: Any = None) -> None:
        """Let the program send a payload."""
        await self.do("send", to=to, payload=payload.hex())

    def needs(self, *offers: str) -> None:
        """End the case unless the program offers these."""
        if missing := [each for each in offers if each not in self.program.can]:
            raise NotApplicable(f"the program does not offer {', '.join(missing)}")

    async def told(
        self, event: str, rule: str = "", within: float | None = None, **values: Any
    ) -> Told:
        """Expect the program to tell of an event; the next of its kind must have these values."""
        limit = self.patience if within is None else within
        passed: list[str] = []
        try:
            async with asyncio.timeout(limit):
                while (line := await self._next(limit))["event"] != event:
                    passed.append(str(line)[:60])
        except TimeoutError:
            missed = f", after {'; '.join(passed[-3:])}" if passed else ""
            text = f"the program did not tell {event!r} within {limit:g} s{missed}"
            raise Breach(rule or self.rule, text) from None
        for name, value in values.items():
            if line.get(name) != value:
                text = f"{name} is {line.get(name)!r} in {event!r}, expected {value!r}"
                raise Breach(rule or self.rule, text)
        return line

    def agree(self, line: Told, table: str, **values: Any) -> None:
        """Judge fields of a line, each by the row of its name in a table such as "5 info"."""
        for name, value in values.items():
            if line.get(name) != value:
                text = f"{name} is {line.get(name)!r} in {line['event']!r}, expected {value!r}"
                raise Breach(f"{table} {name}", text)

    async def payload(self, payload: bytes, rule: str = "", **values: Any) -> Told:
        """Expect the program to tell a message with this payload next."""
        return await self.told("message", rule, payload=payload.hex(), **values)

    async def until_mark(self, relay: Relay, seq: int) -> list[Told]:
        """Say a DELIVER that marks a place; return what the program tells until it tells that."""
        begin = len(self.told_before)
        mark = b"mark %d" % seq
        await relay.say(Deliver(seq, 2, mark))
        while (await self.told("message"))["payload"] != mark.hex():
            pass
        return self.told_before[begin:-1]

    async def settle(self, relay: Relay) -> None:
        """Wait until the program has taken in what the relay said, without moving its position."""
        if "volatile" in self.program.can:
            await relay.say(Update(200, 2, b"mark"))
            while (await self.told("update"))["key"] != 200:
                pass
        else:
            await asyncio.sleep(SETTLE)

    async def clock_error(self, relay: Relay, rule: str) -> float:
        """Return how many seconds the program's idea of the relay's time is off."""
        before = relay.clock
        await self.do("clock")
        now = float((await self.told("clock", rule))["now"])
        return max(before - now, now - relay.clock, 0.0) / 1e6

    async def _next(self, within: float) -> Told:
        try:
            line = await self.program.next(within)
        except Silent as silent:
            raise Breach(self.rule, str(silent)) from None
        self.told_before.append(line)
        return line

    # The relay.

    async def connect(self, **options: Any) -> Relay:
        """Let the program connect, and return our end of the connection."""
        await self.do("connect", url=self.url, options={"name": "Ann", **options})
        return await self.accept()

    async def accept(self, rule: str = "", within: float | None = None) -> Relay:
        """Wait for a connection; a client may take its time to come back."""
        limit = RETRY + self.patience if within is None else within
        try:
            async with asyncio.timeout(limit):
                socket = await self._arrival()
        except TimeoutError:
            raise Breach(rule or self.rule, f"no connection came within {limit:g} s") from None
        if socket is None:
            raise Breach(rule or self.rule, "no connection came: the program has ended")
        end = Relay(socket, self.rule, self.patience)
        self._ends.append(end)
        return end

    async def _arrival(self) -> ServerConnection | None:
        """Return the next connection; None once the program has ended, as then none comes."""
        async with asyncio.TaskGroup() as tasks:
            ending = tasks.create_task(self._end_of_program())
            socket = await self.sockets.get()
            ending.cancel()
        return socket

    async def _end_of_program(self) -> None:
        await self.program.ended()
        self.sockets.put_nowait(None)

    async def enters(self, *facts: Frame, live: int = 3, **session: Any) -> Relay:
        """Let the program enter the room as it stands, until it says that it is live."""
        relay = await self.connect()
        await relay.hello()
        await relay.welcomes(*facts, live=live, **session)
        await self.told("live")
        return relay

    async def comes_back(self, rule: str = "") -> tuple[Relay, Hello]:
        """Wait for the client's next connection, and its HELLO."""
        relay = await self.accept(rule)
        return relay, await relay.hello(rule)

    async def stays_away(self, rule: str, seconds: float = 1.0) -> None:
        """Make sure that no connection comes for some time."""
        try:
            async with asyncio.timeout(seconds):
                await self.sockets.get()
        except TimeoutError:
            return
        raise Breach(rule, "the client came back")

    @property
    def now(self) -> float:
        """Seconds of a clock that never jumps."""
        return time.monotonic()

    async def end(self) -> None:
        """Send what is left of the client away."""
        self.is_over = True
        while not self.sockets.empty():
            if socket := self.sockets.get_nowait():
                self._ends.append(Relay(socket, self.rule, self.patience))
        for each in self._ends:
            await each.close(GO_AWAY)


class House:
    """The server of all stages: a room's name in the address says whose connection it is."""

    def __init__(self) -> None:
        self.stages: dict[str, Stage] = {}
        self.url = ""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Listen on a free port of loopback."""
        async with serve(
            self._handle,
            "127.0.0.1",
            0,
            process_request=self._check,
            select_subprotocol=_selected,
            compression=None,
            ping_interval=None,
            max_size=None,
            max_queue=None,
            close_timeout=1,
        ) as server:
            port = server.sockets[0].getsockname()[1]
            self.url = f"ws://127.0.0.1:{port}"
            yield

    async def _check(self, socket: ServerConnection, request: Request) -> Response | None:
        stage = self._stage(request)
        if stage is None:
            return None
        stage.arrived.append(time.monotonic())
        if stage.refusals:
            return socket.respond(stage.refusals.pop(0), "not today\n")
        return None

    async def _handle(self, socket: ServerConnection) -> None:
        stage = self._stage(socket.request)
        if stage is None or stage.is_over:
            await socket.close(GO_AWAY)
            return
        stage.sockets.put_nowait(socket)
        await socket.wait_closed()

    def _stage(self, request: Request | None) -> Stage | None:
        path = request.path if request else ""
        return self.stages.get(path.partition("?")[0].rpartition("/")[2].upper())


def _selected(_: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    # SPEC 2.3: a client that offers none is served all the same.
    return Subprotocol(SUBPROTOCOL) if SUBPROTOCOL in offered else None


book: Book[Stage] = Book("C")
"""All cases against a client."""
