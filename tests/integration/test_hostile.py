"""One hostile player, a relay as users start it, and two others who must not notice."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial

import psutil
import pytest

from protocol import limits
from protocol.close_codes import CloseCode
from protocol.codec import Role, decode
from protocol.error_codes import ErrorCode
from protocol.errors import RemoteProtocolError
from protocol.frames import Deliver, Error, Frame, Hello, Leave, Ping, Pong, Send, Welcome
from relay.server.http_protocol import HEAD_SECONDS
from tests.helpers import malice
from tests.helpers.peers import PATIENCE, Party, Peer, party_at, until
from tests.helpers.raw import Closed, frame
from tests.helpers.relay import RelayProcess, relay_process

ROOM = "ARENA"
MEBIBYTE = 1 << 20
MANY = 10_000
WARM_UP = 2_000
BATCH = 25  # most are bad, and 20 bad ones end a connection
SEED = 20231122


class Bystanders:
    """Two in the same room: one sends numbered frames all the while, the other must get all."""

    def __init__(self, sender: Peer, receiver: Peer) -> None:
        self._sender = sender
        self._receiver = receiver
        self._sent = 0

    async def talk(self) -> None:
        """Send numbered frames, and read what comes, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for peer in (self._sender, self._receiver):
                tasks.create_task(self._listen(peer))
            while True:
                self._sender.says(Send(self._receiver.me, b"%d" % self._sent))
                self._sent += 1
                await asyncio.sleep(0.005)

    async def check(self) -> None:
        """Fail unless all that was sent has arrived, in order and once."""
        await self._sender.catches_up()
        await self._receiver.catches_up()
        heard = [
            frame.payload
            for frame in self._receiver.all(Deliver)
            if frame.sender == self._sender.me
        ]
        assert heard == [b"%d" % number for number in range(self._sent)]

    async def _listen(self, peer: Peer) -> None:
        while True:
            await peer.next()


class Attacker:
    """Sends messages, and comes back whenever it is thrown out."""

    def __init__(self, at: Party) -> None:
        self.errors = 0
        self.closes: Counter[int] = Counter()
        self._at = at

    async def attack(self, messages: list[bytes]) -> None:
        """Send all, each followed by a PING, so that it is known which answer is whose."""
        done = 0
        while done < len(messages):
            peer = await self._enters()
            batch = messages[done : done + BATCH]
            peer.says(*with_pings(batch))
            done += await self._hear(peer, batch)
            peer.raw.abort()

    async def _enters(self) -> Peer:
        """Enter; again where a busy machine took longer to ask than the relay waits for it."""
        while True:
            began = time.monotonic()
            try:
                return await self._at.enters(ROOM)
            except asyncio.IncompleteReadError:
                if time.monotonic() - began < HEAD_SECONDS:
                    raise

    async def _hear(self, peer: Peer, batch: list[bytes]) -> int:
        """Check the answers. Returns: how many messages were answered, be it with a close."""
        for number, message in enumerate(batch):
            start = len(peer.heard)
            code = 0
            try:
                await peer.hears(Pong, partial(answers_ping, number))
            except Closed as closed:
                code = closed.code
            answers = [frame for frame in peer.heard[start:] if isinstance(frame, Error)]
            check(message, answers, code)
            self.errors += len(answers)
            if code:
                self.closes[code] += 1
                return number + 1
        return len(batch)


def with_pings(messages: list[bytes]) -> Iterator[Frame | bytes]:
    for number, message in enumerate(messages):
        yield message
        yield Ping(number)


def answers_ping(t: int, pong: Pong) -> bool:
    return pong.t == t


def check(message: bytes, answers: list[Error], code: int) -> None:
    """Fail unless this is what SPEC.md has for such a message."""
    assert code in (0, CloseCode.BAD_FRAMES, CloseCode.NORMAL), code
    wrong = fault(message)
    if wrong is not None:
        assert [(error.code, error.detail.offset) for error in answers] == [wrong], message.hex()
    elif code == CloseCode.NORMAL:
        assert isinstance(decode(message, Role.CLIENT), Leave)
    else:
        assert all(error.code >= ErrorCode.NO_SUCH_PLAYER for error in answers), message.hex()


def fault(message: bytes) -> tuple[ErrorCode, int | None] | None:
    """Return what is wrong with a message of somebody who is in a room."""
    if len(message) > limits.FRAME_IN:
        return ErrorCode.TOO_BIG, None
    try:
        frame = decode(message, Role.CLIENT)
    except RemoteProtocolError as error:
        return error.code, error.offset
    return (ErrorCode.UNEXPECTED, None) if isinstance(frame, Hello) else None


@asynccontextmanager
async def bystanders(at: Party) -> AsyncIterator[None]:
    """Let two others play meanwhile, and check at the end that they missed nothing."""
    pair = Bystanders(await at.enters(ROOM), await at.enters(ROOM))
    async with asyncio.TaskGroup() as tasks:
        talking = tasks.create_task(pair.talk())
        yield
        talking.cancel()
    await pair.check()


@pytest.fixture(scope="module")
def relay() -> Iterator[RelayProcess]:
    with relay_process("--profile", "bench") as relay:
        yield relay


@pytest.fixture
async def at(relay: RelayProcess) -> AsyncIterator[Party]:
    """Bring peers to the relay. Nothing of what they do may surprise it."""
    async with party_at(relay.url) as at:
        yield at
    assert relay.process.poll() is None
    for word in ("Traceback", "unhandled", "never retrieved", "ERROR"):
        assert word not in relay.log, relay.log
    assert relay.log.count("\n") < 100


async def test_every_malformed_message_is_answered(at: Party) -> None:
    messages = malice.malformed()
    attacker = Attacker(at)
    async with bystanders(at):
        await attacker.attack(messages)
    assert attacker.errors == len(messages)
    assert attacker.closes[CloseCode.BAD_FRAMES] == len(messages) // 20


async def test_thousands_of_made_up_messages_harm_nobody(relay: RelayProcess, at: Party) -> None:
    process = psutil.Process(relay.process.pid)
    messages = malice.messages(SEED, MANY)
    open_files = process.num_fds()
    attacker = Attacker(at)
    async with bystanders(at):
        await attacker.attack(messages[:WARM_UP])
        before = process.memory_info().rss
        await attacker.attack(messages[WARM_UP:])
        assert process.memory_info().rss - before < 10 * MEBIBYTE
    assert attacker.errors > MANY / 2
    assert attacker.closes.keys() == {CloseCode.BAD_FRAMES, CloseCode.NORMAL}
    await until(lambda: process.num_fds() <= open_files + 2)  # the bystanders are still there


async def test_whatever_comes_instead_of_hello_is_answered(at: Party) -> None:
    dice = random.Random(SEED)
    hellos = [frame for frame in malice.wellformed() if frame[1] == Hello.opcode]
    first = [malice.mutant(dice, dice.choice(hellos)) for _ in range(300)]
    async with bystanders(at):
        for message in first + malice.malformed():
            peer = await at.connects(ROOM)
            peer.says(message)
            answer = await peer.next()
            assert isinstance(answer, Error | Welcome)
            if isinstance(answer, Error) and 48 <= answer.code < 64:
                code, _ = await peer.ends()
                assert CloseCode(code).name == ErrorCode(answer.code).name
            peer.raw.abort()


NO_WEBSOCKET = {
    "a reserved bit": b"\xc2\x80\0\0\0\0",
    "an unknown opcode": b"\x83\x80\0\0\0\0",
    "no mask": b"\x82\x02hi",
    "a control frame in pieces": b"\x09\x80\0\0\0\0",
    "a control frame that is too long": b"\x89\xfe\x00\x7e" + bytes(130),
    "a continuation of nothing": b"\x80\x80\0\0\0\0",
    "a message within a message": frame(0x2, b"a", is_last=False) + frame(0x2, b"b"),
    "a length of 2^63": b"\x82\xff" + b"\xff" * 8 + bytes(4),
    "a length of 2^40": b"\x82\xff" + (1 << 40).to_bytes(8) + bytes(4),
    "text that is none": frame(0x1, b"\xff\xfe"),
    "half a close code": frame(0x8, b"\x03"),
    "a close code that cannot be sent": frame(0x8, b"\x03\xee"),
    "a close reason that is no text": frame(0x8, b"\x03\xe8\xff\xfe"),
    "HTTP": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
}


async def test_what_is_no_websocket_ends_that_connection_alone(
    relay: RelayProcess, at: Party
) -> None:
    async with bystanders(at):
        for note, data in NO_WEBSOCKET.items():
            for peer in (await at.connects(ROOM), await at.enters(ROOM)):
                peer.raw.write(data)
                code, _ = await peer.ends()
                assert code in (1002, 1006, 1007, 1009, CloseCode.TEXT_REFUSED), note
    assert relay.log.count("Invalid UTF-8") <= 2


async def test_what_is_no_http_ends_that_connection_alone(relay: RelayProcess, at: Party) -> None:
    dice = random.Random(SEED)
    beginnings = (b"", b"GET ", b"GET /r/ARENA HTTP/1.1\r\n", b"POST /api/rooms HTTP/1.1\r\n")
    async with bystanders(at):
        for number in range(100):
            reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
            writer.write(beginnings[number % 4] + dice.randbytes(300) + b"\r\n\r\n")
            async with asyncio.timeout(PATIENCE):
                answer = await reader.read(4096)
            assert answer[:12] in (b"HTTP/1.1 400", b"") or answer.startswith(b"HTTP/1.1 40")
            writer.transport.abort()
