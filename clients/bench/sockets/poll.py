"""Which connections have something to read: asked a thousand times a second, so without a detour
where the system allows it."""

from __future__ import annotations

import select
import selectors
import sys
from typing import Protocol

from clients.bench.sockets.connection import Connection


class Poll(Protocol):
    """Knows who has something to read."""

    def add(self, connection: Connection) -> None:
        """Watch an open connection from now on."""

    def remove(self, connection: Connection) -> None:
        """Watch a connection no more; it may be closed already."""

    def ready(self, seconds: float) -> list[Connection]:
        """Return who has something to read, or was hung up on; none after so many seconds."""

    def close(self) -> None: ...


class AnyPoll:
    """Works everywhere."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def add(self, connection: Connection) -> None:
        self._selector.register(connection.descriptor, selectors.EVENT_READ, connection)

    def remove(self, connection: Connection) -> None:
        self._selector.unregister(connection.descriptor)

    def ready(self, seconds: float) -> list[Connection]:
        return [key.data for key, _ in self._selector.select(seconds)]

    def close(self) -> None:
        self._selector.close()


if sys.platform == "linux":

    class LinuxPoll:
        """Spares what `selectors` does in Python for each connection that is ready."""

        def __init__(self) -> None:
            self._epoll = select.epoll()
            self._connections: dict[int, Connection] = {}

        def add(self, connection: Connection) -> None:
            self._connections[connection.descriptor] = connection
            self._epoll.register(connection.descriptor, select.EPOLLIN)

        def remove(self, connection: Connection) -> None:
            del self._connections[connection.descriptor]
            if connection.is_open:  # the kernel forgets a closed one by itself
                self._epoll.unregister(connection.descriptor)

        def ready(self, seconds: float) -> list[Connection]:
            watched = self._connections
            if not watched:
                return []
            return [
                watched[descriptor] for descriptor, _ in self._epoll.poll(seconds, len(watched))
            ]

        def close(self) -> None:
            self._epoll.close()


def poll() -> Poll:
    """Return the best that there is here."""
    if sys.platform == "linux":
        return LinuxPoll()
    return AnyPoll()
