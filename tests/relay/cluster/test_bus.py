"""What every bus does, whatever carries its messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from relay.cluster.bus import Bus, Receive, Unheard
from relay.cluster.local_bus import LocalBus, LocalNet
from relay.workers.mail import PART, Mail
from relay.workers.unix_bus import UnixBus
from tests.helpers.crew import boxes
from tests.helpers.looking import until_equal
from tests.helpers.peers import PATIENCE, until

NAMES = ("ann", "bob", "cid")

Leave = Callable[[str], None]
"""Lets a node be gone, as one that was killed."""


@contextmanager
def local() -> Iterator[tuple[list[Bus], Leave]]:
    net = LocalNet()
    yield [LocalBus(net, name) for name in NAMES], net.leave


@contextmanager
def unix() -> Iterator[tuple[list[Bus], Leave]]:
    numbers = {name: number for number, name in enumerate(NAMES)}
    with ExitStack() as stack:
        own, ways = boxes(len(NAMES), stack)
        mails = {name: Mail(own[number], ways, number, 1) for name, number in numbers.items()}
        buses = {name: UnixBus(mail, name) for name, mail in mails.items()}
        for name, mail in mails.items():
            mail.open()
            stack.callback(mail.close)
            buses[name].know(numbers)

        def leave(gone: str) -> None:
            del numbers[gone]
            for bus in buses.values():
                bus.know(numbers)

        yield list(buses.values()), leave


@pytest.fixture(params=[local, unix])
async def net(request: pytest.FixtureRequest) -> AsyncIterator[tuple[list[Bus], Leave]]:
    with request.param() as made:
        yield made


Net = tuple[list[Bus], Leave]


async def echo(asker: str, data: bytes) -> bytes:
    return asker.encode() + b":" + data


async def test_what_one_publishes_all_others_hear_in_order(net: Net) -> None:
    (ann, bob, cid), _ = net
    heard: dict[str, list[tuple[str, bytes]]] = {"ann": [], "bob": [], "cid": []}

    def hears(name: str) -> Receive:
        return lambda sender, data: heard[name].append((sender, data))

    for bus in (ann, bob, cid):
        bus.subscribe("news", hears(bus.name))
        bus.subscribe("other", lambda sender, data: pytest.fail("nobody spoke of it"))
    sent = [b"%d" % number for number in range(50)]
    for data in sent:
        ann.publish("news", data)
    await until(lambda: len(heard["bob"]) == len(heard["cid"]) == len(sent))
    assert heard["bob"] == heard["cid"] == [("ann", data) for data in sent]
    assert heard["ann"] == []


async def test_who_has_ended_a_subscription_hears_no_more(net: Net) -> None:
    (ann, bob, _), _ = net
    heard: list[bytes] = []
    end = bob.subscribe("news", lambda sender, data: heard.append(data))
    bob.subscribe("news", lambda sender, data: heard.append(b"second " + data))
    ann.publish("news", b"one")
    await until(lambda: len(heard) == 2)
    end()
    ann.publish("news", b"two")
    await until(lambda: len(heard) == 3)
    assert heard == [b"one", b"second one", b"second two"]


async def test_a_question_gets_its_answer(net: Net) -> None:
    (ann, bob, _), _ = net
    bob.answer("echo", echo)
    answers = await asyncio.gather(
        *(ann.ask("bob", "echo", b"%d" % number, PATIENCE) for number in range(20))
    )
    assert answers == [b"ann:%d" % number for number in range(20)]


async def test_long_messages_arrive_whole(net: Net) -> None:
    (ann, bob, _), _ = net
    bob.answer("echo", echo)
    for size in (PART - 100, PART, 5 * PART + 1):
        data = bytes(range(256)) * (size // 256 + 1)
        assert await ann.ask("bob", "echo", data, PATIENCE) == b"ann:" + data


async def test_a_question_to_all_brings_the_answers_of_those_who_know(net: Net) -> None:
    (ann, bob, cid), _ = net
    bob.answer("echo", echo)
    assert await ann.ask_all("echo", b"?", PATIENCE) == {"bob": b"ann:?"}
    cid.answer("echo", echo)
    assert await ann.ask_all("echo", b"!", PATIENCE) == {"bob": b"ann:!", "cid": b"ann:!"}


async def test_who_is_not_there_is_not_waited_for(net: Net) -> None:
    (ann, bob, _), leave = net
    with pytest.raises(Unheard):
        await ann.ask("nobody", "echo", b"", PATIENCE)
    with pytest.raises(Unheard):
        await ann.ask("bob", "echo", b"", PATIENCE)  # it is, but does not know the subject
    assert ann.others == {"bob", "cid"}

    async def never(asker: str, data: bytes) -> bytes:
        leave("bob")
        await asyncio.Event().wait()
        return b""

    bob.answer("hang", never)
    with pytest.raises(Unheard):
        await ann.ask("bob", "hang", b"", PATIENCE)
    assert ann.others == {"cid"}


async def test_an_answer_that_does_not_come_is_waited_for_so_long(net: Net) -> None:
    (ann, bob, cid), _ = net
    asked = asyncio.Event()

    async def fail(asker: str, data: bytes) -> bytes:
        asked.set()
        raise ArithmeticError

    bob.answer("fail", fail)
    cid.answer("fail", echo)
    with pytest.raises(TimeoutError):
        await ann.ask("bob", "fail", b"", 0.05)
    await asked.wait()

    async def answers() -> dict[str, bytes]:
        return dict(await ann.ask_all("fail", b"", 0.05))

    await until_equal(answers, {"cid": b"ann:"})
