"""One TCP connection with WebSocket frames on it, on a blocking socket: nothing is done unasked."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from collections import deque
from collections.abc import Sequence
from typing import Final

from clients.fuzz.peers.faults import Fault
from clients.fuzz.peers.plan.dress import Writing
from clients.fuzz.peers.plan.framing import (
    ABNORMAL,
    BINARY,
    CLOSE,
    PING,
    PONG,
    Broken,
    Inbox,
    close_of,
    frame,
)
from clients.fuzz.peers.transcript import Transcript

CHUNK: Final = 64 * 1024
DRIP: Final = 0.0005
"""Seconds between two pieces of one writing: so each is read alone."""

LAST_WORDS: Final = 0.3
"""Seconds without a word after which last messages are taken to be read."""

MOST_HEAD: Final = 16 * 1024


class Ended(Exception):
    """The other side has ended the connection.

    Attributes:
        code: of its close frame; 1006 where there was none.
    """

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"closed with {code} {reason}".rstrip())
        self.code = code
        self.reason = reason


class Wire:
    """A connection. Its other side's frames are judged as strictly as RFC 6455 does."""

    def __init__(
        self, end: socket.socket, name: str, transcript: Transcript, *, is_client: bool
    ) -> None:
        """Args: is_client: whether we are one. name: of this connection, in the transcript."""
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = end
        self.name = name
        self.transcript = transcript
        self._pings: list[bytes] = []
        self._pongs: list[bytes] = []
        """Payloads of the pings that were written, and of the pongs that came."""
        self._is_client = is_client
        self._inbox = Inbox(is_masked=not is_client)
        self._messages: deque[bytes] = deque()
        self._ended: Ended | None = None

    # Out.

    def write(self, writing: Writing) -> None:
        """Write bytes in their pieces. A peer that is gone takes none: reading tells of it."""
        self.transcript.sent(self.name, writing.data)
        self._pings += writing.pings
        with contextlib.suppress(OSError):
            for index, piece in enumerate(writing.pieces):
                if index:
                    time.sleep(DRIP)
                self.socket.sendall(piece)

    def _answer(self, opcode: int, data: bytes) -> None:
        self.write(Writing(frame(opcode, data, bytes(4) if self._is_client else None)))

    # In.

    def message(self, until: float) -> bytes:
        """Return the next binary message.

        Raises:
            Ended: the other side has closed, and everything before was returned.
            TimeoutError: none came until then, on the monotonic clock.
            Fault: what came breaks RFC 6455.
        """
        while not self._messages:
            if self._ended is not None:
                raise self._ended
            self._read(until)
        return self._messages.popleft()

    def end(self, until: float) -> Ended:
        """Read to the end of the connection and return it; messages are passed over.

        Raises:
            TimeoutError: the other side did not end it.
        """
        while self._ended is None:
            self._read(until)
        return self._ended

    def gone(self, until: float) -> None:
        """Wait until the other side has let go of the TCP connection.

        Raises:
            TimeoutError: it did not.
        """
        while self.take(until):
            pass

    def check_pongs(self, until: float) -> None:
        """Wait until the last ping is answered. Of more than one, older ones need not be.

        Raises:
            Fault: it is not, or something is answered that was not asked (RFC 6455, 5.5.3).
            TimeoutError: nothing comes any more.
        """
        while self._pings and self._pings[-1] not in self._pongs:
            if self._ended is not None:
                raise self._ended
            self._read(until)
        rest = iter(self._pings)
        if not all(pong in rest for pong in self._pongs):
            raise Fault("wrong_pong", f"pongs for {self._pings}", f"{self._pongs}")

    def _read(self, until: float) -> None:
        data = self.take(until)
        if not data:
            self._ended = Ended(ABNORMAL)
            return
        self._inbox.feed(data)
        self._sort_all()

    def _sort_all(self) -> None:
        try:
            while self._ended is None and (found := self._inbox.take()) is not None:
                self._sort(*found)
        except Broken as broken:
            raise Fault("broken_websocket", "frames as RFC 6455 wants them", str(broken)) from None

    def take(self, until: float) -> bytes:
        """Return bytes that came; none at the end."""
        self.socket.settimeout(max(until - time.monotonic(), 0.001))
        try:
            data = self.socket.recv(CHUNK)
        except ConnectionError:
            data = b""
        if data:
            self.transcript.received(self.name, data)
        return data

    def _sort(self, opcode: int, data: bytes) -> None:
        if opcode == BINARY:
            self._messages.append(data)
        elif opcode == PING:
            self._answer(PONG, data)
        elif opcode == PONG:
            self._pongs.append(data)
        elif opcode == CLOSE:
            self._ended = Ended(*close_of(data))
            self._answer(CLOSE, data[:2])
        else:
            raise Broken("a text message")

    # The end.

    def end_with(self, messages: Sequence[bytes]) -> None:
        """Say some last messages, of which the transcript has nothing, and see them read."""
        with contextlib.suppress(OSError):
            for message in messages:
                self.socket.sendall(frame(BINARY, message, bytes(4) if self._is_client else None))
            self.socket.settimeout(LAST_WORDS)
            while self.socket.recv(CHUNK):
                pass

    def reset(self) -> None:
        """Break the connection with a RST."""
        with contextlib.suppress(OSError):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transcript.note(self.name, "reset")
        self.socket.close()

    def half_close(self) -> None:
        """Say that nothing more comes, and go on reading."""
        self.transcript.note(self.name, "half close")
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close, with a FIN: what came and was not read would make it a RST."""
        with contextlib.suppress(OSError):
            while self.take(time.monotonic()):
                pass
        self.transcript.note(self.name, "closed")
        self.socket.close()

    # The upgrade.

    def head(self, until: float) -> str:
        """Read the head of a request or an answer.

        Raises:
            Ended: there is none.
        """
        data = b""
        while b"\r\n\r\n" not in data and len(data) < MOST_HEAD:
            more = self.take(until)
            if not more:
                raise Ended(ABNORMAL)
            data += more
        head, _, rest = data.partition(b"\r\n\r\n")
        self._inbox.feed(rest)
        self._sort_all()
        return head.decode("latin-1")
