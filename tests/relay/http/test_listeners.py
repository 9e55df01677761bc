"""Whoever serves a listening socket keeps other processes from serving it, and nobody else."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from relay.http.listeners import claim, number_of
from relay.server.listening import listen

PROGRAM = """
import socket, sys
from relay.http.listeners import claim
listener = socket.socket(fileno=int(sys.argv[1]))
name = listener.getsockname()
print(claim(name if isinstance(name, tuple) else (name, None)), flush=True)
sys.stdin.read()
"""


class Process:
    """A process that shares sockets, and claims one of them."""

    def __init__(self, claimed: int, *shared: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(claimed)],
            pass_fds=(claimed, *shared),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.may_serve = self._process.stdout.readline() == "True\n"

    def ends(self) -> None:
        self._process.communicate()

    def is_killed(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with listen("127.0.0.1", 0).sockets[0] as listener:
        yield listener


def test_the_second_process_on_a_socket_may_not_serve_until_the_first_ends(
    listener: socket.socket,
) -> None:
    descriptor = listener.fileno()
    first = Process(descriptor)
    second = Process(descriptor)
    assert (first.may_serve, second.may_serve) == (True, False)
    second.ends()
    first.is_killed()
    third = Process(descriptor)
    assert third.may_serve
    third.ends()


def test_processes_with_sockets_of_their_own_do_not_mind_those_that_they_inherit(
    listener: socket.socket,
) -> None:
    """A test runner, say, has a server of its own, and starts relays by fork."""
    with ExitStack() as stack:
        own = [stack.enter_context(listen("127.0.0.1", 0).sockets[0]).fileno() for _ in range(2)]
        processes = [Process(listener.fileno())]
        processes += [Process(each, listener.fileno(), *own) for each in own]
        assert [each.may_serve for each in processes] == [True, True, True]
        for each in processes:
            each.ends()


def test_a_unix_socket_can_be_claimed_too(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "relay.sock"))
        listener.listen()
        first, second = Process(listener.fileno()), Process(listener.fileno())
        assert (first.may_serve, second.may_serve) == (True, False)
        first.ends()
        second.ends()


def test_a_forked_process_is_another(listener: socket.socket) -> None:
    """As gunicorn's workers are."""
    reader, writer = os.pipe()
    program = """
import os, socket, sys
from relay.http.listeners import claim
listener, writer = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])
gates = [os.pipe() for _ in range(2)]
for number in range(2):
    if os.fork() == 0:
        os.read(gates[number][0], 1)
        os.write(writer, b"yes " if claim(listener.getsockname()) else b"no ")
        os.read(gates[number][0], 1)
        os._exit(0)
for gate in gates:
    os.write(gate[1], b"!")
    sys.stdin.readline()
for gate in gates:
    os.write(gate[1], b"!")
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(listener.fileno()), str(writer)],
        pass_fds=(listener.fileno(), writer),
        stdin=subprocess.PIPE,
        text=True,
    )
    os.close(writer)
    assert process.stdin is not None
    heard = os.read(reader, 10)
    process.stdin.write("\n")
    process.stdin.flush()
    heard += os.read(reader, 10)
    process.communicate("\n")
    os.close(reader)
    assert heard == b"yes no "


def test_a_process_may_claim_twice_and_what_is_not_its_own(listener: socket.socket) -> None:
    """Two relays may be mounted in one app; a test may call an app without any socket."""
    name = listener.getsockname()
    assert claim(name)
    assert claim(name)
    assert claim(("testserver", 80))
    assert claim(("/no/such.sock", None))


def test_sockets_that_share_a_port_by_request_are_one_and_others_are_not() -> None:
    with ExitStack() as stack:
        sharing = [stack.enter_context(socket.socket()) for _ in range(3)]
        port = 0
        for each in sharing[:2]:
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            each.bind(("127.0.0.1", port))
            each.listen()
            port = each.getsockname()[1]
        sharing[2].bind(("127.0.0.1", 0))
        one, two, other = map(number_of, sharing)
        assert one == two != other
        assert 0 <= one < 1 << 63
