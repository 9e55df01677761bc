"""One WebSocket, on the `websockets` library. Messages come by plain calls; sending never waits.

The library's own `recv` costs a queue, a future and a turn of the loop for every message. A process
full of bots receives a hundred thousand messages a second.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterable
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_websocket
from websockets.frames import BINARY, CONT, TEXT, Frame
from websockets.protocol import Event, State
from websockets.typing import Subprotocol

from protocol import SUBPROTOCOL
from protocol.close_codes import CloseCode
from protocol.limits import MAX_REASON

CLOSE_PATIENCE = 2.0  # seconds for the other side to finish the close
PROTOCOL_ERROR = 1002  # the WebSocket standard's code for it
WRITE_LIMIT = 64 * 1024  # unsent bytes; above them, volatile values wait for newer ones

Receiver = Callable[[list[bytes]], None]
"""Takes the messages of one read from the socket."""


class Socket(ClientConnection):
    """A connection that hands its messages to a receiver as they come."""

    _receiver: Receiver | None = None
    _on_writable: Callable[[], None] | None = None
    _dying: asyncio.TimerHandle | None = None
    spoke_text = False
    """Whether the other side sent text, as no relay does."""

    def attach(self, receiver: Receiver, on_writable: Callable[[], None]) -> None:
        """Hand messages to `receiver` from here on; call `on_writable` when a full link is free."""
        self._receiver = receiver
        self._on_writable = on_writable
        self._deliver()

    @property
    def is_writable(self) -> bool:
        """Whether a message that is sent here has a chance to leave soon."""
        return self.protocol.state is State.OPEN and not self.paused

    def transmit(self, messages: Iterable[bytes]) -> None:
        """Send messages, gathered into one write."""
        if self.protocol.state is not State.OPEN:
            return
        for message in messages:
            self.protocol.send_binary(message)
        self.transport.write(b"".join(self.protocol.data_to_send()))

    def shut(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Begin to close; the end comes within CLOSE_PATIENCE, whatever the other side does."""
        if self.protocol.state is State.OPEN:
            cut = reason.encode()[:MAX_REASON].decode(errors="ignore")
            self.protocol.send_close(code, cut)
            self.send_data()
        self.expect_end()

    def expect_end(self) -> None:
        """Let the other side close, within CLOSE_PATIENCE."""
        if self._dying is None:
            self._dying = self.loop.call_later(CLOSE_PATIENCE, self.transport.abort)

    def pause(self) -> None:
        """Stop reading from the socket."""
        self.transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        self.transport.resume_reading()

    # What the library calls.

    def process_event(self, event: Event) -> None:
        if not isinstance(event, Frame):
            super().process_event(event)
        elif event.opcode is BINARY and event.fin:
            self._arrived.append(bytes(event.data))
        elif event.opcode is BINARY or event.opcode is CONT:
            self._fragment(event)
        elif event.opcode is TEXT:
            self.spoke_text = True
            self.shut(PROTOCOL_ERROR, "a text message")

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._deliver()
        if self.protocol.close_rcvd:
            self.expect_end()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._arrived: list[bytes] = []
        self._fragments: list[bytes] = []
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._dying is not None:
            self._dying.cancel()
        super().connection_lost(exc)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._on_writable is not None:
            self._on_writable()

    def _deliver(self) -> None:
        if self._receiver is not None and self._arrived:
            arrived, self._arrived = self._arrived, []
            self._receiver(arrived)

    def _fragment(self, frame: Frame) -> None:
        # The library has checked the size of the whole message.
        self._fragments.append(bytes(frame.data))
        if frame.fin:
            self._arrived.append(b"".join(self._fragments))
            self._fragments.clear()


async def open_socket(
    url: str, *, max_size: int, timeout: float, is_loopback: bool, tls: ssl.SSLContext | None
) -> Socket:
    """Open a WebSocket to a room.

    Args:
        max_size: largest message to take, in bytes.
        timeout: seconds for all of it.
        is_loopback: whether to connect directly, past any proxy of the environment.
        tls: for wss, where the default context will not do.

    Raises:
        OSError, TimeoutError, websockets.exceptions.InvalidHandshake: as the library has it.
    """
    extra: dict[str, Any] = {"ssl": tls} if tls else {}
    socket = await open_websocket(
        url,
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        compression=None,
        max_size=max_size,
        open_timeout=timeout,
        ping_interval=None,  # Roomwire's own pings prove life, and carry the clock
        write_limit=WRITE_LIMIT,
        proxy=None if is_loopback else True,
        create_connection=Socket,
        **extra,
    )
    assert isinstance(socket, Socket)
    return socket
