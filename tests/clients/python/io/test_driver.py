"""A driver keeps its client connected, sends what is posted in order, and ends as it should."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.server import ServerConnection

from clients.python import LocalProtocolError, NoSuchRoom, RoomClosed, Unreachable
from clients.python.core import commands
from clients.python.events import Closed, Event, Live, Lost, Reconnecting, Resumed
from clients.python.io.driver import Driver
from clients.python.options import driver_for
from protocol.codec import encode
from protocol.frames import Deliver, Leave, Send
from tests.helpers.cable import Cable, cable_to
from tests.helpers.peers import Peer, party_at, until
from tests.helpers.players import PATIENCE
from tests.helpers.relay import RunningRelay, running_relay
from tests.helpers.scripted_relay import message, welcome
from tests.helpers.strange_relay import greet, hear, part, strange_relay

FRAMES = 300
"""More than a window has room for."""


@pytest.fixture
async def bob(relay: RunningRelay) -> AsyncIterator[Peer]:
    """Another player in the room, by hand."""
    async with party_at(relay.url) as at:
        yield await at.enters("R")


def numbered(many: int) -> list[bytes]:
    return [b"%d" % number for number in range(many)]


def posts(payload: bytes) -> bytes:
    return commands.send(payload, commands.OTHERS)


async def entered(url: str) -> Driver:
    driver = driver_for(url, room="R", name="Ann")
    await driver.open(PATIENCE)
    return driver


async def told(driver: Driver, last: type[Event]) -> list[Event]:
    """Return the events up to one of this kind."""
    events: list[Event] = []
    async with asyncio.timeout(PATIENCE):
        while await driver.wait_for_event():
            while (event := driver.queue.pop()) is not None:
                events.append(event)
                if isinstance(event, last):
                    return events
            driver.events_taken()
    raise AssertionError(f"no {last.__name__} among {events}")


async def hears(peer: Peer, payloads: list[bytes]) -> None:
    """Wait until a player has heard as much, and check that it is this."""
    while len(peer.payloads) < len(payloads):
        await peer.hears(Deliver)
    assert peer.payloads == payloads


# Sending.


async def test_what_is_posted_is_numbered_and_arrives_in_the_order_of_the_calls(
    relay: RunningRelay, bob: Peer
) -> None:
    driver = await entered(relay.url)
    counts = [await driver.post(posts(payload)) for payload in numbered(FRAMES)]
    assert counts == list(range(1, FRAMES + 1))
    await hears(bob, numbered(FRAMES))
    assert driver.traffic.sent >= FRAMES
    await driver.leave()


async def test_only_who_waits_for_the_window_waits(cable: Cable, bob: Peer) -> None:
    driver = await entered(cable.url)
    cable.stall()
    posted = driver.post_now(*map(posts, numbered(FRAMES)))
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(driver.post(posts(b"last")))
        await asyncio.sleep(0)
        assert (posted, waiting.done()) == (FRAMES, False)
        cable.flow()
    assert waiting.result() == FRAMES + 1
    await hears(bob, [*numbered(FRAMES), b"last"])
    await driver.leave()


# Coming back.


async def test_a_lost_connection_comes_back_and_nothing_is_lost_or_doubled(
    cable: Cable, bob: Peer
) -> None:
    driver = await entered(cable.url)
    for number, payload in enumerate(numbered(20)):
        await driver.post(posts(payload))
        if number % 5 == 0:
            cable.cut()
            await told(driver, Reconnecting)
            events = await told(driver, Resumed)
            assert isinstance(events[-1], Resumed)
            assert events[-1].resumed
    await hears(bob, numbered(20))
    assert not driver.has_ended
    await driver.leave()


# The beginning and the end.


async def test_it_is_open_once_the_room_is_known_and_over_once_it_is_left(
    relay: RunningRelay, bob: Peer
) -> None:
    driver = await entered(relay.url)
    events = await told(driver, Live)
    assert isinstance(events[-1], Live)
    driver.check_open()
    await driver.leave()
    assert (driver.has_ended, driver.crash) == (True, None)
    assert isinstance((await told(driver, Closed))[-1], Closed)
    assert not await driver.wait_for_event()
    with pytest.raises(RoomClosed):
        await driver.post(posts(b"too late"))


async def test_what_was_posted_without_a_connection_is_sent_before_it_is_left(
    cable: Cable, bob: Peer
) -> None:
    driver = await entered(cable.url)
    cable.unplug()
    await told(driver, Reconnecting)
    await driver.post(posts(b"last words"))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(driver.leave())
        cable.plug()
    await hears(bob, [b"last words"])


async def test_without_any_way_to_the_relay_it_is_left_in_time_and_says_what_is_lost(
    cable: Cable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clients.python.io.driver.LEAVE_PATIENCE", 0.1)
    driver = await entered(cable.url)
    cable.unplug()
    await told(driver, Reconnecting)
    await driver.post(posts(b"never heard"))
    await driver.leave()
    events = await told(driver, Closed)
    (lost,) = (event for event in events if isinstance(event, Lost))
    assert lost.messages == (Send(None, b"never heard"),)


async def test_a_program_that_reads_nothing_more_can_leave_over_a_second_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("clients.python.io.event_queue.PAST_MESSAGES", 0)

    async def floods(socket: ServerConnection) -> None:
        await greet(socket)
        for seq in range(4, 2000):
            await socket.send(encode(message(seq, "x")))
        while not isinstance(await hear(socket), Leave):
            pass
        socket.transport.abort()

    async def answers(socket: ServerConnection) -> None:
        await hear(socket)
        await socket.send(encode(welcome(seq=3, resumed=True)))
        await part(socket)

    async with strange_relay(floods, answers) as url:
        driver = await entered(url)
        await until(lambda: driver.queue.is_full)
        await driver.post(posts(b"last words"))
        began = time.monotonic()
        await driver.leave()
        assert time.monotonic() - began < PATIENCE / 2, "it waited for an answer"
        assert not any(isinstance(event, Lost) for event in await told(driver, Closed))


async def test_a_loop_that_ends_ends_the_room_and_says_what_is_lost() -> None:
    async def listens(socket: ServerConnection) -> None:
        await greet(socket)

    async with strange_relay(listens) as url:
        driver = await entered(url)
        await driver.post(posts(b"last words"))
        (task,) = (each for each in asyncio.all_tasks() if each.get_name().startswith("roomwire "))
        task.cancel()
        events = await told(driver, Closed)
    (lost,) = (event for event in events if isinstance(event, Lost))
    assert lost.messages == (Send(None, b"last words"),)


async def test_where_no_relay_is_any_more_nobody_waits_to_leave() -> None:
    async with running_relay() as relay:
        driver = await entered(relay.url)
        await relay.node.drain(0)
    await told(driver, Reconnecting)
    began = time.monotonic()
    await driver.leave()
    assert time.monotonic() - began < PATIENCE / 2, "it waited for an answer"
    assert isinstance((await told(driver, Closed))[-1], Closed)


async def test_who_is_not_let_in_hears_why_and_leaves_nothing_running(relay: RunningRelay) -> None:
    driver = driver_for(relay.url, room="R", create=False)
    with pytest.raises(NoSuchRoom):
        await driver.open(PATIENCE)
    assert driver.has_ended
    assert driver.crash is None


async def test_a_relay_that_is_not_there_is_unreachable() -> None:
    async with cable_to("http://127.0.0.1:1") as cable:
        cable.unplug()
        driver = driver_for(cable.url, room="R")
        with pytest.raises(Unreachable):
            await driver.open(0.3)
        await until(lambda: driver.has_ended)


def test_an_option_that_hello_cannot_carry_makes_no_driver() -> None:
    with pytest.raises(LocalProtocolError):
        driver_for("localhost", room="R", name="x" * 1000)


# Reading.


async def test_events_have_one_reader(relay: RunningRelay) -> None:
    driver = await entered(relay.url)
    await told(driver, Live)
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(driver.wait_for_event())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="already reads"):
            driver.check_one_reader()
        await driver.leave()
    assert waiting.result()
    driver.check_one_reader()
