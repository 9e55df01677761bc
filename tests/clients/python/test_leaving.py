"""What both clients do when a relay does not answer LEAVE, over real sockets."""

from __future__ import annotations

from itertools import takewhile
from operator import methodcaller

import anyio
import pytest
from websockets.asyncio.server import ServerConnection

from clients.python import Closed, Lost, Reconnecting
from protocol.codec import encode
from protocol.frames import Frame, Hello, Leave, Live, Send, Volatile
from tests.helpers.longer import given_time
from tests.helpers.players import PATIENCE, Enter, TestPlayer
from tests.helpers.scripted_relay import EPOCH, welcome
from tests.helpers.strange_relay import greet, hear, strange_relay

FRAMES = 20


class Relay:
    """A relay that takes no counted frame, and hears what a client says up to LEAVE."""

    def __init__(self) -> None:
        self.said: list[list[Frame]] = []
        """For each connection."""

    async def cuts(self, socket: ServerConnection) -> None:
        """Let a client enter; lose its connection instead of answering LEAVE."""
        await greet(socket)
        await self._listen(socket)
        socket.transport.abort()

    async def answers(self, socket: ServerConnection) -> None:
        """Let a client resume, and answer LEAVE."""
        hello = await hear(socket)
        assert isinstance(hello, Hello)
        assert hello.options.position == (EPOCH, 3)
        for frame in (welcome(seq=3, resumed=True), Live(3)):
            await socket.send(encode(frame))
        await self._listen(socket)
        await socket.close()

    async def cuts_again(self, socket: ServerConnection) -> None:
        """Let a client resume, and lose its connection again."""
        await hear(socket)
        await socket.send(encode(welcome(seq=3, resumed=True)))
        await self._listen(socket)
        socket.transport.abort()

    async def hears_it(self, socket: ServerConnection) -> None:
        """Let a client enter; hear LEAVE, and leave the connection open."""
        await greet(socket)
        await self._listen(socket)

    async def _listen(self, socket: ServerConnection) -> None:
        said: list[Frame] = []
        self.said.append(said)
        while not (said and isinstance(said[-1], Leave)):
            said.append(await hear(socket))


def sends(said: list[Frame]) -> list[Frame]:
    """Return the counted frames before LEAVE."""
    before = takewhile(lambda frame: not isinstance(frame, Leave), said)
    return [frame for frame in before if isinstance(frame, Send)]


async def sends_and_leaves(player: TestPlayer, payloads: list[bytes]) -> None:
    """Let a player send, and leave at once."""
    for payload in payloads:
        await player.do(methodcaller("send_bytes", payload))
    with anyio.fail_after(PATIENCE):
        await player.leave()


PAYLOADS = [b"%d" % number for number in range(FRAMES)]
SENDS = [Send(None, payload) for payload in PAYLOADS]


async def test_who_gets_no_answer_to_leave_comes_back_and_says_all_again(enter: Enter) -> None:
    relay = Relay()
    async with (
        strange_relay(relay.cuts, relay.answers) as url,
        enter(url, room="R") as ann,
    ):
        await sends_and_leaves(ann, PAYLOADS)
        closed = await ann.hears(Closed)
    assert [sends(said) for said in relay.said] == [SENDS, SENDS]
    assert closed.code == 1000
    assert not any(isinstance(event, Lost) for event in ann.seen)


async def test_who_never_gets_an_answer_is_told_in_time_what_is_lost(
    enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:

    async def attempt(patience: float) -> list[list[Frame]]:
        monkeypatch.setattr("clients.python.io.driver.LEAVE_PATIENCE", patience)
        relay = Relay()
        async with (
            strange_relay(relay.cuts, relay.cuts_again) as url,
            enter(url, room="R") as ann,
        ):
            await sends_and_leaves(ann, PAYLOADS)
            lost = await ann.hears(Lost)
            closed = await ann.hears(Closed)
        assert list(lost.messages) == SENDS
        assert (closed.code, closed.reason) == (1000, "normal")
        return relay.said

    heard = await given_time(attempt, 0.5, lambda heard: len(heard) > 1)
    assert len(heard) > 1, "it did not come back"
    assert all(sends(said) == SENDS for said in heard[:-1])


async def test_a_close_of_our_own_is_no_answer(
    enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clients.python.io.driver.LEAVE_PATIENCE", 0.2)
    relay = Relay()
    async with (
        strange_relay(relay.hears_it) as url,
        enter(url, room="R") as ann,
    ):
        await sends_and_leaves(ann, PAYLOADS)
        lost = await ann.hears(Lost)
    assert list(lost.messages) == SENDS


async def test_who_has_nothing_unacknowledged_does_not_come_back_for_an_answer(
    enter: Enter,
) -> None:
    relay = Relay()
    async with (
        strange_relay(relay.cuts) as url,
        enter(url, room="R") as ann,
    ):
        await ann.do(lambda room: room.volatile_bytes(0, b"v"))
        await sends_and_leaves(ann, [])
        await ann.hears(Closed)
    (said,) = relay.said
    assert Volatile(0, None, b"v") in said
    assert not any(isinstance(event, Reconnecting) for event in ann.seen)
