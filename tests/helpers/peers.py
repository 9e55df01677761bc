"""Players that a test drives by hand, on real sockets. They say and hear single frames.

async with party() as at:
    ann, bob = await at.enters("ROOM"), await at.enters("ROOM")
    ann.says(Send(None, b"hi"))
    deliver = await bob.hears(Deliver)
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

from protocol import limits
from protocol.codec import Role, decode, encode
from protocol.frames import (
    Deliver,
    Error,
    Frame,
    Hello,
    HelloOptions,
    Live,
    Ping,
    Pong,
    Snapshot,
    SnapshotWanted,
    Welcome,
)
from relay.broker import Broker
from relay.node.node import Node
from relay.node.on_join import OnJoin
from relay.policy.config import Settings
from relay.room.room import Room
from tests.helpers.raw import BINARY, Closed, RawClient, connect, frame
from tests.helpers.relay import (
    IS_PORTABLE,
    PONG_SECONDS,
    RunningRelay,
    link_url,
    running_relay,
)

PATIENCE = 30.0  # seconds for something that must happen, on a machine that is busy

PATIENT: dict[str, Any] = {
    "hello_seconds": PONG_SECONDS,
    "admit_seconds": PONG_SECONDS,
    "ping_timeout": PONG_SECONDS,
}
"""Settings of a relay whose peers say and hear only what a test lets them, on a busy machine."""

SMALL_WINDOW = 4096
"""Bytes that the kernel buffers for a peer that does not read."""

F = TypeVar("F", bound=Frame)


def new_seat() -> bytes:
    """Make a seat's secret."""
    return secrets.token_bytes(limits.SEAT_BYTES)


class Peer:
    """One connection, and everything that it heard."""

    def __init__(self, raw: RawClient) -> None:
        self.raw = raw
        self.heard: list[Frame] = []

    # Saying.

    def says(self, *frames: Frame | bytes) -> None:
        """Send frames, or raw messages, even to a relay that does not read."""
        messages = (said if isinstance(said, bytes) else encode(said) for said in frames)
        self.raw.write(b"".join(frame(BINARY, message) for message in messages))

    def greets(self, **options: Any) -> None:
        """Say HELLO with these options."""
        self.says(Hello(1, HelloOptions(**options)))

    # Hearing.

    async def next(self) -> Frame:
        """Return the next frame.

        Raises:
            Closed: the connection is over.
        """
        return await self._next(PATIENCE)

    async def _next(self, seconds: float | None) -> Frame:
        self.heard.append(decode(await self.raw.receive(seconds), Role.RELAY))
        return self.heard[-1]

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """Read meanwhile, and so answer pings, as a program does that runs."""
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self._read())
            yield
            task.cancel()

    async def _read(self) -> None:
        while True:
            await self._next(None)  # there may be nothing to hear

    async def hears(self, wanted: type[F], such: Callable[[F], bool] = lambda frame: True) -> F:
        """Return the next frame of this kind that fits; skip others."""
        async with asyncio.timeout(PATIENCE):
            while True:
                heard = await self.next()
                if isinstance(heard, wanted) and such(heard):
                    return heard

    async def catches_up(self) -> list[Frame]:
        """Return the frames on their way: those before the answer to a PING."""
        start = len(self.heard)
        t = secrets.randbits(32)
        self.says(Ping(t))
        await self.hears(Pong, lambda pong: pong.t == t)
        return self.heard[start:-1]

    async def ends(self) -> tuple[int, str]:
        """Read to the end. Returns: code and reason of the close."""
        try:
            while True:
                await self.next()
        except Closed as closed:
            return closed.code, closed.reason

    async def is_turned_away(self) -> tuple[Error, int]:
        """Expect an ERROR and then, at once, the close. Returns: the ERROR, and the close code."""
        error = await self.next()
        assert isinstance(error, Error), error
        start = len(self.heard)
        code, _ = await self.ends()
        assert self.heard[start:] == []
        return error, code

    # What it knows.

    @property
    def welcome(self) -> Welcome:
        return self.all(Welcome)[-1]

    @property
    def me(self) -> int:
        return self.welcome.player

    @property
    def position(self) -> tuple[bytes, int]:
        """Return the position for a resume."""
        speaking = (f for f in self.heard if not isinstance(f, Snapshot | SnapshotWanted))
        return self.welcome.session.epoch, max(getattr(frame, "seq", 0) for frame in speaking)

    def all(self, wanted: type[F]) -> list[F]:
        """Return all frames of this kind that were heard so far."""
        return [frame for frame in self.heard if isinstance(frame, wanted)]

    @property
    def payloads(self) -> list[bytes]:
        """The payloads delivered so far."""
        return [frame.payload for frame in self.all(Deliver)]


class Party:
    """Brings peers to a relay."""

    def __init__(self, url: str, peers: AsyncExitStack, relay: RunningRelay | None = None) -> None:
        """Args: peers: closes their connections. relay: if it is in this process."""
        self.url = url
        self._peers = peers
        self._relay = relay

    @property
    def relay(self) -> RunningRelay:
        assert self._relay is not None
        return self._relay

    @property
    def node(self) -> Node:
        return self.relay.node

    @property
    def token(self) -> str:
        """The operator's."""
        return self.relay.token

    def room(self, name: str) -> Room:
        """Return the room of this name, which must exist."""
        room = self.node.registry.find(name)
        assert room is not None
        return room

    async def connects(self, room: str, **options: Any) -> Peer:
        """Open a connection to a room, and say nothing. Options are those of `raw.connect`."""
        raw = await self._peers.enter_async_context(connect(link_url(self.url, room), **options))
        return Peer(raw)

    async def enters(self, room: str, *, source: str | None = None, **options: Any) -> Peer:
        """Connect from this address, say HELLO with these options, and wait for LIVE."""
        peer = await self.connects(room, source=source)
        peer.greets(**options)
        await peer.hears(Live)
        return peer

    async def enters_and_sticks(self, room: str, **options: Any) -> Peer:
        """Enter, and then read nothing more."""
        stuck = await self.connects(room, receive_buffer=SMALL_WINDOW)
        stuck.greets(**options)
        await stuck.hears(Live)
        stuck.raw.stop_reading()
        return stuck


@asynccontextmanager
async def party(
    on_join: OnJoin | None = None,
    *,
    is_portable: bool = IS_PORTABLE,
    broker: Broker | None = None,
    **settings: Any,
) -> AsyncIterator[Party]:
    """Run a relay for peers to come to.

    Args: settings: without them, it is patient with peers that are slow.
    """
    chosen = Settings(**{**PATIENT, **settings})
    async with (
        running_relay(chosen, on_join=on_join, is_portable=is_portable, broker=broker) as relay,
        AsyncExitStack() as peers,
    ):
        yield Party(relay.url, peers, relay)


@asynccontextmanager
async def party_at(url: str) -> AsyncIterator[Party]:
    """Bring peers to a relay that runs already."""
    async with AsyncExitStack() as peers:
        yield Party(url, peers)


async def until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Poll for a condition that no frame tells of. Where a frame does, wait for the frame."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - whoever could set an event is under test
            await asyncio.sleep(0.002)
