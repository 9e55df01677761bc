"""What one client can make a connection do and keep has bounds, and so has its end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from protocol.close_codes import CloseCode
from protocol.codec import Role, decode, encode
from protocol.frames import Deliver, Hello, HelloOptions, Left, Live, Send
from relay.link import channel
from relay.link.direct import DirectLink
from tests.conformance.wire import Wire, connect
from tests.helpers.peers import Party, party, until
from tests.helpers.raw import BINARY, CLOSE, PING, PONG, SUBPROTOCOL, TEXT, frame
from tests.helpers.relay import link_url

PROTOCOL = (("Sec-WebSocket-Protocol", SUBPROTOCOL),)
NEVER = 60.0
"""Seconds that no test waits."""


@asynccontextmanager
async def wire_to(at: Party, room: str = "R") -> AsyncIterator[Wire]:
    """Open a connection that shows every frame, and be in the room."""
    async with connect(link_url(at.url, room), PROTOCOL) as wire:
        wire.write(frame(BINARY, encode(Hello(1, HelloOptions()))))
        while not isinstance(decode((await wire.frame())[1], Role.RELAY), Live):
            pass
        yield wire


def newest_link(at: Party) -> DirectLink:
    """Return the relay's end of the newest connection."""
    link = at.node.connections[max(at.node.connections)].link
    assert isinstance(link, DirectLink)
    return link


def is_over(link: DirectLink) -> bool:
    """Whether its socket is closed."""
    descriptor: int = link.transport.get_extra_info("socket").fileno()
    return descriptor == -1


# Pings.


async def test_pings_are_answered_between_messages_in_their_order() -> None:
    async with party(is_portable=False) as at, wire_to(at) as wire:
        for number in (1, 2):
            wire.write(
                frame(PING, b"%d" % number), frame(BINARY, encode(Send(True, b"%d" % number)))
            )
        heard = await wire.frames(4)
        assert [data for opcode, data in heard if opcode == PONG] == [b"1", b"2"]
        messages = [decode(data, Role.RELAY) for opcode, data in heard if opcode == BINARY]
        assert [each.payload for each in messages if isinstance(each, Deliver)] == [b"1", b"2"]


async def test_of_pongs_only_the_newest_is_kept_for_who_does_not_read() -> None:
    async with party(is_portable=False, profile="bench", slow_seconds=NEVER) as at:
        ann = await at.enters("R")
        stuck = await at.enters_and_sticks("R")
        link = newest_link(at)
        while not link.is_blocked:
            ann.says(Send(None, bytes(8192)))
            await ann.catches_up()
        before = link.inbound.controls
        stuck.raw.write(b"".join(frame(PING, b"%d" % number) for number in range(20)))
        await until(lambda: link.inbound.controls == before + 20)
        assert link._pong[2:] == b"19"
        stuck.raw.read_on()
        await until(lambda: not link._pong)
        assert len(await stuck.catches_up()) > 0


# The end.


async def test_a_close_is_answered_and_the_connection_is_over() -> None:
    async with party(is_portable=False) as at, wire_to(at) as wire:
        link = newest_link(at)
        wire.write(frame(CLOSE, (4321).to_bytes(2)))
        assert await wire.ends() == (4321, "")
        await until(lambda: is_over(link))


async def test_a_close_that_is_read_with_what_is_refused_is_answered() -> None:
    async with party(is_portable=False) as at, wire_to(at) as wire:
        link = newest_link(at)
        wire.write(frame(TEXT, b"hello") + frame(CLOSE, (4321).to_bytes(2)))
        assert await wire.ends() == (4321, "")
        await until(lambda: is_over(link))


async def test_a_close_does_not_wait_for_the_rate() -> None:
    async with party(is_portable=False, frames_per_second=1, frames_burst=10) as at:
        bob = await at.enters("R")
        async with wire_to(at) as wire:
            said = [b"%d" % number for number in range(40)]
            sends = b"".join(frame(BINARY, encode(Send(None, payload))) for payload in said)
            wire.write(sends + frame(CLOSE, (4321).to_bytes(2)))
            await bob.hears(Left)
            assert bob.payloads == said


async def test_who_does_not_close_in_turn_is_cut_off_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(channel, "PATIENCE", 0.2)
    async with party(is_portable=False) as at, wire_to(at) as wire:
        link = newest_link(at)
        wire.write(frame(TEXT, b"hello"))
        code = CloseCode.TEXT_REFUSED
        assert await wire.frame() == (CLOSE, code.to_bytes(2) + code.reason.encode())
        assert not is_over(link)
        await until(lambda: is_over(link))


@pytest.mark.parametrize("flood", ["bytes", "frames"])
async def test_who_goes_on_talking_after_the_end_is_cut_off_at_once(
    flood: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "PATIENCE", NEVER)
    async with party(is_portable=False) as at, wire_to(at) as wire:
        link = newest_link(at)
        wire.write(frame(TEXT, b"hello"))
        await wire.frame()
        if flood == "bytes":
            wire.write(frame(BINARY, bytes(2 * channel.MOST_DISCARDED)))
        else:
            wire.write(frame(BINARY, b"") * (channel.MOST_READ_ON + 1))
        await until(lambda: is_over(link))


async def test_who_breaks_the_rules_hears_why_before_the_connection_ends() -> None:
    async with party(is_portable=False) as at, wire_to(at) as wire:
        wire.write(b"\x82\x01x")  # not masked
        code, _ = await wire.ends()
        assert code == 1002


# Silence.


async def test_who_is_not_listened_to_is_not_silent() -> None:
    """It has to slow down, and its answer to a ping is among what is not read."""
    pace: dict[str, Any] = {"frames_per_second": 1, "frames_burst": 1}
    heartbeat: dict[str, Any] = {"ping_seconds": 0.05, "ping_timeout": 0.5}
    async with party(is_portable=False, **pace, **heartbeat) as at, wire_to(at) as wire:
        link = newest_link(at)
        wire.write(frame(BINARY, encode(Send(True, b"x"))) * 3)
        await until(lambda: link._held & channel.Hold.OWNER)
        heard = 0
        while heard < 3:
            opcode, data = await wire.frame()
            if opcode == PING:
                wire.write(frame(PONG, data))
            else:
                assert opcode == BINARY
                heard += isinstance(decode(data, Role.RELAY), Deliver)
        assert not link.is_ended
