"""Reads a hundred thousand frames a second.

Most reads hold deliveries of one length and nothing else. Such reads go end to end into one buffer.
A comparison of a few columns of bytes proves for many reads at once that they are such deliveries.
Any other read is split frame by frame.
"""

from __future__ import annotations

from typing import Final

from clients.bench.sockets import wire
from clients.bench.sockets.connection import Connection
from clients.bench.sockets.dialect import Dialect
from clients.bench.sockets.splitter import Splitter
from clients.bench.sockets.stamps import pick

ROOM: Final = 256 * 1024
"""Most bytes of one read: several of the longest payloads fit."""

BATCH: Final = 32
"""Reads that are checked together. All their deliveries get the age of the last one."""

SPLITS: Final = 4
"""The same number for reads that are split, as a split takes much longer."""


class Reader:
    """Reads connections, all through one buffer."""

    def __init__(self, dialect: Dialect, size: int) -> None:
        """Args: size: bytes of a payload."""
        self._splitter = Splitter(dialect, size)
        self._buffer = bytearray(2 * ROOM)
        self._view = memoryview(self._buffer)
        self._batch: list[tuple[Connection, int]] = []
        """Connections that were read, and where each read begins in the buffer."""
        self._end = 0
        self._splits = 0
        self._usual = self._splitter.usual
        self._length = self._usual[2]

    def read(self, connection: Connection) -> bool:
        """Read a connection, at most once between two calls of `take`.

        Returns: whether it is time to call `take`.

        Raises:
            Refused: the server refuses the player, or throws it out.
        """
        at = self._end
        try:
            count = connection.socket.recv_into(self._view[at : at + ROOM])
        except BlockingIOError:
            return False
        except OSError:
            count = 0
        if not count:
            connection.close()
        elif connection.newest and not connection.rest and count % self._length == 0:
            self._batch.append((connection, at))
            self._end = at + count
            return len(self._batch) >= BATCH or self._end > ROOM
        else:
            self._split(connection, at, at + count)
            self._splits += 1
        return self._splits >= SPLITS

    def take(self) -> bytearray:
        """Return the stamps of all deliveries since the last call, end to end."""
        if self._batch and not self._take_all_alike():
            ends = [*(at for _, at in self._batch[1:]), self._end]
            for (connection, at), end in zip(self._batch, ends, strict=True):
                self._split(connection, at, end)
        self._batch.clear()
        self._end = self._splits = 0
        self._usual = self._splitter.usual
        self._length = self._usual[2]
        stamps, self._splitter.stamps = self._splitter.stamps, bytearray()
        return stamps

    def _take_all_alike(self) -> bool:
        splitter, end = self._splitter, self._end
        usual = first, body, length = self._usual
        sample = bytes(self._buffer[:length])
        if wire.head(sample, 0, splitter.prelude) != usual:
            return False
        if not splitter.is_delivery(sample, 0, usual):
            return False
        columns = {0, 1, *range(first, body), body + splitter.mark_at}
        if not wire.are_alike(self._buffer, end, length, columns):
            return False
        splitter.stamps += pick(self._buffer, length - splitter.size, length, end // length)
        return True

    def _split(self, connection: Connection, at: int, end: int) -> None:
        data = connection.rest + self._buffer[at:end]
        connection.rest = b""
        if not connection.is_upgraded:
            data = connection.upgrade(data)
        if connection.is_upgraded:
            self._splitter.split(connection, data)
