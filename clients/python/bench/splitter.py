"""Frames of one connection, one by one where they differ and by the run where they do not."""

from __future__ import annotations

from typing import Final

from clients.python.bench import wire
from clients.python.bench.connection import Connection
from clients.python.bench.dialect import Dialect
from clients.python.bench.stamps import pick

HEAD_BYTES: Final = 16
"""Bytes of a delivery that are enough to acknowledge it."""


class Splitter:
    """Takes the deliveries' stamps, and gives their connection all other frames."""

    def __init__(self, dialect: Dialect, size: int) -> None:
        """Args: size: bytes of a payload."""
        self.stamps = bytearray()
        """Those that were taken, end to end."""
        self.usual = wire.Head(0, 0, 1 << 30)
        """The head of the last delivery: the next will look like it."""
        self.prelude = dialect.prelude
        self._mark = dialect.mark
        self._size = size

    def split(self, connection: Connection, data: bytes) -> None:
        """Take what a connection sent; it keeps a frame that is not all there.

        Raises:
            Refused: its server lets it not in, or not stay.
        """
        at, end = 0, len(data)
        while (head := wire.head(data, at, self.prelude)) is not None and at + head.length <= end:
            if self.is_delivery(data, at, head):
                count = self.run(data, at, end, head)
                self.take(data, at, head, count)
                at += head.length * count
                body = at - head.length + head.body
                connection.newest = data[body : body + HEAD_BYTES]
                self.usual = head
            else:
                connection.hear(data[at + head.first], data[at + head.body : at + head.length])
                at += head.length
        connection.rest = data[at:]

    def is_delivery(self, data: bytes | bytearray, at: int, head: wire.Head) -> bool:
        """Say whether the frame at `at` is one."""
        if data[at + head.first] != wire.BINARY or head.length - head.body < self._size:
            return False
        mark = self._mark
        return mark is None or data[at + head.body + mark.at] == mark.value

    def run(self, data: bytes | bytearray, at: int, end: int, head: wire.Head) -> int:
        """Count the frames like the delivery at `at` that follow one another from there on."""
        if end - at < 2 * head.length:
            return 1
        marks = set() if self._mark is None else {head.body + self._mark.at}
        columns = {0, 1, *range(head.first, head.body)} | marks
        return wire.alike(data, at, end, head.length, columns)

    def take(self, data: bytes | bytearray, at: int, head: wire.Head, count: int) -> None:
        """Take the stamps of a run."""
        self.stamps += pick(data, at + head.length - self._size, head.length, count)
