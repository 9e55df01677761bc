"""What becomes of relays that behave in ways in which ours does not."""

from __future__ import annotations

import asyncio

import pytest
from websockets.asyncio.server import ServerConnection

from clients.python import (
    HostChanged,
    Joined,
    JoinError,
    Message,
    Reconnecting,
    Resumed,
    connect,
)
from clients.python import Live as LiveEvent
from clients.python.errors import RoomwireError, Unreachable
from protocol.codec import encode
from protocol.frames import Hello, Limits, Live
from tests.helpers.longer import given_time
from tests.helpers.scripted_relay import as_it_stands, message, welcome
from tests.helpers.strange_relay import Act, greet, hear, part, strange_relay


async def in_fragments(socket: ServerConnection) -> None:
    await greet(socket)
    whole = encode(message(4, "x" * 1000))
    await socket.send([whole[:1], whole[1:500], b"", whole[500:]])
    await socket.send(encode(message(5, "whole again")))
    await part(socket)


async def refused(url: str) -> str:
    """Return why a client that tries for a while does not get in."""

    async def attempt(seconds: float) -> RoomwireError:
        with pytest.raises(RoomwireError) as caught:
            await connect(url, room="R", timeout=seconds)
        return caught.value

    error = await given_time(attempt, 0.5, lambda error: isinstance(error, JoinError))
    assert isinstance(error, JoinError)
    return str(error)


async def test_a_message_may_come_in_fragments() -> None:
    async with strange_relay(in_fragments) as url, connect(url, room="R") as room:
        messages = (event async for event in room if isinstance(event, Message))
        assert (await anext(messages)).value == "x" * 1000
        assert (await anext(messages)).value == "whole again"


async def malformed(socket: ServerConnection) -> None:
    await greet(socket)
    await socket.send(b"\x94\x11\x04\x02\xa2hi" + bytes(200))


async def text(socket: ServerConnection) -> None:
    await greet(socket)
    await socket.send("hello, I speak text")
    await part(socket)


@pytest.mark.parametrize("breaks", [malformed, text])
async def test_a_relay_that_breaks_the_protocol_is_tried_again_for_a_fresh_stream(
    breaks: Act,
) -> None:
    async def well(socket: ServerConnection) -> None:
        await greet(socket)
        await part(socket)

    async with strange_relay(breaks, well) as url, connect(url, room="R") as room:
        lost = await anext(event async for event in room if isinstance(event, Reconnecting))
        assert "broke the protocol" in lost.reason
        back = await anext(event async for event in room if isinstance(event, Resumed))
        assert not back.resumed


async def cut_off(socket: ServerConnection) -> None:
    """Tell half of the room, and go."""
    assert isinstance(await hear(socket), Hello)
    for frame in (welcome(), *as_it_stands()[:2], message(3, "told twice")):
        await socket.send(encode(frame))
    socket.transport.abort()


async def test_a_stream_that_begins_anew_before_live_is_told_once() -> None:
    async def well(socket: ServerConnection) -> None:
        await hear(socket)
        for frame in (welcome(), *as_it_stands()[:-1], message(3, "told twice"), Live(3)):
            await socket.send(encode(frame))
        await part(socket)

    async with strange_relay(cut_off, cut_off, well) as url, connect(url, room="R") as room:
        assert room.state == "live"
        events = []
        async for event in room:
            events.append(event)
            if isinstance(event, LiveEvent):
                break
        kinds = [type(event) for event in events if not isinstance(event, Resumed)]
        assert kinds == [Joined, Joined, HostChanged, Message, LiveEvent]


async def test_a_relay_without_end_before_live_is_left_for_a_reason_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("clients.python.io.websocket.CLOSE_PATIENCE", 0.1)
    monkeypatch.setattr("clients.python.core.before_live.HELD_FRAMES", 100)
    monkeypatch.setattr("clients.python.core.before_live.MEANWHILE_FRAMES", 100)
    closes = []

    async def endless(socket: ServerConnection) -> None:
        await hear(socket)
        await socket.send(encode(welcome(limits=Limits(history_frames=100))))
        try:
            for seq in range(1_000_000):
                await socket.send(encode(message(seq, "and so on")))
                await asyncio.sleep(0)
        finally:
            closes.append((socket.close_code, socket.close_reason))

    async with strange_relay(endless) as url:
        assert "before LIVE" in await refused(url)
    code, reason = closes[0]
    assert code == 1002
    assert "before LIVE" in (reason or "")


async def test_options_go_with_hello() -> None:
    heard = []

    async def listen(socket: ServerConnection) -> None:
        heard.append(await hear(socket))
        for frame in (welcome(), *as_it_stands()):
            await socket.send(encode(frame))
        await part(socket)

    async with strange_relay(listen) as url, connect(url, room="R", can_host=False):
        (hello,) = heard
        assert isinstance(hello, Hello)
        assert not hello.options.can_host


async def another_language(socket: ServerConnection) -> None:
    await hear(socket)
    await socket.send("hello, I speak text")
    await part(socket)


async def silence(socket: ServerConnection) -> None:
    await socket.recv()


async def too_big(socket: ServerConnection) -> None:
    await greet(socket)
    await socket.send(bytes(70_000))


async def test_a_server_that_speaks_text_is_no_relay() -> None:
    async with strange_relay(another_language) as url:
        assert "binary" in await refused(url)


async def test_a_server_that_never_welcomes_is_left_in_time() -> None:
    async with strange_relay(silence) as url:
        with pytest.raises(Unreachable, match="no answer"):
            await connect(url, room="R", timeout=0.2)


async def test_a_message_larger_than_was_asked_for_ends_the_connection() -> None:
    async with strange_relay(too_big) as url, connect(url, room="R") as room:
        lost = await anext(event async for event in room if isinstance(event, Reconnecting))
        assert lost.attempt == 1


async def test_a_relay_that_ignores_leave_does_not_hold_the_program_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("clients.python.io.websocket.CLOSE_PATIENCE", 0.1)

    async def deaf(socket: ServerConnection) -> None:
        await greet(socket)
        await socket.wait_closed()

    async with strange_relay(deaf) as url:
        async with connect(url, room="R") as room:
            pass
        assert room.state == "closed"
