"""Messages between the processes of one relay, each with or without a socket.

Each process has a box: a pair of datagram sockets that the supervisor made. Its owner reads from
one end, and all others write to the other one. The supervisor has both ends open, so a message to
a process that is away waits in the box for the next owner.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import struct
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Final

PART: Final = 16 * 1024
"""Bytes of a message that one datagram carries. Some systems refuse long datagrams."""
BUFFER: Final = 1024 * 1024
"""Bytes that a box may hold, if the system allows it."""
HEAD: Final = struct.Struct("!HIB??")
"""Before each part: the sender's number and start, the message's kind, whether the part is the
first, and whether it is the last."""

AT_ONCE: Final = 16  # datagrams that are read before others have their turn
MOST_WAITING: Final = 1024  # datagrams to one box that wait here, as it is full
RETRY_SECONDS: Final = 0.01  # until the system is asked again that has no memory for a datagram

LATER: Final = (errno.ENOBUFS, errno.ENOMEM, errno.ETOOMANYREFS)
"""What the system says if it could take a datagram later, but does not say when."""

CLOSE_ON_EXEC: Final = getattr(socket, "MSG_CMSG_CLOEXEC", 0)  # what `recv_fds` cannot say
ONE_SOCKET: Final = socket.CMSG_LEN(4) if hasattr(socket, "CMSG_LEN") else 0
"""Bytes that one descriptor takes."""

Take = Callable[[bytes, int | None], None]
"""Takes a message, and the descriptor of the socket that came with it: it is the taker's."""


class Kind:
    """What a message is about."""

    BUS: Final = 0
    MOVE: Final = 1
    """A connection for a room of the receiver, and the bytes of it that were read."""
    NOTE: Final = 2
    """Between the supervisor and a worker."""


def make_box() -> tuple[socket.socket, socket.socket]:
    """Make a box. Returns: the end to read from, and the one to write to."""
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    for end in ends:
        end.setblocking(False)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    return ends


class Mail:
    """The mail of one process. Use it in one event loop, between `open` and `close`."""

    def __init__(
        self, box: socket.socket, boxes: Sequence[socket.socket], own: int, start: int
    ) -> None:
        """
        Args:
            box: to read from. boxes: to write to, by their owners' numbers.
            own: this process's number. start: how many processes had that number before it.
        """
        self._box = box
        self._ways = [_Way(each) for each in boxes]
        self._own = own
        self._start = start
        self._takers: dict[int, Take] = {}
        self._parts: dict[int, tuple[int, bytes]] = {}
        """Messages of which only some parts came, by the sender's number: its start, and these
        parts."""

    def on(self, kind: int, take: Take) -> None:
        """Hand messages of this kind to `take` from now on."""
        self._takers[kind] = take

    def open(self) -> None:
        """Read from now on."""
        asyncio.get_running_loop().add_reader(self._box, self._read)

    def close(self) -> None:
        """Read no more: what comes waits for the next owner."""
        asyncio.get_running_loop().remove_reader(self._box)

    def is_full(self, number: int) -> bool:
        """Say whether a process takes no further messages for a while."""
        return len(self._ways[number].waiting) >= MOST_WAITING

    def send(self, number: int, kind: int, data: bytes, fd: int | None = None) -> None:
        """Send a message to a process. The message is lost if `is_full`.

        Args: fd: a socket's descriptor that goes with the message. Once sent, it is closed here.
        """
        if self.is_full(number):
            _close(fd)
            return
        *parts, last = self._split(kind, data)
        for part in parts:
            self._ways[number].send(part, None)
        self._ways[number].send(last, fd)

    def _split(self, kind: int, data: bytes) -> Iterator[bytes]:
        size = max(len(data), 1)
        for at in range(0, size, PART):
            head = HEAD.pack(self._own, self._start, kind, at == 0, at + PART >= size)
            yield head + data[at : at + PART]

    def _read(self) -> None:
        for _ in range(AT_ONCE):
            try:
                data, came, *_ = self._box.recvmsg(HEAD.size + PART, ONE_SOCKET, CLOSE_ON_EXEC)
            except BlockingIOError:
                return
            self._take(data, int.from_bytes(came[0][2], sys.byteorder) if came else None)

    def _take(self, datagram: bytes, fd: int | None) -> None:
        number, start, kind, is_first, is_last = HEAD.unpack_from(datagram)
        data = datagram[HEAD.size :]
        begun, parts = self._parts.pop(number, (start, b""))
        if not is_first:
            if begun != start or not parts:  # the former owner of this box has read its beginning
                _close(fd)
                return
            data = parts + data
        if not is_last:
            self._parts[number] = (start, data)
        elif kind in self._takers:
            self._takers[kind](data, fd)
        else:
            _close(fd)


class _Way:
    """The way to one box, and what waits there while the box is full."""

    def __init__(self, box: socket.socket) -> None:
        self.waiting: deque[tuple[bytes, int | None]] = deque()
        self._box = box

    def send(self, data: bytes, fd: int | None) -> None:
        self.waiting.append((data, fd))
        if len(self.waiting) == 1:
            self._work()

    def _work(self) -> None:
        while self.waiting:
            data, fd = self.waiting[0]
            try:
                _send(self._box, data, fd)
            except OSError as error:
                if self._waits(error):
                    return
            self.waiting.popleft()
            _close(fd)

    def _waits(self, error: OSError) -> bool:
        """Try again later. Returns: False if that is no use, as the relay has ended."""
        loop = asyncio.get_running_loop()
        if isinstance(error, BlockingIOError):
            loop.add_writer(self._box, self._work_on)
        elif error.errno in LATER:
            loop.call_later(RETRY_SECONDS, self._work)
        else:
            return False
        return True

    def _work_on(self) -> None:
        asyncio.get_running_loop().remove_writer(self._box)
        self._work()


def _send(box: socket.socket, data: bytes, fd: int | None) -> None:
    if fd is None:
        box.send(data)
    else:
        socket.send_fds(box, [data], [fd])


def _close(fd: int | None) -> None:
    if fd is not None:
        with suppress(OSError):
            os.close(fd)
