"""An echo gives back what it heard, byte for byte."""

from __future__ import annotations

from clients.python import Message, connect
from clients.python.bots.loader import load
from clients.python.bots.swarm import Swarm
from tests.clients.python.bots.swarms import plan, played, until
from tests.helpers.relay import RunningRelay


async def test_echo_answers_byte_for_byte(relay: RunningRelay) -> None:
    async def ask() -> None:
        async with connect(relay.url, room="BOTS") as room:
            await until(room, lambda e: len(room.players) == 3)
            await room.send_bytes(b"\xc1 anyone?")
            for _ in range(2):
                answer = await until(room, lambda e: isinstance(e, Message))
                assert isinstance(answer, Message)
                assert answer.payload == b"\xc1 anyone?"

    report = await played(Swarm(plan(relay, load("echo"), 2)), ask())
    assert report.is_good
    assert report.sent > 0
