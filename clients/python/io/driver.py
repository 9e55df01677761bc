"""Keeps a client connected: opens sockets, carries bytes and events, keeps the timer."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic as now  # uvloop's own clock counts in milliseconds

from clients.python.core.address import Address
from clients.python.core.client_protocol import ABNORMAL, ClientProtocol
from clients.python.errors import JoinError, RoomClosed, RoomwireError, Unreachable, join_error
from clients.python.events import Closed, Reconnecting
from clients.python.io.event_queue import EventQueue
from clients.python.io.ignored import warn_of_ignored
from clients.python.io.unreachable import FAILURES, asked_to_wait, describe, may_pass
from clients.python.io.websocket import Socket, open_socket
from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.errors import RemoteProtocolError

OPEN_TIMEOUT = 10.0  # seconds for one attempt: TCP, TLS and upgrade
LEAVE_PATIENCE = 3.0  # seconds for a relay to answer LEAVE, over as many connections as it takes
WEBSOCKET_HEAD = 64  # bytes above max_frame: DELIVER and UPDATE may be larger by their heads


@dataclass(slots=True)
class Traffic:
    """Frames sent and received, over all connections."""

    sent: int = 0
    received: int = 0


class Driver:
    """Keeps one room connected, in a task. Everything here runs in one event loop."""

    def __init__(
        self, protocol: ClientProtocol, addresses: Sequence[Address], tls: ssl.SSLContext | None
    ) -> None:
        """Args: addresses: of the room at each relay, as many as `protocol` knows."""
        self.protocol = protocol
        self.addresses = addresses
        self.queue = EventQueue()
        self.traffic = Traffic()
        self.loop = asyncio.get_running_loop()
        self._tls = tls
        self._socket: Socket | None = None
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._is_paused = self._is_flushing = False
        self._arrival = asyncio.Event()
        self._space = asyncio.Event()
        self._was_read = asyncio.Event()
        self._hurry = asyncio.Event()
        """The next attempt to connect is due at once."""
        self._is_awaited = False
        self._turn = asyncio.Lock()
        self._live: asyncio.Future[None] = self.loop.create_future()
        self._last_loss = self._unreached = ""
        self._hopeless: set[Address] = set()
        """Where nothing is that could be a relay."""

    @property
    def address(self) -> Address:
        """The one that has its turn."""
        return self.addresses[self.protocol.backoff.relay]

    # For the room.

    async def open(self, timeout: float) -> None:
        """Connect, and return once the stream is live.

        Warns of a bad network that the address asks for, and the room does not give.

        Raises:
            JoinError: the relay said no.
            Unreachable: nothing that could be a relay answers.
        """
        self._task = asyncio.create_task(self._run(), name=f"roomwire {self.address.url}")
        try:
            async with asyncio.timeout(timeout):
                await self._live
            warn_of_ignored(self.address.url, self.protocol, self.queue)
        except TimeoutError:
            await self.leave()
            raise self._too_late(timeout) from None
        except BaseException:
            await self.leave()
            raise

    async def post(self, *messages: bytes) -> int:
        """Send counted frames as soon as the window has room, in the order of the calls.

        Returns: the last one's number.
        """
        count = 0
        async with self._turn:
            for message in messages:
                await self._wait_for_room()
                count = self.post_now(message)
        return count

    def post_now(self, *messages: bytes) -> int:
        """Send counted frames even if the window is full; return the last one's number."""
        count = 0
        for message in messages:
            count = self.protocol.post(message)
        self.flush_soon()
        return count

    def flush_soon(self) -> None:
        """Send all messages of this turn of the loop in one write, at its end."""
        if not self._is_flushing:
            self._is_flushing = True
            self.loop.call_soon(self._flush)

    def check_open(self) -> None:
        """Raise RoomClosed if the room is over."""
        if self.protocol.closed is not None:
            raise RoomClosed(self.protocol.closed)

    async def wait_for_event(self) -> bool:
        """Wait until the queue has something; say False once nothing can come any more.

        Raises:
            RuntimeError: another task waits here. Each would miss the events that the other takes.
        """
        self.check_one_reader()
        self._is_awaited = True
        try:
            return await self._wait_for_event()
        finally:
            self._is_awaited = False

    def check_one_reader(self) -> None:
        """Raise RuntimeError if another task already waits for events."""
        if self._is_awaited:
            raise RuntimeError(
                "another task already reads this room's events: read them in one task, and pass on"
                " what the others need"
            )

    async def _wait_for_event(self) -> bool:
        while not self.queue:
            if self.has_ended:
                if self.crash is not None:
                    raise self.crash
                return False
            self._arrival.clear()
            await self._arrival.wait()
        return True

    @property
    def has_ended(self) -> bool:
        """Whether the task is over."""
        return self._task is not None and self._task.done()

    @property
    def crash(self) -> BaseException | None:
        """The exception that ended the task. It is a bug of this package, and no network error."""
        if self._task is None or not self._task.done() or self._task.cancelled():
            return None
        return self._task.exception()

    async def _wait_for_room(self) -> None:
        self.check_open()
        while not self.protocol.window_has_room:
            self._space.clear()
            await self._space.wait()
            self.check_open()

    async def ended_or(self, event: asyncio.Event) -> None:
        """Wait until the task is over, or the event is set."""
        assert self._task is not None
        waiting = asyncio.create_task(event.wait())
        try:
            await asyncio.wait([self._task, waiting], return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()

    def events_taken(self) -> None:
        """Read again from the socket, if the program has caught up."""
        self._was_read.set()
        if self.queue.is_low:
            self._read_again()

    def _read_again(self) -> None:
        if self._is_paused and self._socket is not None:
            self._is_paused = False
            self._socket.resume()

    def drop(self) -> None:
        """Cut the connection, if there is one; the task opens another."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def leave(self) -> None:
        """Give the seat up and end the task; returns within a few seconds, whatever happens.

        A lost connection is taken up again for that, if that is soon possible. Otherwise the relay
        holds the seat for a while, and a `Lost` event tells what it may not have.
        """
        if self._task is None or self._task.done():
            return
        self.protocol.leave()
        self._pump()
        try:
            if self.protocol.resume.player:
                await self._wait_for_answer(self._task)
        finally:
            self._end_now(self._task)
        await asyncio.wait([self._task])

    async def _wait_for_answer(self, task: asyncio.Task[None]) -> None:
        if self._socket is None:
            self._hurry.set()
        self._was_read.set()
        await asyncio.wait([task], timeout=LEAVE_PATIENCE)

    def _end_now(self, task: asyncio.Task[None]) -> None:
        self.protocol.farewell.end()
        if self._socket is None:
            task.cancel()
        elif not self.protocol.farewell.is_said:
            self._socket.shut()

    # The task.

    async def _run(self) -> None:
        try:
            while self.protocol.closed is None:
                await self._connect()
                self._pump()
                if (retry_at := self.protocol.retry_at) is not None:
                    await self._wait_until(retry_at)
        except asyncio.CancelledError:
            self.protocol.farewell.end()
            self.protocol.disconnected(ABNORMAL, "", now())
            self._pump()
            raise
        except Exception as error:
            self.protocol.give_up(ABNORMAL, f"The client failed: {error!r}")
            self._pump()
            raise
        finally:
            self._arrival.set()
            self._space.set()

    async def _wait_until(self, retry_at: float) -> None:
        """Wait until it is time to connect again, or there is hurry."""
        with suppress(TimeoutError):
            async with asyncio.timeout(retry_at - now()):
                await self._hurry.wait()
        # Do not come back for one past after the other, while nobody reads them.
        while not (self.protocol.farewell.has_begun or self.queue.has_room_for_a_past):
            self._was_read.clear()
            await self._was_read.wait()
        self._hurry.clear()

    async def _connect(self) -> None:
        """Open one connection and keep it until it ends."""
        protocol = self.protocol
        if not self._live.done():
            # `open` has not returned, so nobody reads yet; this connection tells everything anew.
            self.queue.clear()
        try:
            socket = await open_socket(
                self.address.url,
                max_size=protocol.resume.options.max_frame + WEBSOCKET_HEAD,
                timeout=OPEN_TIMEOUT,
                is_loopback=self.address.is_loopback,
                tls=self._tls,
            )
        except FAILURES as error:
            self._failed(error)
            return
        try:
            await self._converse(socket)
        finally:
            self._end(socket)
        if socket.spoke_text:
            protocol.break_off(RemoteProtocolError(ErrorCode.NOT_A_FRAME, "frames are binary"))
        code = socket.close_code or ABNORMAL
        protocol.disconnected(code, socket.close_reason or "", now())

    async def _converse(self, socket: Socket) -> None:
        self._socket = socket
        self._unreached = ""
        self.protocol.connected(now())
        socket.attach(self._received, self.flush_soon)
        self._pump()
        await socket.wait_closed()

    def _end(self, socket: Socket) -> None:
        self._socket = None
        self._is_paused = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        socket.transport.abort()

    def _failed(self, error: Exception) -> None:
        address = self.address
        text = describe(error, address.url, is_loopback=address.is_loopback)
        is_gone = isinstance(error, ConnectionRefusedError) and self.protocol.resume.window.is_empty
        if is_gone and self.protocol.farewell.has_begun:
            self.protocol.farewell.end()  # no relay is there that could hold the seat
        self.protocol.disconnected(ABNORMAL, text, now(), after=asked_to_wait(error))
        self._unreached = text
        # SPEC 21.2: a client that was in the room comes back, whatever the failure.
        if may_pass(error) or self.protocol.resume.player or self._live.done():
            return
        self._hopeless.add(address)
        if self._hopeless.issuperset(self.addresses):
            self._live.set_exception(Unreachable(text))

    def _received(self, messages: list[bytes]) -> None:
        arrived = now()
        self.traffic.received += len(messages)
        receive = self.protocol.receive
        for message in messages:
            receive(message, arrived)
        self._pump()

    def _pump(self) -> None:
        """Pass events to the program and messages to the relay, and set the timer."""
        protocol = self.protocol
        events = protocol.events_received()
        self.queue.put(events, protocol.room, protocol.known_seq)
        if events:
            self._last_loss = next(
                (e.reason for e in events if isinstance(e, Reconnecting)), self._last_loss
            )
            self._arrival.set()
        if not self._live.done():
            self._answer()
        if protocol.window_has_room or protocol.closed is not None:
            self._space.set()
        if self._socket is not None:
            self._tend(self._socket)

    def _tend(self, socket: Socket) -> None:
        if self.protocol.fault is not None:
            socket.shut(*self.protocol.fault)
            return
        self._flush()
        if self.protocol.farewell.is_said:
            socket.expect_end()
        self._read_or_pause(socket)
        deadline = self.protocol.deadline
        # A timer that fires too early does no harm, so only one that would fire too late is moved.
        if self._timer is None or deadline < self._timer_at:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self.loop.call_later(deadline - now(), self._timed_out)
            self._timer_at = deadline

    def _read_or_pause(self, socket: Socket) -> None:
        if self.protocol.farewell.has_begun:
            self._read_again()  # a program that leaves need not read, but the relay's answer counts
        elif self.queue.is_full and not self._is_paused:
            self._is_paused = True
            socket.pause()

    def _timed_out(self) -> None:
        self._timer = None
        if self._is_paused:
            self.protocol.not_listening(now())
        self.protocol.handle_timer(now())
        self._pump()

    def _flush(self) -> None:
        self._is_flushing = False
        socket = self._socket
        if socket is not None and socket.is_writable and (messages := self.protocol.data_to_send()):
            socket.transmit(messages)
            self.traffic.sent += len(messages)

    def _answer(self) -> None:
        """Tell `open` the outcome, as soon as there is one."""
        if self.protocol.phase == "live":
            self._live.set_result(None)
        elif self.protocol.closed is not None:
            self._live.set_exception(join_error(self.protocol.closed))

    def _too_late(self, timeout: float) -> RoomwireError:
        if self._unreached:
            return Unreachable(f"{self._unreached} (tried for {timeout:g} s)")
        if not self._last_loss:
            return Unreachable(f"no answer from {self.address.url} within {timeout:g} s")
        code = CloseCode.GOING_AWAY
        return JoinError(Closed(code, "gave_up", self._last_loss, may_return=True))
