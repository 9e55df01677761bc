"""One player's WebSocket on a bare non-blocking socket."""

from __future__ import annotations

import os
import socket
import sys
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.http11 import Response
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from clients.bench.sockets import wire
from clients.bench.sockets.dialect import Dialect, Refused

HEAD_END = b"\r\n\r\n"
CONNECT_SECONDS = 5.0


class Connection:
    """A player. It enters as its dialect says, then writes frames, and keeps what does not fit."""

    def __init__(self, opened: socket.socket, dialect: Dialect, room: int) -> None:
        """Args: opened: a non-blocking socket to the server."""
        self.socket = opened
        self.descriptor = opened.fileno()
        self.dialect = dialect
        self.is_open = True
        self.has_entered = False
        self.rest = b""
        """The first bytes of a frame that has not come in full."""
        self.newest = b""
        """The first bytes of the newest delivery."""
        self._backlog = bytearray()
        self._entering = dialect.enter(room)
        self._upgrade: ClientProtocol | None = None

    @classmethod
    def to(cls, dialect: Dialect, room: int, receive_buffer: int | None = None) -> Connection:
        """Connect to a room, and ask for the upgrade.

        Args: receive_buffer: bytes that the kernel may buffer; None for its own choice.

        Raises:
            OSError: nothing listens there.
        """
        url = dialect.url(room)
        connection = cls(connect(url, receive_buffer), dialect, room)
        protocols = [Subprotocol(dialect.subprotocol)] if dialect.subprotocol else None
        upgrade = connection._upgrade = ClientProtocol(parse_uri(url), subprotocols=protocols)
        upgrade.send_request(upgrade.connect())
        connection.write(b"".join(upgrade.data_to_send()))
        return connection

    @property
    def is_upgraded(self) -> bool:
        return self._upgrade is None

    def write(self, data: bytes | bytearray) -> None:
        """Write as much as the kernel takes. `flush` writes the rest."""
        if not self.is_open:
            return  # its descriptor may belong to another socket
        try:
            if self._backlog:
                self._backlog += data
            elif (written := self._send(data)) < len(data):
                self._backlog += data[written:]
        except BlockingIOError:
            self._backlog += data
        except OSError:
            self.close()

    def _send(self, data: bytes | bytearray) -> int:
        if sys.platform == "win32":
            return self.socket.send(data)
        return os.write(self.descriptor, data)  # a sixth cheaper than `socket.send`

    def flush(self) -> None:
        """Try again to write the bytes that the kernel did not take."""
        if self._backlog:
            waiting, self._backlog = self._backlog, bytearray()
            self.write(waiting)

    def upgrade(self, data: bytes) -> bytes:
        """Take the answer to the upgrade, as far as it has come. Returns: the bytes behind it.

        Raises:
            Refused: the server did not upgrade.
        """
        answer, end, behind = data.partition(HEAD_END)
        if not end:
            self.rest = answer
            return b""
        assert self._upgrade is not None
        self._upgrade.receive_data(answer + end)
        if (error := self._upgrade.handshake_exc) is not None:
            raise Refused(f"the server {explain(error)}")
        self._upgrade = None
        self._enter(None)
        return behind

    def hear(self, first: int, message: bytes) -> None:
        """Take a frame that is no delivery; `first` is its first byte.

        Raises:
            Refused: the frame means that the measurement would be wrong.
        """
        if first == wire.CLOSE:
            self.close()
            raise Refused(f"the server closed a connection: {said(message)}")
        if first == wire.PING:
            self.write(wire.frame(wire.PONG, message))
        elif first in (wire.BINARY, wire.TEXT):
            if self.has_entered:
                if answer := self.dialect.answer(message):
                    self.write(answer)
            else:
                self._enter(message)
        elif first != wire.PONG:
            raise Refused(f"the bench reads no fragments or extensions, and got {first:#04x}")

    def acknowledge(self) -> None:
        """Acknowledge the newest delivery, if there is one."""
        if self.newest and self.is_open:
            self.write(self.dialect.acknowledge(self.newest))
            self.newest = b""

    def leave(self) -> None:
        """Say goodbye, and drop the connection."""
        if self.is_open and self.has_entered:
            self.write(self.dialect.goodbye)
        self.close()

    def close(self) -> None:
        """Drop the connection."""
        self.is_open = False
        self.socket.close()

    def _enter(self, message: bytes | None) -> None:
        try:
            answer = next(self._entering) if message is None else self._entering.send(message)
        except StopIteration as end:
            answer, self.has_entered = end.value, True
        if answer:
            self.write(answer)


def connect(url: str, receive_buffer: int | None) -> socket.socket:
    """Open a socket to the server of `url`. Of all calls here, only this one waits."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 80
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    opened = socket.socket(family, kind, protocol)
    try:
        if receive_buffer is not None:  # set before the connect, as the kernel reads it then
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        opened.settimeout(CONNECT_SECONDS)
        opened.connect(address)
        opened.setblocking(False)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError:
        opened.close()
        raise
    return opened


def explain(error: Exception) -> str:
    """Say why there was no upgrade."""
    if isinstance(error, InvalidStatus):
        return f"does not speak WebSocket there: it answers {status(error.response)}"
    if isinstance(error, InvalidHandshake):
        return f"does not speak WebSocket as it should: {error}"
    return f"does not answer in HTTP: {error}"


def status(response: Response) -> str:
    return f"{response.status_code} {response.reason_phrase}"


def said(message: bytes) -> str:
    """Put a close frame's code and reason into words."""
    code = int.from_bytes(message[:2]) if len(message) > 1 else 1005
    return f"{code} {message[2:].decode(errors='replace')}".rstrip()
