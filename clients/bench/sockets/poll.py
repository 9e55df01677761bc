"""Tells which connections have something to read. It is asked a thousand times a second, so it uses
the kernel's own call where there is one."""

from __future__ import annotations

import select
import selectors
import sys
from typing import Protocol

from clients.bench.sockets.connection import Connection


class Poll(Protocol):
    """Tells which connections have something to read."""

    def add(self, connection: Connection) -> None:
        """Watch an open connection from now on."""

    def remove(self, connection: Connection) -> None:
        """Stop watching a connection. It may be closed already."""

    def ready(self, seconds: float) -> list[Connection]:
        """Return the connections to read, closed ones included. Wait at most this many seconds."""

    def close(self) -> None: ...


class AnyPoll:
    """The slow way, which works on every system."""

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
        """The fast way: `selectors` would run Python code for each connection that is ready."""

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
    """Return the fastest way that this system has."""
    if sys.platform == "linux":
        return LinuxPoll()
    return AnyPoll()
