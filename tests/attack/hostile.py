"""Hostile clients, on plain blocking sockets. They run in processes of their own."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

from protocol.codec import encode
from protocol.frames import Hello, HelloOptions
from tests.attack.seat import upgrade
from tests.helpers.raw import BINARY, frame

HELLO = frame(BINARY, encode(Hello(1, HelloOptions())))
PATIENCE = 10.0
LAST_SECONDS = 1.0
"""For which one may go on that began just before the end: it is to be cut as well."""
SEND_BUFFER = 64 * 1024
BACK_SECONDS = 0.05
"""After which one comes back that was thrown out."""


@contextlib.contextmanager
def connected(port: int, *, receive_buffer: int | None = None) -> Iterator[socket.socket]:
    end = socket.socket()
    if receive_buffer is not None:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    # What the kernel holds on this side says nothing about the relay.
    end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    end.settimeout(PATIENCE)
    with end:
        end.connect(("127.0.0.1", port))
        yield end


@contextlib.contextmanager
def inside(port: int, room: str, *, receive_buffer: int | None = None) -> Iterator[socket.socket]:
    """Be in a room. What it said to that has been read."""
    with connected(port, receive_buffer=receive_buffer) as end:
        end.sendall(upgrade(room))
        read_until(end, b"\r\n\r\n")
        end.sendall(HELLO)
        read_until(end, b"\x92\x09")  # LIVE
        yield end


def read_until(end: socket.socket, mark: bytes) -> bytes:
    heard = b""
    while mark not in heard:
        data = end.recv(65536)
        if not data:
            raise ConnectionError("not let in")
        heard += data
    return heard


def floods(port: int, room: str, burst: bytes, seconds: float) -> list[float]:
    """Send a burst again and again, and come back whenever one is cut.

    Returns: for each connection the seconds until it was cut; the last may be endless.
    """
    cuts: list[float] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError), inside(port, room) as end:
            cuts.append(float("inf"))
            began = time.monotonic()
            sends_until_cut(end, burst, max(until, began + LAST_SECONDS))
            cuts[-1] = time.monotonic() - began
        time.sleep(BACK_SECONDS)
    return cuts


def sends_until_cut(end: socket.socket, burst: bytes, until: float) -> None:
    """Send, reading nothing.

    Raises:
        TimeoutError: it was still let in at the end.
    """
    end.settimeout(0.05)
    left = memoryview(burst)
    while time.monotonic() < until:
        try:
            left = left[end.send(left) :] or memoryview(burst)
        except TimeoutError:
            continue
        except OSError:
            return
    raise TimeoutError


def is_cut(end: socket.socket, seconds: float) -> float:
    """Read to the end. Returns: seconds until then; endless if it does not come."""
    began = time.monotonic()
    end.settimeout(seconds)
    try:
        while end.recv(65536):
            if time.monotonic() - began > seconds:
                return float("inf")
    except TimeoutError:
        return float("inf")
    except OSError:
        pass
    return time.monotonic() - began
