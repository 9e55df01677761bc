"""Ports for programs that must be told theirs before they run."""

from __future__ import annotations

import secrets
import socket
from contextlib import ExitStack, suppress

HOST = "127.0.0.1"
PORTS = range(20_000, 32_768)
"""Where no system hands ports out, so that nobody else gets one by chance once it is free."""


def free_ports(count: int) -> list[int]:
    """Return ports that are free at the moment."""
    with ExitStack() as stack:
        found: list[int] = []
        while len(found) < count:
            port = secrets.choice(PORTS)  # not `random`, whose seed several processes share
            with suppress(OSError):  # somebody has this one
                stack.enter_context(socket.create_server((HOST, port)))
                found.append(port)
        return found
