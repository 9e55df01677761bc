"""Which process serves a listening socket, so that no two relays serve one without knowing it.

Servers such as uvicorn and gunicorn can start several processes that share a listening socket.
Each would have rooms of its own, and the system deals new connections out at will: the players of
one room would be in several rooms of that name.

A socket has a number that is the same in all processes that share it. Whoever serves it locks the
byte of that number in a file of this user's. The system frees the byte when the process ends,
however it ends, and a process may lock a byte twice.
"""

from __future__ import annotations

import hashlib
import os
import socket
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

from relay.policy.folders import runtime_folder

if sys.platform != "win32":
    import fcntl

DESCRIPTORS = "/dev/fd"
"""Where Linux and macOS list a process's open files."""
NAMESPACE = Path("/proc/self/ns/net")
OFFSET_BITS = 62
"""Bits of the place of a byte that can be locked."""


def claim(server: tuple[str, int | None]) -> bool:
    """Claim the listening sockets of this process through which a request came.

    Args: server: as an ASGI scope has it: an address and a port, or a path and None.

    Returns: False if another process that lives has claimed one of them. True if none has, or if
        this process has no such socket: then no other can share it. On Windows always True.

    Raises:
        OSError: nothing can be claimed here.
    """
    if sys.platform == "win32":
        return True
    return all(_lock(number_of(each)) for each in _listening(server))


def number_of(listener: socket.socket) -> int:
    """Return a number that no socket has that other processes serve by right."""
    name = listener.getsockname()
    reuse = getattr(socket, "SO_REUSEPORT", None)
    if reuse is not None and listener.getsockopt(socket.SOL_SOCKET, reuse):
        return _hash(f"{name} in {_namespace()}")  # others may have bound a socket to this address
    inode = os.fstat(listener.fileno()).st_ino
    return inode or _hash(f"{name} of {os.getppid()}")


def _listening(server: tuple[str, int | None]) -> Iterator[socket.socket]:
    """Yield this process's sockets that listen there, each as a duplicate."""
    for number in _open_sockets():
        with suppress(OSError), socket.socket(fileno=os.dup(number)) as found:
            if found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) and _is_at(found, server):
                yield found


def _open_sockets() -> list[int]:
    found = []
    for name in os.listdir(DESCRIPTORS):
        with suppress(OSError):  # what listed them is closed again
            if stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                found.append(int(name))
    return found


def _is_at(listener: socket.socket, server: tuple[str, int | None]) -> bool:
    host, port = server
    name = listener.getsockname()
    return name == host if port is None else isinstance(name, tuple) and name[1] == port


def _lock(number: int) -> bool:
    if sys.platform != "win32":
        try:
            fcntl.lockf(_file(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number, os.SEEK_SET)
        except (BlockingIOError, PermissionError):
            return False
    return True


@cache
def _file() -> int:
    # Never closed: to close any descriptor of it would free all bytes.
    return os.open(runtime_folder() / "listeners", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _namespace() -> int:
    with suppress(OSError):
        return NAMESPACE.stat().st_ino
    return 0


def _hash(text: str) -> int:
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> (64 - OFFSET_BITS)
