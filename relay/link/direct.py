"""The link without a detour: messages by plain calls, bytes straight to the transport.

What a room tells in one turn of the event loop is gathered and written at the turn's end, once for
each client: what bounds a relay is what the kernel takes for each write.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from functools import partial

from protocol import fast_path
from protocol.close_codes import CloseCode
from protocol.opcodes import Opcode
from relay.conditions.dice import Direction
from relay.conditions.shape import Shape
from relay.delivery.outbox import Outbox
from relay.delivery.outlet import Outlet, write_nothing
from relay.history.ws_frame import opcode, split
from relay.link.channel import Channel, Heartbeat, Hold
from relay.link.inbound import Closed
from relay.link.shaping import Current, Shaper
from relay.node.link import Look
from relay.node.node import Node
from relay.policy.rate_limits import TokenBucket

CONTROLS_PER_SECOND = 20.0
CONTROLS_BURST = 100.0
"""Pings and pongs of a client: a heartbeat needs one in some seconds, and no game needs more."""

MAX_PIECES = 64
"""Frames of one message: it is short, and the smallest pieces cost most."""


class DirectLink(Channel):
    """A client's connection to its room, once the server's protocol has let go of it."""

    __deletable__ = ("_connection",)
    __slots__ = (
        "_catching_up",
        "_connection",
        "_controls",
        "_down",
        "_is_awake",
        "_peers",
        "_up",
        "outbox",
        "shaped",
        "wished",
    )

    def __init__(
        self,
        taken: Channel,
        peers: set[Channel],
        node: Node,
        room: str,
        address: str,
        wished: Shape | None = None,
    ) -> None:
        """
        Args:
            taken: what carried the connection so far.
            peers: all of the server's, from which it tells them to shut down.
            room: the name in the URL. address: the client's, without its port.
            wished: conditions that the URL asks for.
        """
        super().__init__(taken.loop, taken.inbound)
        settings = node.settings
        self.wished = wished
        self.shaped: Shape | None = None
        self._down: Current | None = None
        self._up: Current | None = None
        self.inbound.max_pieces = MAX_PIECES
        self.max_blocked = settings.slow_seconds
        self._peers = peers
        self._catching_up = node.catching_up
        self._is_awake = False
        self._controls = TokenBucket(CONTROLS_PER_SECOND, CONTROLS_BURST)
        self.inherit(taken)
        outlet = Outlet(
            try_write=_past(self.transport),
            write=self.transport.write,
            ready=self._wake,
            behind=self._behind,
            caught_up=self._caught_up,
        )
        self.outbox = Outbox(
            outlet,
            max_bytes=settings.outbox_bytes,
            max_frames=settings.outbox_frames,
            tally=node.tally,
        )
        self._connection = node.connect(self, room, address)
        peers.add(self)
        self.begin_heartbeat(Heartbeat(settings.ping_seconds, settings.ping_timeout))

    # In.

    def data_received(self, data: bytes) -> None:
        """Take the short way with a frame that comes alone, as nearly all do."""
        connection = self._connection
        if self._held or self.is_ended or connection.seat is None:
            message = None
        else:
            message = self.inbound.lone(data)
        if message is None:
            super().data_received(data)
            return
        self.heard = now = self.loop.time()
        try:
            pause = connection.receive(message, now)
        except Exception as error:
            connection.failed(error)
        else:
            if pause:
                self._rest(pause)

    def on_messages(self, messages: Sequence[bytes | str]) -> Sequence[bytes | str]:
        connection, now = self._connection, self.heard
        if self._up is not None:
            return self._let_in(self._up, messages)
        try:
            for index, message in enumerate(messages):
                # SPEC 2.5: every frame is a binary message.
                if isinstance(message, str):
                    connection.close(CloseCode.TEXT_REFUSED)
                elif connection.seat is None:
                    connection.greet(message, now)
                elif pause := connection.receive(message, now):
                    self._rest(pause)
                    return messages[index + 1 :]
        except Exception as error:
            connection.failed(error)
        return ()

    def on_rest(self, messages: Sequence[bytes | str]) -> None:
        up, self._up = self._up, None
        for message in (*(up.flush() if up is not None else ()), *messages):
            if isinstance(message, str):
                self._connection.close(CloseCode.TEXT_REFUSED)
            else:
                self._receive_late(message, self.heard)

    def on_extras(self, frames: int, controls: int) -> None:
        now = self.loop.time()
        if controls and self._controls.take(controls, now):
            self._connection.close(CloseCode.TOO_FAST)
        elif pause := self._connection.spend(frames, now):
            self._rest(pause)

    def _rest(self, seconds: float) -> None:
        self.hold(Hold.OWNER)
        self.loop.call_later(seconds, self.release, Hold.OWNER)

    # Out.

    def _wake(self) -> None:
        if not self._is_awake:
            self._is_awake = True
            if self.outbox.is_following:
                self._catching_up.ask(self._work)
            else:
                self.loop.call_soon(self._work)

    def _work(self) -> int:
        """Write what waits, a batch a turn, and then let it flow. Returns: the bytes written."""
        self._is_awake = False
        outbox = self.outbox
        if self.is_blocked or self.is_ended:
            return 0
        if self._down is not None:
            return self._let_out(self._down)
        data = b"".join(outbox.take())
        self.write(data)
        if outbox.is_waiting:
            self._wake()
        elif not self.is_blocked:
            outbox.flow()
        return len(data)

    def _behind(self) -> None:
        self._connection.behind()

    def _caught_up(self) -> None:
        self._connection.caught_up()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.outbox.hold()

    def on_writable(self) -> None:
        self._wake()

    # Under conditions (relay/conditions). The short ways are shut: nothing flows, and no frame is
    # read alone.

    def shape(self, shape: Shape | None, player: int) -> None:
        """Let the conditions of a player hold from now on. What is on its way arrives at once."""
        self._flush()
        self.shaped = shape
        if shape is None:
            self.inbound.open_lane()
            self._wake()
            return
        self.inbound.shut_lane()
        self.outbox.hold()
        if not (self.outbox.is_following or self.is_blocked):
            self.write(b"".join(self.outbox.take()))
        begin = Shaper(self._connection.node.settings, self.loop.time, self._cut).begin
        self._down = begin(shape, player, Direction.DOWN, self._write_late, self._wake)
        self._up = begin(shape, player, Direction.UP, self._receive_late, self._read_on)
        self._wake()

    def _let_in(self, up: Current, messages: Sequence[bytes | str]) -> Sequence[bytes | str]:
        for index, message in enumerate(messages):
            if isinstance(message, str):
                self._connection.close(CloseCode.TEXT_REFUSED)
                return ()
            if up.is_full:
                self.hold(Hold.OWNER)
                return messages[index:]
            up.push(message, is_volatile=fast_path.is_volatile(message))
        return ()

    def _let_out(self, down: Current) -> int:
        """Returns: the bytes that are on their way from now on."""
        size = 0
        if not down.is_full:
            for run in self.outbox.take():
                size += len(run)
                for message in split(run):
                    down.push(message, is_volatile=opcode(message) == Opcode.UPDATE)
            if self.outbox.is_waiting:
                self._wake()
        return size

    def _write_late(self, message: bytes, now: float) -> float:
        self.write(message)
        return 0.0

    def _receive_late(self, message: bytes, now: float) -> float:
        try:
            return self._connection.receive(message, now)
        except Exception as error:
            self._connection.failed(error)
            return 0.0

    def _read_on(self) -> None:
        self.release(Hold.OWNER)

    def _cut(self) -> None:
        # First, as nothing may count that follows what is lost here.
        self._connection.lost()
        self.abort()

    def _flush(self) -> None:
        """End the conditions, so that the rest arrives at once."""
        down, up, self._down, self._up = self._down, self._up, None, None
        if up is not None:
            now = self.loop.time()
            for message in up.flush():
                self._receive_late(message, now)
            self._read_on()
        if down is not None:
            self.write(b"".join(down.flush()))

    # The end.

    def close(self, code: CloseCode, reason: str) -> None:
        """Send what waits, then close. A peer that does not read is cut off after a while."""
        if not self.is_ended:
            self._flush()
            self.write(b"".join(self.outbox.take()))
            self.end(code, reason)

    def look(self) -> Look:
        blocked = self.loop.time() - self.blocked_since if self.is_blocked else 0.0
        waiting = self.transport.get_write_buffer_size()
        frames, rtt = self.inbound.frames, self.rtt()
        still = (self.unanswered(), self.silent(), self.lapses())
        return Look("direct", rtt, blocked, waiting, frames, *still)

    def shutdown(self) -> None:
        """Close, as the server goes down: it waits for nobody's answer."""
        self._connection.close(CloseCode.DRAIN)
        self.transport.close()

    def on_silent(self) -> None:
        self._connection.close(CloseCode.SILENT)

    def on_stuck(self) -> None:
        self._connection.close(CloseCode.TOO_SLOW)

    def on_closed(self, closed: Closed) -> None:
        self._flush()
        self._connection.lost()

    def on_lost(self) -> None:
        self.outbox.hold()  # first of all: the next client may get this one's descriptor
        self._peers.discard(self)
        self._flush()
        self._connection.lost()
        # Python frees at once what nothing holds, and rarely looks for what holds itself.
        del self._connection


def _past(transport: asyncio.Transport) -> Callable[[bytes], int]:
    """Return what writes to a socket past its transport, in which nothing waits.

    A relay does little else than write, and the detour costs as much as the rest of fan-out.
    """
    is_plain = transport.get_extra_info("sslcontext") is None
    socket = transport.get_extra_info("socket")
    if os.name != "posix" or not is_plain or socket is None:
        return write_nothing
    return partial(os.write, socket.fileno())
