"""Where a relay listens: one port, on one address or on all that a name stands for."""

from __future__ import annotations

import errno
import os
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TypeAlias

from relay.policy import lan

# All three are inherited by the sockets that are accepted. Measured: without them a client that
# stops reading is never freed, and one burst of it holds up everybody.
USER_TIMEOUT = 10_000  # milliseconds for which sent bytes may stay unacknowledged
SEND_BUFFER = 64 * 1024
RECEIVE_BUFFER = 32 * 1024

LOCALHOST = ("127.0.0.1", "::1")
"""What browsers take this name for, whatever the machine's own list of names says."""
TRIES = 10
"""Free ports that are tried, as one that is free on one address may be taken on another."""

ABSENT = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
"""What the system says of an address that this machine has not, and of a whole family of them."""

FIRST_INHERITED = 3
"""The first of the descriptors that a service manager passes on (sd_listen_fds)."""

Place: TypeAlias = tuple[int, str, tuple[int, ...]]
"""A family, an address, and what else tells it from others: an IPv6 address may need more."""


class CannotListen(Exception):
    """The address is not to be had; says in one sentence why, and what to do."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Bound sockets, and where they are: `port` is the same for all."""

    sockets: tuple[socket.socket, ...]
    host: str
    port: int

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it."""
        return lan.url("127.0.0.1" if lan.is_everywhere(self.host) else self.host, self.port)


def listen(host: str, port: int) -> Listener:
    """Bind sockets and listen, so that nobody else can; port 0 takes a free one.

    Args: host: an address, or a name: then on each of its addresses that this machine has.

    Raises:
        CannotListen: it is taken, not ours to take, or not of this machine.
    """
    places = _places(host)
    for tries in range(TRIES if port == 0 else 1, 0, -1):
        try:
            bound = _bind_all(places, port, host)
            return Listener(bound, host, bound[0].getsockname()[1])
        except OSError as error:
            if tries == 1 or error.errno != errno.EADDRINUSE:
                raise CannotListen(_why(error, host, port)) from None
    raise AssertionError("the last try returns or raises")


def inherited() -> Listener | None:
    """Take the sockets that a service manager has bound (LISTEN_FDS), if it has.

    Raises:
        CannotListen: one of them is no TCP socket that listens, or their ports differ.
    """
    count = os.environ.pop("LISTEN_FDS", "")
    if os.environ.pop("LISTEN_PID", "") != str(os.getpid()) or not count.isdecimal():
        return None
    numbers = range(FIRST_INHERITED, FIRST_INHERITED + int(count))
    return adopt([socket.socket(fileno=number) for number in numbers]) if numbers else None


def adopt(sockets: list[socket.socket]) -> Listener:
    """Listen on sockets that somebody else has bound.

    Raises:
        CannotListen: one of them is no TCP socket that listens, or their ports differ.
    """
    for each in sockets:
        is_tcp = each.family in (socket.AF_INET, socket.AF_INET6)
        if not is_tcp or not each.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            raise CannotListen("LISTEN_FDS names a socket that is no TCP socket that listens")
        each.set_inheritable(False)
        _bound_waiting(each)
    host, port = sockets[0].getsockname()[:2]
    if any(each.getsockname()[1] != port for each in sockets):
        raise CannotListen("LISTEN_FDS names sockets of several ports: a relay has one")
    return Listener(tuple(sockets), host, port)


def _places(host: str) -> list[Place]:
    names = LOCALHOST if host.lower().rstrip(".") == "localhost" else (host,)
    try:
        found = [place for name in names for place in _found(name)]
    except (OSError, UnicodeError):
        raise CannotListen(
            f"{host} is no address that can be found: choose one with --host"
        ) from None
    return list(dict.fromkeys(found))


def _found(name: str) -> list[Place]:
    flags = socket.AI_PASSIVE
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM, flags=flags)
    return [(family, str(at[0]), at[2:]) for family, *_, at in found]


def _bind_all(places: list[Place], port: int, host: str) -> tuple[socket.socket, ...]:
    """Bind one port in all the places that this machine has.

    Raises:
        OSError: it has none of them, or the port of one is taken.
    """
    bound: list[socket.socket] = []
    absent = OSError(errno.EADDRNOTAVAIL, "no such address")
    with ExitStack() as failing:
        for place in places:
            try:
                one = _bind(place, port, host)
            except OSError as error:
                if error.errno not in ABSENT:
                    raise
                absent = error
                continue
            failing.callback(one.close)
            bound.append(one)
            port = one.getsockname()[1]
        if not bound:
            raise absent
        failing.pop_all()
    return tuple(bound)


def _bind(place: Place, port: int, host: str) -> socket.socket:
    family, address, more = place
    with ExitStack() as failing:
        bound = failing.enter_context(socket.socket(family, socket.SOCK_STREAM))
        _prepare(bound, host)
        bound.bind((address, port, *more))
        bound.listen()
        failing.pop_all()
    return bound


def _prepare(bound: socket.socket, host: str) -> None:
    if os.name == "posix":  # elsewhere it would let another program take the port over
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    _bound_waiting(bound)
    if bound.family is socket.AF_INET6:
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, not lan.is_everywhere(host))


def _bound_waiting(bound: socket.socket) -> None:
    """Bound what waits for a client, and for how long."""
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT)


def _why(error: OSError, host: str, port: int) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return (
                f"port {port} of {host} is taken: stop the program that has it, "
                "or choose another with --port (0 takes a free one)"
            )
        case errno.EACCES:
            return f"port {port} is not yours to take: choose one above 1023 with --port"
        case errno.EADDRNOTAVAIL:
            return f"{host} is no address of this machine: choose one with --host (0.0.0.0 is all)"
        case _:
            return f"cannot listen on port {port} of {host}: {error.strerror}"
