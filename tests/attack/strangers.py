"""Clients before their WebSocket, on plain sockets. They run in processes of their own."""

from __future__ import annotations

import contextlib
import http.client
import select
import socket
import time
from collections.abc import Iterator

from tests.attack.hostile import PATIENCE, connected

HALF_HEAD = b"GET /r/SLOW HTTP/1.1\r\nHost: 127.0.0.1\r\nUpg"
LINE = b"x: y\r\n"


def dawdle(port: int, many: int) -> float:
    """Connect this many of each kind. Returns: seconds until the last is closed, or infinity."""
    begun: dict[socket.socket, float] = {}
    trickling = []
    for number in range(3 * many):
        end = socket.create_connection(("127.0.0.1", port))
        begun[end] = time.monotonic()
        if number % 3 == 1:
            end.sendall(HALF_HEAD)
        elif number % 3 == 2:
            end.sendall(HALF_HEAD[:40])
            trickling.append(end)
    return _watch(begun, trickling)


def _watch(begun: dict[socket.socket, float], trickling: list[socket.socket]) -> float:
    longest = 0.0
    watch = select.poll()
    by_file = {end.fileno(): end for end in begun}
    for file in by_file:
        watch.register(file, select.POLLIN)
    line = time.monotonic()
    until = line + PATIENCE
    while begun and time.monotonic() < until:
        for file, _ in watch.poll(100):
            end = by_file[file]
            longest = max(longest, time.monotonic() - begun.pop(end))
            watch.unregister(file)
            end.close()
        if time.monotonic() - line > 1:
            line = time.monotonic()
            for end in trickling:
                with contextlib.suppress(OSError):
                    end.send(LINE)
    return float("inf") if begun else longest


def sends_endless_header(port: int, size: int) -> int:
    """Send one endless header. Returns: bytes that the relay took."""
    taken = 0
    with connected(port) as end, contextlib.suppress(OSError):
        end.sendall(b"GET / HTTP/1.1\r\nx: ")
        while taken < size:
            taken += end.send(b"y" * 65536)
    return taken


def crowd(port: int, many: int, seconds: float) -> int:
    """Connect this many. Returns: how many the relay kept at once."""
    with _held(port, many) as ends:
        # The relay accepts connections in order, so an answer here means that it accepted all.
        probe(port)
        kept = sum(_is_open(end) for end in ends)
        time.sleep(seconds)  # holding them is the attack
    return kept


def take_places(port: int, many: int, seconds: float) -> None:
    """Hold as many connections as possible."""
    with _held(port, many):
        time.sleep(seconds)  # holding them is the attack


@contextlib.contextmanager
def _held(port: int, many: int) -> Iterator[list[socket.socket]]:
    ends = []
    with contextlib.ExitStack() as stack:
        for _ in range(many):
            with contextlib.suppress(OSError):
                end = stack.enter_context(socket.create_connection(("127.0.0.1", port), 1))
                end.setblocking(False)
                ends.append(end)
        yield ends


def _is_open(end: socket.socket) -> bool:
    try:
        return end.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def probe(port: int) -> int:
    """Ask for the relay's health. Returns: the status; 0 without an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    with contextlib.closing(connection):
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
