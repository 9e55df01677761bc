"""What a case against a relay plays in: a room of its own, and the players that it opens there."""

from __future__ import annotations

import asyncio
import secrets
import string
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NoReturn
from urllib.parse import urlsplit

from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from clients.conform.case import Book, Case, NotApplicable
from clients.conform.talk import End, Socket
from protocol import SUBPROTOCOL, WIRE_VERSION
from protocol.codec import Role
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Ack,
    Deliver,
    Desync,
    Error,
    Frame,
    Hello,
    HelloOptions,
    Host,
    Joined,
    Left,
    Live,
    Ping,
    Pong,
    PresenceChanged,
    Property,
    RoomOptions,
    Start,
    Taken,
    Tick,
    Welcome,
)

FACTS = (Deliver, Desync, Error, Host, Joined, Left, PresenceChanged, Property, Start, Tick)
"""What has a place in the room's order; an ERROR only where its seq is not 0."""

LETTERS = string.ascii_uppercase + string.digits
LAG = 2.0  # seconds beside SPEC's own, as the relay's machine may be busy
UPGRADE = 10.0  # seconds for a WebSocket to open


class Player(End):
    """A client of the relay under test. It does only what the case says."""

    other = Role.RELAY

    def __init__(self, socket: Socket, rule: str, patience: float) -> None:
        super().__init__(socket, rule, patience)
        self.welcome: Welcome | None = None
        self.seat: bytes | None = None
        self.stream: list[Frame] = []
        """What came between WELCOME and LIVE, the newest of these."""
        self.reached = 0
        """The highest seq of a fact since the last WELCOME, as far as it must grow."""
        self._is_live = False
        self._promised = 0
        """Up to here everything was sent, says a PONG or an ACK."""

    @property
    def me(self) -> int:
        assert self.welcome is not None
        return self.welcome.player

    @property
    def epoch(self) -> bytes:
        assert self.welcome is not None
        return self.welcome.session.epoch

    async def hello(self, version: int = WIRE_VERSION, **options: Any) -> None:
        """Say HELLO, and nothing more."""
        self.seat = options.get("seat")
        await self.say(Hello(version, HelloOptions(**options)))

    async def welcomed(self, rule: str = "", within: float | None = None) -> Welcome:
        """Wait for WELCOME. An ERROR that refuses the entry instead is shown in the breach."""
        self.welcome = await self.expect(Welcome, rule, within)
        return self.welcome

    async def live(self, rule: str = "", within: float | None = None) -> Live:
        """Wait for LIVE, and acknowledge it."""
        begin = len(self.heard)
        live = await self.expect(Live, rule, within)
        self.stream = self.heard[begin:-1]
        await self.say(Ack(live.seq))
        return live

    async def enter(self, **options: Any) -> Player:
        """Say HELLO, and wait until the room is known."""
        await self.hello(**options)
        await self.welcomed()
        await self.live()
        return self

    async def refused(
        self, code: ErrorCode, rule: str = "", within: float | None = None, **values: Any
    ) -> Error:
        """Expect an ERROR with this code next, and fields of it as in `expect`."""
        rule = rule or f"7 {code.name}"
        return await self.expect(Error, rule, within, code=code, **values)

    async def fence(self, rule: str = "") -> list[Frame]:
        """Return all that the relay says before it answers a PING of ours."""
        begin, mark = len(self.heard), secrets.randbits(48)
        await self.say(Ping(mark))
        while (await self.expect(Pong, rule or "4.4")).t != mark:
            pass
        return self.heard[begin:-1]

    async def hears_none(self, kind: type[Frame], rule: str = "") -> None:
        """Make sure that no frame of a kind comes before the relay answers a PING."""
        found = [each for each in await self.fence(rule) if isinstance(each, kind)]
        self.check(not found, f"no {kind.__name__} should come, but {found[:1]}", rule)

    def noticed(self, frame: Frame) -> None:
        match frame:
            case Welcome(seq=seq):
                self.reached, self._is_live = seq, frame.session.resumed
                self._promised = 0
            case Live(seq=seq):
                self.check(seq >= self.reached, f"LIVE {seq} after {self.reached}", "12.2.4")
                self.reached, self._is_live = seq, True
            case Pong(seq=seq) | Taken(seq=seq):
                self.reached = self._promised = max(self.reached, seq)
            case _ if isinstance(frame, FACTS) and (seq := getattr(frame, "seq", 0)):
                grows = seq > self.reached or not self._is_live
                rule = "12.4.1" if seq <= self._promised else "12.1.2"
                self.check(grows, f"seq {seq} after {self.reached}", rule)
                self.reached = max(self.reached, seq)


class Scene:
    """The relay under test, and a room that no other case knows."""

    def __init__(self, url: str, case: Case[Scene], patience: float, stack: AsyncExitStack) -> None:
        self.base = url
        self.rule = case.rules[0]
        self.patience = patience
        self.room = "CF" + "".join(secrets.choice(LETTERS) for _ in range(14))
        self._stack = stack

    async def connect(
        self,
        room: str | None = None,
        *,
        query: str = "",
        offers: Sequence[str] = (SUBPROTOCOL,),
        **options: Any,
    ) -> Player:
        """Open a WebSocket to the room, or to another one, and say nothing."""
        socket = await self._stack.enter_async_context(
            connect(
                f"{self.base}/r/{self.room if room is None else room}{query}",
                subprotocols=[Subprotocol(each) for each in offers] or None,
                compression=None,
                ping_interval=None,
                max_size=None,
                max_queue=None,
                open_timeout=UPGRADE,
                close_timeout=1,
                proxy=None,
                **options,
            )
        )
        return Player(socket, self.rule, self.patience)

    async def enter(self, name: str = "", room: str | None = None, **options: Any) -> Player:
        """Open a connection, enter the room, and know it."""
        player = await self.connect(room)
        return await player.enter(**{"name": name, "seat": a_seat(), **options})

    async def two(self, **create: Any) -> tuple[Player, Player]:
        """Let a host and a guest enter a room that is made so; both know of both."""
        options = RoomOptions(**create) if create else True
        ann = await self.enter("Ann", create=options)
        bob = await self.enter("Bob", can_host=True)
        await ann.fence()
        return ann, bob

    def not_applicable(self, why: str) -> NoReturn:
        """End the case: the relay does not have what it is about."""
        raise NotApplicable(why)

    def needs_loopback(self) -> None:
        """End the case unless the relay is on this machine."""
        if urlsplit(self.base).hostname not in ("127.0.0.1", "::1", "localhost"):
            self.not_applicable("the relay is not on this machine")

    @property
    def now(self) -> float:
        """Seconds of a clock that never jumps."""
        return time.monotonic()

    async def idle(self, seconds: float) -> None:
        """Let time pass, where SPEC itself says how much."""
        await asyncio.sleep(seconds)

    async def again(self, player: Player, **options: Any) -> Player:
        """Come back to the player's seat on another connection, and say HELLO only."""
        other = await self.connect()
        await other.hello(**{"seat": player.seat, **options})
        return other


@asynccontextmanager
async def scene(url: str, case: Case[Scene], patience: float) -> AsyncIterator[Scene]:
    """Give a case its scene; all its connections end with it."""
    async with AsyncExitStack() as stack:
        yield Scene(url, case, patience, stack)


def a_seat() -> bytes:
    """Draw the secret of a seat."""
    return secrets.token_bytes(16)


def payloads(frames: list[Frame]) -> list[bytes]:
    """Return what was delivered, in order."""
    return [each.payload for each in frames if isinstance(each, Deliver)]


async def all_heard(player: Player, until: bytes, rule: str = "") -> list[bytes]:
    """Return what is delivered until a payload comes, that one too."""
    found: list[bytes] = []
    while until not in found:
        found.append((await player.find(Deliver, rule)).payload)
    return found


book: Book[Scene] = Book("S")
"""All cases against a relay."""
