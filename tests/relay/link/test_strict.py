"""What goes on below messages has bounds too."""

from __future__ import annotations

import asyncio

import pytest

from protocol.codec import encode
from protocol.frames import Deliver, Live, Send
from relay.link import strict
from tests.helpers.peers import Peer, party
from tests.helpers.raw import BINARY, CONTINUATION, PING, PONG, frame

MEBIBYTE = 1 << 20


async def keeps(peer: Peer) -> int:
    """Return how many bytes the relay does not take, once it takes no more."""
    before = -1
    while before != peer.raw.unsent:
        before = peer.raw.unsent
        await asyncio.sleep(0.1)
    return before


async def test_who_does_not_read_is_not_read_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict, "EXTRAS_PER_SECOND", 1e6)
    monkeypatch.setattr(strict, "EXTRAS_BURST", 1e6)
    async with party() as at:
        ann, flooder = await at.enters("R"), await at.connects("R", receive_buffer=4096)
        flooder.greets()
        await flooder.hears(Live)
        flooder.raw.stop_reading()
        flooder.raw.write(frame(PING, bytes(125)) * (8 * MEBIBYTE // 131))
        flooder.says(Send(None, b"hello"))
        assert await keeps(flooder) > 4 * MEBIBYTE
        await ann.catches_up()
        assert ann.payloads == []
        flooder.raw.read_on()  # and all is well
        await flooder.catches_up()
        assert (await ann.hears(Deliver)).payload == b"hello"


@pytest.mark.parametrize(
    "extra",
    [frame(PING, b""), frame(PONG, b""), frame(CONTINUATION, b"", is_last=False)],
    ids=["pings", "pongs", "pieces"],
)
async def test_who_says_nothing_at_length_is_read_slowly(
    extra: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strict, "EXTRAS_PER_SECOND", 100_000)
    async with party() as at:
        ann, flooder = await at.enters("R"), await at.enters("R")
        flooder.raw.write(frame(BINARY, b"", is_last=False) + extra * 100_000)
        flooder.raw.write(frame(CONTINUATION, encode(Send(None, b"hello"))))
        began = asyncio.get_running_loop().time()
        assert (await ann.hears(Deliver)).payload == b"hello"
        assert asyncio.get_running_loop().time() - began > 0.9


async def test_a_message_in_many_pieces_is_one() -> None:
    async with party() as at:
        ann, bob = await at.enters("R"), await at.enters("R")
        payload = bytes(range(256)) * 8
        message = encode(Send(None, payload))
        pieces = (frame(CONTINUATION, bytes((byte,)), is_last=False) for byte in message)
        bob.raw.write(frame(BINARY, b"", is_last=False) + b"".join(pieces))
        bob.raw.write(frame(CONTINUATION, b""))
        assert (await ann.hears(Deliver)).payload == payload
