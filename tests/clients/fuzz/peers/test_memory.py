"""How a process under test is found on this machine, and its growth noticed."""

from __future__ import annotations

import os
import socket

import pytest

from clients.fuzz.peers.faults import Fault
from clients.fuzz.peers.memory import WARM_UP, Memory, resident_mib, server_of, told_by_ps

MIB = 1 << 20


def test_the_process_behind_a_port_is_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert server_of(port) == os.getpid()
    assert server_of(port) is None


def test_the_kernel_and_ps_agree_about_memory() -> None:
    mib, told = resident_mib(os.getpid()), told_by_ps(os.getpid())
    assert mib is not None
    assert told == pytest.approx(mib, rel=0.1)


def test_a_process_that_grows_once_it_is_warm_is_noticed() -> None:
    memory = Memory(most_mib=50)
    for _ in range(WARM_UP + 1):
        memory.check(os.getpid())
    held = b"\x01" * (100 * MIB)
    with pytest.raises(Fault, match="memory"):
        memory.check(os.getpid())
    assert len(held) == 100 * MIB


def test_a_process_that_nobody_knows_is_not_watched() -> None:
    Memory(most_mib=0).check(None)
