"""What every bus does, whatever carries it: in one process, over Unix sockets, or NATS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import count

import pytest

from relay.cluster.bus import Bus, Unheard
from tests.helpers.logs import BUSES, Buses
from tests.helpers.looking import AGAIN_SECONDS, until_equal
from tests.helpers.nats import until

SECONDS = 30.0
TRY = b"try"  # says whether anything is heard yet
numbers = count()


@pytest.fixture(scope="module", params=BUSES)
async def buses(request: pytest.FixtureRequest) -> AsyncIterator[Buses]:
    async with BUSES[request.param]() as buses:
        yield buses


@pytest.fixture
def subject() -> str:
    """Name a subject of this test's own."""
    return f"subject.{next(numbers)}"


async def heard_by(bus: Bus, others: Buses, subject: str) -> list[tuple[str, bytes]]:
    """Subscribe, and return what is heard from when everybody's messages come through on."""
    heard: list[tuple[str, bytes]] = []
    tried: set[str] = set()

    def receive(sender: str, data: bytes) -> None:
        if data == TRY:
            tried.add(sender)
        else:
            heard.append((sender, data))

    bus.subscribe(subject, receive)

    def all_are_heard() -> bool:
        for other in others:
            other.publish(subject, TRY)
        return tried == {other.name for other in others}

    await until(all_are_heard)
    return heard


async def test_all_others_hear_what_one_publishes(buses: Buses, subject: str) -> None:
    heard = [await heard_by(bus, [b for b in buses if b is not bus], subject) for bus in buses]
    buses[0].publish(subject, b"hello")
    await until(lambda: all(each == [(buses[0].name, b"hello")] for each in heard[1:]))
    assert heard[0] == []


async def test_messages_of_one_sender_keep_their_order(buses: Buses, subject: str) -> None:
    heard = await heard_by(buses[0], buses[1:], subject)
    for number in range(500):
        for bus in buses[1:]:
            bus.publish(subject, b"%d" % number)
    await until(lambda: len(heard) == 1000)
    for bus in buses[1:]:
        wanted = [b"%d" % number for number in range(500)]
        assert [data for sender, data in heard if sender == bus.name] == wanted


@pytest.mark.parametrize("ending", ["ROOM-1", "a_b", "x y", "*", ">", "é"])
async def test_a_subject_is_no_pattern(buses: Buses, subject: str, ending: str) -> None:
    heard = await heard_by(buses[0], buses[1:], f"{subject}.{ending}")
    buses[1].publish(f"{subject}.other", b"no")
    buses[1].publish(subject, b"no")
    buses[1].publish(f"{subject}.{ending}", b"yes")
    await until(lambda: heard == [(buses[1].name, b"yes")])


async def test_who_has_ended_it_hears_no_more(buses: Buses, subject: str) -> None:
    gone: list[bytes] = []
    end = buses[0].subscribe(subject, lambda _, data: gone.append(data))
    heard = await heard_by(buses[0], buses[1:], subject)
    await until(lambda: TRY in gone)
    end()
    end()
    buses[1].publish(subject, b"later")
    await until(lambda: heard == [(buses[1].name, b"later")])
    assert b"later" not in gone


async def test_one_node_answers(buses: Buses, subject: str) -> None:
    async def reply(asker: str, data: bytes) -> bytes:
        return asker.encode() + b" asks " + data

    buses[1].answer(subject, reply)
    answer = await asked(buses[0], buses[1].name, subject, b"this")
    assert answer == buses[0].name.encode() + b" asks this"


async def asked(bus: Bus, node: str, subject: str, data: bytes) -> bytes:
    """Ask until the node is known to answer."""
    while True:
        try:
            return await bus.ask(node, subject, data, SECONDS)
        except Unheard:
            await asyncio.sleep(AGAIN_SECONDS)


async def test_nobody_answers_for_a_node_that_is_not_there(buses: Buses, subject: str) -> None:
    with pytest.raises(Unheard):
        await buses[0].ask("nobody", subject, b"", SECONDS)


async def test_a_subject_that_a_node_does_not_know_is_unheard(buses: Buses, subject: str) -> None:
    with pytest.raises(Unheard):
        await buses[0].ask(buses[1].name, subject, b"", SECONDS)


async def test_an_answer_that_does_not_come_is_not_waited_for(buses: Buses, subject: str) -> None:
    async def reply(asker: str, data: bytes) -> bytes:
        if data:
            await asyncio.Event().wait()
        return b""

    buses[1].answer(subject, reply)
    await asked(buses[0], buses[1].name, subject, b"")
    with pytest.raises(TimeoutError):
        await buses[0].ask(buses[1].name, subject, b"forever", 0.05)


async def test_all_are_asked(buses: Buses, subject: str) -> None:
    for bus in buses:

        async def reply(asker: str, data: bytes, name: str = bus.name) -> bytes:
            return name.encode()

        bus.answer(subject, reply)
    for bus in buses[1:]:
        await asked(buses[0], bus.name, subject, b"")
    answers = await buses[0].ask_all(subject, b"who?", SECONDS)
    assert dict(answers) == {bus.name: bus.name.encode() for bus in buses[1:]}


async def test_those_count_who_answer_in_time(buses: Buses, subject: str) -> None:
    async def reply(asker: str, data: bytes) -> bytes:
        return b"here"

    async def never(asker: str, data: bytes) -> bytes:
        if data:
            await asyncio.Event().wait()
        return b""

    buses[1].answer(subject, reply)
    buses[2].answer(subject, never)
    for bus in buses[1:]:
        await asked(buses[0], bus.name, subject, b"")

    async def answers() -> dict[str, bytes]:
        return dict(await buses[0].ask_all(subject, b"who?", 0.2))

    await until_equal(answers, {buses[1].name: b"here"})


async def test_each_knows_the_others(buses: Buses) -> None:
    for bus in buses:
        assert bus.others == {other.name for other in buses if other is not bus}
