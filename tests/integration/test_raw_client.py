"""A whole session from the bytes of SPEC.md alone: nothing of Roomwire's is used but a relay.

Whoever reads SPEC.md section 23 and has sockets can write what this file does.
"""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from tests.helpers.raw import BINARY, CLOSE, CONTINUATION, RawClient, connect, frame
from tests.helpers.relay import RunningRelay, running_relay
from tests.helpers.spec import ROLES, examples, section

HELLO = bytes.fromhex("93 01 01 80")
WELCOME, ERROR, PONG, ACK, LIVE = 0x02, 0x03, 0x06, 0x07, 0x09
DELIVER, UPDATE, JOINED, LEFT, PRESENCE = 0x11, 0x13, 0x20, 0x21, 0x22

Open = Callable[[], Awaitable[RawClient]]


@pytest.fixture(scope="module")
async def relay() -> AsyncIterator[RunningRelay]:
    async with running_relay() as relay:
        yield relay


@pytest.fixture
async def open_socket(relay: RunningRelay) -> AsyncIterator[Open]:
    """Connect to a room of this test's own."""
    url = relay.link_url(f"raw-{os.urandom(4).hex()}")
    async with AsyncExitStack() as stack:

        async def open_socket() -> RawClient:
            return await stack.enter_async_context(connect(url))

        yield open_socket


async def hear(raw: RawClient, opcode: int) -> bytes:
    """Return the next message with this opcode, as section 23.3 reads: others are ignored."""
    while True:
        message = await raw.receive()
        if message[1] == opcode:
            return message


def number(message: bytes, at: int) -> tuple[int, int]:
    """Read a number that is not negative (section 23.2). Returns: it, and where the next begins."""
    head = message[at]
    if head < 0x80:
        return head, at + 1
    size = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}[head]
    return int.from_bytes(message[at + 1 : at + 1 + size]), at + 1 + size


def fields(message: bytes, count: int) -> tuple[list[int], bytes]:
    """Read so many numbers after the opcode. Returns: they, and the rest."""
    numbers, at = [], 2
    for _ in range(count):
        field, at = number(message, at)
        numbers.append(field)
    return numbers, message[at:]


def uint(number: int) -> bytes:
    """Write a number in the fewest bytes."""
    if number < 0x80:
        return bytes([number])
    return b"\xcc" + bytes([number]) if number < 0x100 else b"\xcd" + number.to_bytes(2)


def hello(seat: bytes, *, epoch: bytes = b"", seq: int = 0) -> bytes:
    """Write a HELLO with a seat, and a position if there is one."""
    head = bytes.fromhex("93 01 01") + (b"\x82" if epoch else b"\x81")
    named_seat = bytes.fromhex("A4 73 65 61 74 C4 10") + seat
    if not epoch:
        return head + named_seat
    position = bytes.fromhex("A8 70 6F 73 69 74 69 6F 6E 92 C4 08") + epoch + uint(seq)
    return head + named_seat + position


def after_key(welcome: bytes, key: str) -> bytes:
    """Return what follows a key in WELCOME's map, whose keys are short."""
    name = bytes([0xA0 + len(key)]) + key.encode()
    return welcome[welcome.index(name) + len(name) :]


async def enter(raw: RawClient, message: bytes = HELLO) -> bytes:
    """Say HELLO and wait for LIVE. Returns: WELCOME."""
    await raw.send(message)
    welcome = await hear(raw, WELCOME)
    await hear(raw, LIVE)
    return welcome


async def test_the_four_bytes_of_a_hello_open_the_door(open_socket: Open) -> None:
    raw = await open_socket()
    assert raw.headers["sec-websocket-protocol"] == "roomwire.1"
    assert "sec-websocket-extensions" not in raw.headers
    await raw.send(HELLO)
    welcome = await raw.receive()
    assert welcome[:5] == bytes.fromhex("95 02 01 01 00")  # version 1, player 1, from seq 0
    joined = await hear(raw, JOINED)
    assert fields(joined, 2)[0] == [1, 1]
    live = await hear(raw, LIVE)
    assert fields(live, 1)[0] == [2]  # JOINED and HOST


async def test_a_send_arrives_as_a_deliver_around_the_same_bytes(open_socket: Open) -> None:
    first, second = await open_socket(), await open_socket()
    await enter(first)
    assert (await enter(second))[:4] == bytes.fromhex("95 02 01 02")
    await first.send("93 10 C0 C4 02 68 69")
    deliver = await hear(second, DELIVER)
    (seq, sender), payload = fields(deliver, 2)
    assert deliver == bytes.fromhex("94 11") + uint(seq) + bytes.fromhex("01 C4 02 68 69")
    assert (sender, payload) == (1, bytes.fromhex("C4 02 68 69"))
    acknowledgement, _ = fields(await hear(first, ACK), 2)
    assert acknowledgement == [1, seq]


@pytest.mark.parametrize(
    ("target", "hearers"),
    [("C0", [1, 3]), ("C2", [1, 3]), ("C3", [1, 2, 3]), ("00", [1]), ("03", [3]), ("FD", [3])],
)
async def test_a_target_of_one_byte_says_who_hears(
    open_socket: Open, target: str, hearers: list[int]
) -> None:
    players = [await open_socket() for _ in range(3)]
    for player in players:
        await enter(player)
    await players[2].send("93 14 91 03 90")  # SUBSCRIBE to group 3
    await hear(players[2], ACK)
    await players[1].send(f"93 10 {target} C4 01 2A")
    await players[1].send("93 10 C3 C4 03 65 6E 64")  # to everyone: "end"
    heard = []
    for me, player in enumerate(players, start=1):
        deliver = await hear(player, DELIVER)
        if deliver.endswith(b"\x2a"):
            heard.append(me)
            deliver = await hear(player, DELIVER)
        assert deliver.endswith(b"end")
    assert heard == hearers


async def test_a_volatile_value_arrives_as_an_update(open_socket: Open) -> None:
    first, second = await open_socket(), await open_socket()
    await enter(first)
    await enter(second)
    await first.send("94 12 01 C0 C4 02 78 50")
    assert await hear(second, UPDATE) == bytes.fromhex("94 13 01 01 C4 02 78 50")
    third = await open_socket()
    await enter(third)
    assert await hear(third, UPDATE) == bytes.fromhex("94 13 01 01 C4 02 78 50")


async def test_a_ping_is_answered_with_what_it_said(open_socket: Open) -> None:
    raw = await open_socket()
    await enter(raw)
    await raw.send("92 05 CD 03 E8")
    (t, received, sent, taken, seq), rest = fields(await hear(raw, PONG), 5)
    assert (t, taken, seq, rest) == (1000, 0, 2, b"")
    assert 0 < received <= sent


async def test_what_is_wrong_is_said_and_the_connection_lives(open_socket: Open) -> None:
    raw = await open_socket()
    await enter(raw)
    await raw.send("92 10 C0")  # SEND without its payload
    (seq, code), _ = fields(await hear(raw, ERROR), 2)
    assert (seq, code) == (3, 6)  # counted, so in the order; ARITY
    await raw.send("92 05 00")
    (_, _, _, taken, _), _ = fields(await hear(raw, PONG), 5)
    assert taken == 1


async def test_a_lost_seat_is_taken_up_where_it_was_left(open_socket: Open) -> None:
    seat = os.urandom(16)
    first, second = await open_socket(), await open_socket()
    await enter(first)
    welcome = await enter(second, hello(seat))
    epoch = after_key(welcome, "epoch")[2:10]
    await first.send("93 10 C0 C4 01 61")
    (seq, _), _ = fields(await hear(second, DELIVER), 2)
    await second.send(bytes.fromhex("92 07") + uint(seq))
    await second.send("93 10 C0 C4 01 7A")
    await hear(second, ACK)
    second.reset()
    await hear(first, PRESENCE)  # it is lost
    await first.send("93 10 C0 C4 01 62")

    again = await open_socket()
    await again.send(hello(seat, epoch=epoch, seq=seq))
    welcome = await hear(again, WELCOME)
    (version, player, position), _ = fields(welcome, 3)
    assert (version, player, position) == (1, 2, seq)
    assert after_key(welcome, "taken")[0] == 1
    assert after_key(welcome, "resumed")[0] == 0xC3
    assert fields(await hear(again, DELIVER), 2)[1] == bytes.fromhex("C4 01 62")
    await hear(again, LIVE)
    await first.send("93 10 C0 C4 01 63")
    assert fields(await hear(again, DELIVER), 2)[1] == bytes.fromhex("C4 01 63")


async def test_leaving_is_said_and_ends_with_1000(open_socket: Open) -> None:
    first, second = await open_socket(), await open_socket()
    await enter(first)
    await enter(second)
    await second.send("91 08")
    assert await second.closed() == (1000, "normal")
    (_, player, reason), _ = fields(await hear(first, LEFT), 3)
    assert (player, reason) == (2, 1)


async def test_who_closes_right_after_leave_has_left(open_socket: Open) -> None:
    first, second = await open_socket(), await open_socket()
    await enter(first)
    await enter(second)
    await second.send_raw(frame(BINARY, b"\x91\x08") + frame(CLOSE, (1000).to_bytes(2)))
    (_, player, reason), _ = fields(await hear(first, LEFT), 3)
    assert (player, reason) == (2, 1)


async def test_a_message_may_come_in_pieces(open_socket: Open) -> None:
    raw = await open_socket()
    await raw.send_raw(frame(BINARY, HELLO[:1], is_last=False))
    await raw.send_raw(frame(CONTINUATION, HELLO[1:3], is_last=False))
    await raw.send_raw(frame(CONTINUATION, HELLO[3:]))
    assert (await hear(raw, WELCOME))[:4] == bytes.fromhex("95 02 01 01")


async def test_text_is_no_language_here(open_socket: Open) -> None:
    raw = await open_socket()
    await enter(raw)
    await raw.send_text("hello")
    assert await raw.closed() == (1003, "text_refused")


async def test_the_sessions_on_paper_happen_byte_for_byte(relay: RunningRelay) -> None:
    url, epoch = relay.link_url("k7qf2m"), b""
    for part in ("1.1", "23.4"):
        async with connect(url) as raw:
            epoch = await replay(raw, part, epoch)
            await raw.close(1001)  # without LEAVE: the seat is held


EPOCH = bytes(range(0xE0, 0xE8))
TIME = re.compile(rb"(?<=\xa4time\xcf).{8}", re.S)


async def replay(raw: RawClient, part: str, epoch: bytes) -> bytes:
    """Say what the client says there, and hear what the relay says, but for epoch and time.

    Returns: the epoch of the room, in whose place the page has another.
    """
    for example in examples(section(part)):
        if example.by is ROLES["C"]:
            await raw.send(example.message.replace(EPOCH, epoch))
            continue
        heard = await raw.receive()
        if heard[1] == WELCOME:
            epoch = after_key(heard, "epoch")[2:10]
        assert TIME.sub(b"", heard) == TIME.sub(b"", example.message).replace(EPOCH, epoch)
    return epoch
