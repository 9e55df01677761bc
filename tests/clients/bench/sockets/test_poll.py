"""Whatever tells who has something to read: one suite over all that can be had here."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from clients.bench.sockets.connection import Connection
from clients.bench.sockets.dialect import Plain
from clients.bench.sockets.poll import AnyPoll, Poll, poll

Ends = tuple[Connection, socket.socket]


@pytest.fixture(params=[AnyPoll, poll])
def watch(request: pytest.FixtureRequest) -> Iterator[Poll]:
    make: Callable[[], Poll] = request.param
    with closing(make()) as made:
        yield made


@contextmanager
def pair() -> Iterator[Ends]:
    """A connection, and the server's end of it."""
    ours, theirs = socket.socketpair()
    connection = Connection(ours, Plain("ws://nowhere"), 0)
    try:
        yield connection, theirs
    finally:
        connection.close()
        theirs.close()


def test_who_has_something_to_read_is_ready(watch: Poll) -> None:
    with pair() as (ann, ann_server), pair() as (bob, bob_server), pair() as (cyd, _):
        for connection in (ann, bob, cyd):
            watch.add(connection)
        assert watch.ready(0) == []
        ann_server.send(b"something")
        bob_server.close()  # to be hung up on is something, too
        assert set(watch.ready(1)) == {ann, bob}


@pytest.mark.parametrize("is_closed", [False, True])
def test_who_is_removed_is_never_ready(watch: Poll, is_closed: bool) -> None:
    with pair() as (ann, server):
        watch.add(ann)
        server.send(b"something")
        if is_closed:
            ann.close()
        watch.remove(ann)
        assert watch.ready(0) == []
        with pair() as (bob, other):  # who may get the same descriptor
            watch.add(bob)
            other.send(b"something")
            assert watch.ready(1) == [bob]
