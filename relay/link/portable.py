"""The link on any ASGI server: Starlette's WebSocket, one task that reads and one that writes."""

from __future__ import annotations

import asyncio
import contextlib
import time

from starlette.websockets import WebSocket, WebSocketDisconnect

from protocol import fast_path
from protocol.close_codes import CloseCode
from protocol.opcodes import Opcode
from relay.conditions.dice import Direction
from relay.conditions.shape import Shape
from relay.delivery.deferred import Queue
from relay.delivery.outbox import Outbox
from relay.delivery.outlet import Outlet, write_nothing
from relay.delivery.tally import Tally
from relay.history.ws_frame import opcode, split, unwrap
from relay.link.shaping import Current, Shaper
from relay.node.connection import Connection
from relay.node.link import Look
from relay.node.node import Node
from relay.policy.config import Settings

CLOSE_PATIENCE = 2.0  # seconds for a peer to take what waits for it once it is being closed
AT_ONCE = 64  # messages of one who catches up, between two turns
MESSAGE_COST = 1024  # of each, in bytes: it goes by several calls, however short it is


class PortableLink:
    """Takes from the outbox as fast as the server's `send` lets it."""

    def __init__(
        self,
        websocket: WebSocket,
        *,
        settings: Settings,
        catching_up: Queue,
        tally: Tally,
        wished: Shape | None = None,
    ) -> None:
        """
        Args:
            wished: conditions that the URL asks for.
            tally: of the node.
            catching_up: of the node, in which those wait for their turn who read from the history.
        """
        self._catching_up = catching_up
        self._ready = asyncio.Event()
        outlet = Outlet(
            try_write=write_nothing,
            write=_never_written,
            ready=self._ready.set,
            behind=self._behind,
            caught_up=self._caught_up,
        )
        self.outbox = Outbox(
            outlet,
            max_bytes=settings.outbox_bytes,
            max_frames=settings.outbox_frames,
            tally=tally,
        )
        self.wished = wished
        self.shaped: Shape | None = None
        self._settings = settings
        self._down: Current | None = None
        self._up: Current | None = None
        self._drained = asyncio.Event()
        """There is place in what the client's frames wait in."""
        self._due: list[bytes] = []
        """What was on its way under conditions, and is to be sent."""
        self._is_cut = False
        self._websocket = websocket
        self._closing: tuple[CloseCode, str] | None = None
        self._ended = asyncio.Event()
        self._connection: Connection | None = None
        self._slow_seconds = settings.slow_seconds
        self._sending_since: float | None = None
        self._watch: asyncio.TimerHandle | None = None

    def _behind(self) -> None:
        assert self._connection is not None, "an outbox begins with its connection"
        self._connection.behind()

    def _caught_up(self) -> None:
        assert self._connection is not None, "an outbox begins with its connection"
        self._connection.caught_up()

    def close(self, code: CloseCode, reason: str) -> None:
        if self._closing is None:
            self._flush()
            self._closing = (code, reason)
            self._ready.set()
            asyncio.get_running_loop().call_later(CLOSE_PATIENCE, self._ended.set)

    def look(self) -> Look:
        since = self._sending_since
        return Look("portable", blocked=0.0 if since is None else time.monotonic() - since)

    def silent(self, *, lately: bool = False) -> float:
        return 0.0  # an app is not told of pings

    async def run(self, connection: Connection) -> None:
        """Carry the connection until its end."""
        self._connection = connection
        reading = asyncio.create_task(self._read(connection))
        ending = [asyncio.create_task(self._write()), asyncio.create_task(self._ended.wait())]
        try:
            await asyncio.wait([reading, *ending], return_when=asyncio.FIRST_COMPLETED)
            if reading.done() and (error := reading.exception()) is not None:
                connection.failed(error)
                await asyncio.wait(ending, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._flush()
            connection.lost()
            if self._watch is not None:
                self._watch.cancel()
            for task in (reading, *ending):
                task.cancel()
            # Not gather: it loses the message by which anyio knows its own cancellation again.
            await asyncio.wait([reading, *ending])
            self._connection = None  # or the two would hold each other

    async def _read(self, connection: Connection) -> None:
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            data = message.get("bytes")
            if data is None:
                connection.close(CloseCode.TEXT_REFUSED)
                await self._ended.wait()
            elif connection.seat is None:
                connection.greet(data, time.monotonic())
            elif self._up is not None:
                await self._let_in(self._up, data)
            elif pause := connection.receive(data, time.monotonic()):
                await asyncio.sleep(pause)

    async def _write(self) -> None:
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                await self._ready.wait()
                self._ready.clear()
                while self._due or self.outbox.is_waiting:
                    if self._is_cut or not await self._send_some():
                        break
                if self._closing is not None:
                    code, reason = self._closing
                    await self._websocket.close(code, reason)
                    return

    async def _send_some(self) -> bool:
        """Returns: whether there may be more to send now."""
        if self._due:
            due, self._due = self._due, []
            await self._send(due)
        elif self._down is None:
            await self._send(self.outbox.take())
        elif self._down.is_full:
            return False
        else:
            self._let_out(self._down)
        return True

    async def _send(self, messages: list[bytes]) -> None:
        send, now = self._websocket.send, time.monotonic
        is_following = self.outbox.is_following
        many = 0
        for run in messages:
            for message in split(run):
                self._sending_since = now()
                if self._watch is None:
                    self._watch_for(self._slow_seconds)
                await send({"type": "websocket.send", "bytes": unwrap(message)})
                many += 1
                if is_following and many == AT_ONCE:
                    await self._turn(many)
                    many = 0
        if is_following:
            await self._turn(many)
        self._sending_since = None

    async def _turn(self, many: int) -> None:
        """Wait for a turn of those who catch up, after so many messages."""
        self._sending_since = None
        turn = asyncio.Event()

        def go_on() -> int:
            turn.set()
            return many * MESSAGE_COST

        self._catching_up.ask(go_on)
        await turn.wait()

    # Under conditions (relay/conditions).

    def shape(self, shape: Shape | None, player: int) -> None:
        """Let the conditions of a player hold from now on. What is on its way arrives at once."""
        self._flush()
        self.shaped = shape
        if shape is not None:
            if not self.outbox.is_following:
                self._due += self.outbox.take()
            begin = Shaper(self._settings, time.monotonic, self._cut).begin
            self._down = begin(shape, player, Direction.DOWN, self._send_late, self._ready.set)
            self._up = begin(shape, player, Direction.UP, self._receive_late, self._drained.set)
        self._ready.set()

    async def _let_in(self, up: Current, message: bytes) -> None:
        up.push(message, is_volatile=fast_path.is_volatile(message))
        while self._up is up and up.is_full:
            self._drained.clear()
            await self._drained.wait()

    def _let_out(self, down: Current) -> None:
        for run in self.outbox.take():
            for message in split(run):
                down.push(message, is_volatile=opcode(message) == Opcode.UPDATE)

    def _send_late(self, message: bytes, now: float) -> float:
        self._due.append(message)
        self._ready.set()
        return 0.0

    def _receive_late(self, message: bytes, now: float) -> float:
        assert self._connection is not None, "a shaped connection is there"
        return self._connection.receive(message, now)

    def _flush(self) -> None:
        """End the conditions, so that the rest arrives at once."""
        down, up, self._down, self._up = self._down, self._up, None, None
        if up is not None:
            for message in up.flush():
                self._receive_late(message, time.monotonic())
            self._drained.set()
        if down is not None:
            self._due += down.flush()
            self._ready.set()

    def _cut(self) -> None:
        """End without a word of what waits. An app cannot cut its server's connection, so that
        this closes it with a code that says come back."""
        if self._closing is None and self._connection is not None:
            # First, as nothing may count that follows what is lost here.
            self._connection.lost()
            self._is_cut = True
            self._due.clear()
            self.close(CloseCode.SILENT, "cut")

    def _watch_for(self, seconds: float | None) -> None:
        if seconds is not None:
            self._watch = asyncio.get_running_loop().call_later(seconds, self._check_progress)

    def _check_progress(self) -> None:
        """Cut off a peer that takes nothing, however little waits for it."""
        self._watch = None
        if self._sending_since is None or self._slow_seconds is None:
            return
        left = self._sending_since + self._slow_seconds - time.monotonic()
        if left > 0:
            self._watch_for(left)
        elif self._connection is not None:
            self._connection.close(CloseCode.TOO_SLOW)


def _never_written(data: bytes) -> None:
    raise AssertionError("an outbox of the portable link never flows")


async def serve(
    websocket: WebSocket, node: Node, room: str, address: str, wished: Shape | None = None
) -> None:
    """Serve an accepted WebSocket until it ends.

    Args:
        room: the name in the URL. address: the client's, without its port.
        wished: conditions that the URL asks for.
    """
    link = PortableLink(
        websocket,
        settings=node.settings,
        catching_up=node.catching_up,
        tally=node.tally,
        wished=wished,
    )
    await link.run(node.connect(link, room, address))
