"""What only the async client promises."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import anyio
import pytest

from clients.python import (
    EVERYONE,
    Closed,
    Left,
    Live,
    LocalProtocolError,
    Message,
    Reconnecting,
    RoomClosed,
    RoomOptions,
    Unreachable,
    Updated,
    connect,
)
from clients.python.events import Event
from clients.python.io.event_queue import MESSAGES
from clients.python.room import Room
from relay.policy.config import Settings
from tests.helpers.cable import cable_to
from tests.helpers.relay import RunningRelay, running_relay
from tests.helpers.small_server import serving


@pytest.fixture
async def relay() -> AsyncIterator[RunningRelay]:
    async with running_relay(Settings(profile="bench")) as relay:
        yield relay


async def read(room: Room, count: int) -> list[object]:
    """Return what the next messages say."""
    said: list[object] = []
    async for event in room:
        if isinstance(event, Message):
            said.append(event.value)
            if len(said) == count:
                break
    return said


async def until(room: Room, kind: type[Event]) -> None:
    async for event in room:
        if isinstance(event, kind):
            return


async def test_it_can_be_awaited_and_left_by_hand(relay: RunningRelay) -> None:
    room = await connect(relay.url, room="R")
    assert room.state == "live"
    await room.leave()
    await room.leave()
    events = [event async for event in room]
    assert isinstance(events[-1], Closed)
    with pytest.raises(RoomClosed):
        await room.send("too late")
    with pytest.raises(RoomClosed):
        room.volatile(0, "too late")


async def test_a_room_that_ignores_what_a_link_asks_for_is_warned_of(relay: RunningRelay) -> None:
    link = f"{relay.url}/r/CALM?chaos=lan&seed=42"
    with pytest.warns(UserWarning, match="room CALM does not let links .*, so chaos=lan&seed=42"):
        async with connect(link) as room:
            assert room.state == "live"
    bumpy = RoomOptions(chaos=True)
    async with connect(link.replace("CALM", "BUMPY"), create=bumpy):
        with pytest.warns(UserWarning, match="applies none for chaos=tram"):
            async with connect(f"{relay.url}/r/BUMPY?chaos=tram"):
                pass


async def test_a_warning_that_is_an_error_leaves_the_room(relay: RunningRelay) -> None:
    with pytest.raises(UserWarning):
        await connect(f"{relay.url}/r/CALM?chaos=lan")
    async with connect(relay.url, room="CALM") as room:
        assert set(room.players) == {room.me}


async def test_a_task_that_is_cancelled_leaves_its_room(relay: RunningRelay) -> None:
    async def play() -> None:
        async with connect(relay.url, room="R"):
            entered.set()
            await asyncio.Event().wait()

    entered = anyio.Event()
    async with connect(relay.url, room="R") as watcher, anyio.create_task_group() as tasks:
        tasks.start_soon(play)
        await entered.wait()
        tasks.cancel_scope.cancel()
    async with connect(relay.url, room="R") as watcher:
        assert set(watcher.players) == {3}


async def test_who_is_told_to_wait_sends_in_the_order_of_the_calls(relay: RunningRelay) -> None:
    async with (
        cable_to(relay.url) as cable,
        connect(cable.url, room="R") as ann,
        connect(relay.url, room="R") as bob,
        asyncio.TaskGroup() as tasks,
    ):
        cable.stall()
        sends = [tasks.create_task(ann.send(n)) for n in range(600)]
        await sends[ann.limits.window - 1]
        assert not sends[ann.limits.window].done()
        cable.flow()
        assert await read(bob, 600) == list(range(600))


async def test_who_waits_learns_that_the_room_is_over(
    relay: RunningRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clients.python.io.driver.LEAVE_PATIENCE", 0.1)
    async with cable_to(relay.url) as cable, connect(cable.url, room="R") as room:
        cable.unplug()
        sending = asyncio.gather(*(room.send(n) for n in range(300)), return_exceptions=True)
        await until(room, Reconnecting)
        await room.leave()
        results = await sending
        assert results[: room.limits.window] == list(range(1, room.limits.window + 1))
        assert all(isinstance(result, RoomClosed) for result in results[room.limits.window :])


async def test_a_program_that_reads_late_gets_every_message_and_the_newest_values(
    relay: RunningRelay,
) -> None:
    count = MESSAGES + 200
    async with connect(relay.url, room="R") as ann, connect(relay.url, room="R") as bob:
        for n in range(count):
            await bob.send(n)
            bob.volatile(0, n)
        await bob.send("for bob too", to=EVERYONE)
        await read(bob, 1)
        assert len(ann._driver.queue) < count
        values, updates = [], 0
        async for event in ann:
            updates += isinstance(event, Updated)
            if isinstance(event, Message):
                values.append(event.value)
                if event.value == "for bob too":
                    break
        assert values == [*range(count), "for bob too"]
        assert updates < count


async def test_batches_hold_all_that_is_there(relay: RunningRelay) -> None:
    async with connect(relay.url, room="R") as ann:
        async with connect(relay.url, room="R") as bob:
            for n in range(10):
                await bob.send(n)
        events: list[Event] = []
        while not any(isinstance(event, Left) for event in events):
            events += await ann.batch()
        assert [e.value for e in events if isinstance(e, Message)] == list(range(10))
        await ann.leave()
        assert [type(event) for event in await ann.batch()] == [Closed]
        assert await ann.batch() == []


async def test_a_second_reader_is_told_at_once(relay: RunningRelay) -> None:
    async with connect(relay.url, room="R") as room, asyncio.TaskGroup() as tasks:
        await until(room, Live)
        reading = tasks.create_task(until(room, Message))
        await asyncio.sleep(0)
        for read_too in (room.__anext__, room.batch):
            with pytest.raises(RuntimeError, match="already reads"):
                await read_too()
        await room.send("for the first", to=EVERYONE)
        await reading


async def test_a_batch_has_one_reader_too(relay: RunningRelay) -> None:
    async with connect(relay.url, room="R") as room, asyncio.TaskGroup() as tasks:
        await room.batch()
        reading = tasks.create_task(room.batch())
        await asyncio.sleep(0)
        # Also while something is there that the first has not had time to take.
        room._driver.queue.put([Live(9)], room._protocol.room, 9)
        with pytest.raises(RuntimeError, match="already reads"):
            await anext(room)
        await room.send("wakes the first", to=EVERYONE)
        assert await reading


async def test_one_reader_may_follow_another(relay: RunningRelay) -> None:
    async with connect(relay.url, room="R") as room:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await until(room, Message)
        await room.send("hello", to=EVERYONE)
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(read(room, 1))
        assert reading.result() == ["hello"]


async def test_reading_what_waits_lets_the_loop_have_its_turns(relay: RunningRelay) -> None:
    async with connect(relay.url, room="R") as room:
        await until(room, Live)
        events = [Message(n, 1, b"") for n in range(50)]
        room._driver.queue.put(events, room._protocol.room, 99)
        had_a_turn = asyncio.Event()
        asyncio.get_running_loop().call_later(0.01, had_a_turn.set)
        for _ in events:
            await anext(room)
            time.sleep(0.005)  # noqa: ASYNC251 - a program that has much to do
        assert had_a_turn.is_set()


async def test_a_host_that_never_answers_is_given_up_in_time() -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(say_nothing) as port:
        with pytest.raises(Unreachable, match="no answer"):
            await connect(f"127.0.0.1:{port}", room="R", timeout=0.2)


async def test_a_mistaken_option_raises_before_anything_is_sent() -> None:
    with pytest.raises(LocalProtocolError):
        await connect("127.0.0.1:1", room="R", name="x" * 65)
    with pytest.raises(LocalProtocolError):
        await connect("127.0.0.1:1", room="R", seat=b"short")
    with pytest.raises(TypeError):
        await connect("127.0.0.1:1", room="R", nmae="Ann")  # type: ignore[call-arg]


async def test_a_bug_in_the_client_does_not_pass_in_silence(
    relay: RunningRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(now: float) -> None:
        raise RuntimeError("a bug")

    async with cable_to(relay.url) as cable, connect(cable.url, room="R") as room:
        monkeypatch.setattr(room._protocol, "connected", fail)
        cable.cut()
        with pytest.raises(RuntimeError, match="a bug"):
            await until(room, Message)
        with pytest.raises(RoomClosed, match="a bug"):
            await room.send(1)
