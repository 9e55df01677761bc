"""The mail between processes: order, whole messages, sockets, and boxes whose owner is away."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest

from relay.workers import mail as mail_module
from relay.workers.mail import BUFFER, HEAD, MOST_WAITING, PART, Kind, Mail
from tests.helpers.crew import boxes
from tests.helpers.peers import until

Got = list[tuple[bytes, int | None]]


class Post:
    """Two processes' boxes."""

    def __init__(self, stack: ExitStack) -> None:
        self.own, self.ways = boxes(2, stack)
        self._stack = stack

    def mail(self, number: int, start: int = 1) -> Mail:
        return Mail(self.own[number], self.ways, number, start)

    def reader(self, kind: int = Kind.BUS) -> Got:
        """Read the second box from now on. Returns: what comes."""
        got: Got = []
        mail = self.mail(1)
        mail.on(kind, lambda data, fd: got.append((data, fd)))
        mail.open()
        self._stack.callback(mail.close)
        return got


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    with ExitStack() as stack:
        yield Post(stack)


def is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


async def test_messages_arrive_whole_and_in_order(post: Post) -> None:
    got, sender = post.reader(), post.mail(0)
    sent = [b"", b"a", bytes(PART), bytes(PART + 1), os.urandom(4 * PART), b"z"]
    for data in sent:
        sender.send(1, Kind.BUS, data)
    await until(lambda: len(got) == len(sent))
    assert got == [(data, None) for data in sent]


async def test_a_socket_comes_with_its_message_and_is_closed_where_it_was(post: Post) -> None:
    got, sender = post.reader(), post.mail(0)
    here, there = socket.socketpair()
    with there:
        descriptor = here.detach()
        sender.send(1, Kind.BUS, bytes(3 * PART), descriptor)
        assert not is_open(descriptor)
        await until(lambda: got)
        [(data, received)] = got
        assert data == bytes(3 * PART)
        with socket.socket(fileno=received) as moved:
            assert not moved.get_inheritable()
            moved.sendall(b"hello")
            assert there.recv(5) == b"hello"


async def test_what_nobody_takes_is_closed(post: Post) -> None:
    got, sender = post.reader(), post.mail(0)
    here, there = socket.socketpair()
    with there:
        sender.send(1, Kind.MOVE, b"", here.detach())
        sender.send(1, Kind.BUS, b"after")
        await until(lambda: got)
        assert there.recv(1) == b""


async def test_a_box_keeps_what_comes_while_its_owner_is_away(post: Post) -> None:
    sender = post.mail(0)
    sent = [os.urandom(PART) for _ in range(8 * BUFFER // PART)]
    for data in sent:
        sender.send(1, Kind.BUS, data)
    got = post.reader()
    await until(lambda: len(got) == len(sent))
    assert [data for data, _ in got] == sent


async def test_a_full_box_takes_nothing_more_and_says_so(post: Post) -> None:
    sender = post.mail(0)
    while not sender.is_full(1):
        sender.send(1, Kind.BUS, bytes(PART))
    assert not sender.is_full(0)
    here, there = socket.socketpair()
    with there:
        sender.send(1, Kind.BUS, b"", here.detach())
        assert there.recv(1) == b""
    got = post.reader()
    await until(lambda: not sender.is_full(1))
    sender.send(1, Kind.BUS, b"the last")
    await until(lambda: got[-1:] == [(b"the last", None)])
    assert len(got) > MOST_WAITING


async def test_half_a_message_of_one_who_was_killed_is_forgotten(post: Post) -> None:
    got = post.reader()
    post.ways[1].send(HEAD.pack(0, 1, Kind.BUS, True, False) + b"half")
    post.mail(0, start=2).send(1, Kind.BUS, b"a whole one")
    await until(lambda: got)
    assert got == [(b"a whole one", None)]


async def test_the_end_of_a_message_whose_beginning_another_read_is_no_message(post: Post) -> None:
    """A socket that comes with it is closed: the rest of a request is another request."""
    sender, before = post.mail(0), post.own[1]
    here, there = socket.socketpair()
    with there:
        sender.send(1, Kind.BUS, bytes(2 * PART) + b"the end", here.detach())
        before.recv(HEAD.size + PART)
        got = post.reader()
        sender.send(1, Kind.BUS, b"a whole one")
        await until(lambda: got)
        assert got == [(b"a whole one", None)]
        assert there.recv(1) == b""


async def test_messages_of_several_senders_do_not_mix(post: Post) -> None:
    got = post.reader()
    for number in (0, 1):
        post.ways[1].send(HEAD.pack(number, 1, Kind.BUS, True, False) + b"%d begins, " % number)
    for number in (0, 1):
        post.ways[1].send(HEAD.pack(number, 1, Kind.BUS, False, True) + b"%d ends" % number)
    await until(lambda: len(got) == 2)
    assert [data for data, _ in got] == [b"0 begins, 0 ends", b"1 begins, 1 ends"]


async def test_a_system_that_is_short_of_memory_is_asked_again(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    got, sender, attempts = post.reader(), post.mail(0), 0
    send = mail_module._send

    def busy(box: socket.socket, data: bytes, fd: int | None) -> None:
        nonlocal attempts
        attempts += 1
        if attempts < 3:
            raise OSError(mail_module.LATER[0], "no memory")
        send(box, data, fd)

    monkeypatch.setattr(mail_module, "_send", busy)
    sender.send(1, Kind.BUS, b"one")
    sender.send(1, Kind.BUS, b"two")
    await until(lambda: len(got) == 2)
    assert [data for data, _ in got] == [b"one", b"two"]


async def test_what_cannot_be_sent_any_more_is_let_go(post: Post) -> None:
    sender = post.mail(0)
    post.own[1].close()
    here, there = socket.socketpair()
    with there:
        sender.send(1, Kind.BUS, b"", here.detach())
        assert there.recv(1) == b""
