"""Frames of one connection, one by one."""

from __future__ import annotations

from typing import Final

from clients.bench.sockets import wire
from clients.bench.sockets.connection import Connection
from clients.bench.sockets.dialect import Dialect
from clients.bench.sockets.stamps import STAMP

HEAD_BYTES: Final = 16
"""Bytes of a delivery that are enough to acknowledge it."""

STAMP_BYTES: Final = STAMP.size


class Splitter:
    """Takes the deliveries' stamps, and gives their connection all other frames."""

    def __init__(self, dialect: Dialect, size: int) -> None:
        """Args: size: bytes of a payload."""
        self.stamps = bytearray()
        """Those that were taken, end to end."""
        self.usual: wire.Head = (0, 0, 1 << 30)
        """The head of the last delivery: the next will look like it."""
        self.size = size
        self.prelude = dialect.prelude
        mark = dialect.mark
        # Without a mark it is a byte that is looked at anyway: the last one before the message.
        self.mark_at, self._mark = (-1, 0) if mark is None else (mark.at, mark.value)

    def split(self, connection: Connection, data: bytes) -> None:
        """Take what a connection sent; it keeps a frame that is not all there.

        Raises:
            Refused: its server lets it not in, or not stay.
        """
        at, end, newest, ahead = 0, len(data), -1, self.size
        while True:
            head = wire.head(data, at, self.prelude)
            first, body, length = head
            if length == 0 or at + length > end:
                break
            if self.is_delivery(data, at, head):
                stamp = at + length - ahead
                self.stamps += data[stamp : stamp + STAMP_BYTES]
                self.usual, newest = head, at + body
            else:
                connection.hear(data[at + first], data[at + body : at + length])
            at += length
        if newest >= 0:
            connection.newest = data[newest : newest + HEAD_BYTES]
        connection.rest = data[at:]

    def is_delivery(self, data: bytes, at: int, head: wire.Head) -> bool:
        """Say whether the message at `at` is one."""
        first, body, length = head
        if data[at + first] != wire.BINARY or length - body < self.size:
            return False
        return self.mark_at < 0 or data[at + body + self.mark_at] == self._mark
