"""Splits the bytes of one connection into frames."""

from __future__ import annotations

from typing import Final

from clients.bench.sockets import wire
from clients.bench.sockets.connection import Connection
from clients.bench.sockets.dialect import Dialect
from clients.bench.sockets.stamps import STAMP

HEAD_BYTES: Final = 16
"""The first bytes of a delivery; they are enough to acknowledge it."""

STAMP_BYTES: Final = STAMP.size


class Splitter:
    """Collects the stamps of deliveries, and gives all other frames to their connection."""

    def __init__(self, dialect: Dialect, size: int) -> None:
        """Args: size: bytes of a payload."""
        self.stamps = bytearray()
        """The stamps so far, end to end."""
        self.usual: wire.Head = (0, 0, 1 << 30)
        """The head of the last delivery. The next one will most likely be equal."""
        self.size = size
        self.prelude = dialect.prelude
        mark = dialect.mark
        # Without a mark, `mark_at` is the last byte before the message, which is compared anyway.
        self.mark_at, self._mark = (-1, 0) if mark is None else (mark.at, mark.value)

    def split(self, connection: Connection, data: bytes) -> None:
        """Split what a connection received. It keeps the start of a frame that is not complete.

        Raises:
            Refused: the server refuses the player, or throws it out.
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
        """Say whether the message at `at` is a delivery."""
        first, body, length = head
        if data[at + first] != wire.BINARY or length - body < self.size:
            return False
        return self.mark_at < 0 or data[at + body + self.mark_at] == self._mark
