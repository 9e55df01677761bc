"""RFC 6455 as a client sees it, over an app that says back what it hears."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from starlette.types import Receive, Scope, Send

from tests.conformance import echo
from tests.conformance.serving import CLASSES, MAX_SIZE, serving, url_of
from tests.conformance.wire import CUT, NO_CODE, Wire, connect
from tests.helpers.raw import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame

PROTOCOL_ERROR, INVALID_DATA, TOO_BIG = 1002, 1007, 1009


@pytest.fixture(scope="module", params=CLASSES)
async def url(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    async with serving(echo.app, request.param) as server:
        yield url_of(server)


@pytest.fixture
async def wire(url: str) -> AsyncIterator[Wire]:
    async with connect(url) as wire:
        yield wire


def close_frame(code: int, reason: bytes = b"") -> bytes:
    return frame(CLOSE, code.to_bytes(2) + reason)


# Messages.


async def test_texts_and_bytes_come_back_as_such(wire: Wire) -> None:
    wire.write(frame(TEXT, "größe".encode()), frame(BINARY, b"\xff\0"))
    assert await wire.frames(2) == [(TEXT, "größe".encode()), (BINARY, b"\xff\0")]


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65_535, MAX_SIZE])
async def test_messages_of_every_form_of_length_come_back(wire: Wire, length: int) -> None:
    wire.write(frame(BINARY, bytes(length)))
    assert await wire.frame() == (BINARY, bytes(length))


async def test_lengths_need_not_be_in_the_shortest_form(wire: Wire) -> None:
    wire.write(b"\x82\xff" + (2).to_bytes(8) + bytes(4) + b"hi")
    wire.write(b"\x82\xfe" + (2).to_bytes(2) + bytes(4) + b"ho")
    assert await wire.frames(2) == [(BINARY, b"hi"), (BINARY, b"ho")]


async def test_many_messages_in_one_read_come_back_in_order(wire: Wire) -> None:
    wire.write(*(frame(BINARY, b"%d" % number) for number in range(1000)))
    assert await wire.frames(1000) == [(BINARY, b"%d" % number) for number in range(1000)]


async def test_a_message_may_come_byte_by_byte(wire: Wire) -> None:
    await wire.trickle(frame(TEXT, b"one") + frame(PING, b"two") + frame(BINARY, bytes(200)))
    assert await wire.frames(3) == [(TEXT, b"one"), (PONG, b"two"), (BINARY, bytes(200))]


async def test_fragments_are_joined(wire: Wire) -> None:
    for opcode in (TEXT, BINARY):
        wire.write(
            frame(opcode, b"", is_last=False),
            frame(CONTINUATION, b"a", is_last=False),
            frame(CONTINUATION, b"", is_last=False),
            frame(CONTINUATION, b"b"),
        )
        assert await wire.frame() == (opcode, b"ab")


async def test_a_character_may_be_cut_by_fragments(wire: Wire) -> None:
    whole = "κόσμε".encode()
    wire.write(frame(TEXT, whole[:1], is_last=False))
    wire.write(*(frame(CONTINUATION, whole[i : i + 1], is_last=False) for i in range(1, 11)))
    wire.write(frame(CONTINUATION, b""))
    assert await wire.frame() == (TEXT, whole)


# Control frames.


async def test_pings_between_fragments_are_answered(wire: Wire) -> None:
    wire.write(frame(BINARY, b"a", is_last=False), frame(PING, b"now"))
    assert await wire.frame() == (PONG, b"now")
    wire.write(frame(PONG, b"unasked"), frame(CONTINUATION, b"b"))
    assert await wire.frame() == (BINARY, b"ab")


@pytest.mark.parametrize("payload", [b"", b"\xff\xfe", bytes(125)], ids=len)
async def test_a_pong_has_the_payload_of_its_ping(wire: Wire, payload: bytes) -> None:
    wire.write(frame(PING, payload))
    assert await wire.frame() == (PONG, payload)


async def test_pongs_that_nobody_asked_for_are_passed_over(wire: Wire) -> None:
    wire.write(frame(PONG, b""), frame(PONG, bytes(125)), frame(TEXT, b"on"))
    assert await wire.frame() == (TEXT, b"on")


# The close.


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, *range(1007, 1015), 3000, 3999, 4999])
async def test_a_close_is_answered_with_its_code(wire: Wire, code: int) -> None:
    wire.write(close_frame(code, b"good reason"))
    assert (await wire.ends())[0] == code


async def test_a_close_without_a_code_is_answered(wire: Wire) -> None:
    wire.write(frame(CLOSE, b""))
    assert (await wire.ends())[0] in (NO_CODE, 1000)


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535])
async def test_a_close_code_that_nobody_may_send_is_a_fault(wire: Wire, code: int) -> None:
    wire.write(close_frame(code))
    assert (await wire.ends())[0] == PROTOCOL_ERROR


async def test_nothing_is_heard_after_a_close(wire: Wire) -> None:
    wire.write(frame(TEXT, b"a"), close_frame(1000), frame(TEXT, b"b"), frame(PING, b"c"))
    heard = [await wire.frame()]
    if heard == [(TEXT, b"a")]:  # a close may overtake the answer of the app
        heard.append(await wire.frame())
    assert heard[-1] == (CLOSE, (1000).to_bytes(2))
    assert await wire.ends() == (CUT, "")


# Faults, and what they end with.

FAULTS = {
    "reserved bit 1": (b"\xc2\x80" + bytes(4), PROTOCOL_ERROR),
    "reserved bit 2": (b"\xa2\x80" + bytes(4), PROTOCOL_ERROR),
    "reserved bit 3": (b"\x92\x80" + bytes(4), PROTOCOL_ERROR),
    "reserved bit of a ping": (b"\xc9\x80" + bytes(4), PROTOCOL_ERROR),
    **{f"opcode {op}": (frame(op, b""), PROTOCOL_ERROR) for op in (3, 4, 5, 6, 7)},
    **{f"opcode {op}": (frame(op, b""), PROTOCOL_ERROR) for op in (11, 12, 13, 14, 15)},
    "no mask": (b"\x82\x02hi", PROTOCOL_ERROR),
    "a ping without mask": (b"\x89\x00", PROTOCOL_ERROR),
    "a ping in fragments": (frame(PING, b"", is_last=False), PROTOCOL_ERROR),
    "a close in fragments": (frame(CLOSE, b"", is_last=False), PROTOCOL_ERROR),
    "a ping of 126 bytes": (frame(PING, bytes(126)), PROTOCOL_ERROR),
    "a close of 126 bytes": (close_frame(1000, bytes(124)), PROTOCOL_ERROR),
    "half a close code": (frame(CLOSE, b"\x03"), PROTOCOL_ERROR),
    "a reason that is no text": (close_frame(1000, b"\xff"), INVALID_DATA),
    "a fragment of nothing": (frame(CONTINUATION, b"", is_last=False), PROTOCOL_ERROR),
    "an end of nothing": (frame(CONTINUATION, b""), PROTOCOL_ERROR),
    "a text within a message": (
        frame(BINARY, b"", is_last=False) + frame(TEXT, b""),
        PROTOCOL_ERROR,
    ),
    "bytes within a text": (frame(TEXT, b"", is_last=False) + frame(BINARY, b""), PROTOCOL_ERROR),
    "text of a wrong byte": (frame(TEXT, b"a\xff"), INVALID_DATA),
    "text of half a character": (frame(TEXT, b"a\xc3"), INVALID_DATA),
    "text of a surrogate": (frame(TEXT, b"\xed\xa0\x80"), INVALID_DATA),
    "text of more than a byte needs": (frame(TEXT, b"\xc0\x80"), INVALID_DATA),
    "text beyond Unicode": (frame(TEXT, b"\xf4\x90\x80\x80"), INVALID_DATA),
    "fragments of half a character": (
        frame(TEXT, b"\xc3", is_last=False) + frame(CONTINUATION, b"a"),
        INVALID_DATA,
    ),
    "one byte too many": (frame(BINARY, bytes(MAX_SIZE + 1)), TOO_BIG),
    "fragments of one byte too many": (
        frame(BINARY, bytes(MAX_SIZE), is_last=False) + frame(CONTINUATION, b"a"),
        TOO_BIG,
    ),
    "a head of 2^40 bytes": (b"\x82\xff" + (1 << 40).to_bytes(8) + bytes(4), TOO_BIG),
    "a head of 2^63 - 1 bytes": (b"\x82\xff\x7f" + b"\xff" * 7 + bytes(4), TOO_BIG),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_ends_the_connection_with_its_code(wire: Wire, fault: str) -> None:
    data, code = FAULTS[fault]
    wire.write(frame(BINARY, b"before"), data)
    assert (await wire.ends())[0] == code


@pytest.mark.parametrize(
    "fault", ["a ping without mask", "an end of nothing", "text of a wrong byte"]
)
async def test_a_fault_ends_the_connection_however_it_is_cut(wire: Wire, fault: str) -> None:
    data, code = FAULTS[fault]
    await wire.trickle(data)
    assert (await wire.ends())[0] == code


async def test_a_length_with_its_highest_bit_set_ends_the_connection(wire: Wire) -> None:
    wire.write(b"\x82\xff" + b"\xff" * 8 + bytes(4))
    assert (await wire.ends())[0] in (PROTOCOL_ERROR, TOO_BIG)


@pytest.mark.parametrize("ws", CLASSES)
async def test_a_fault_reaches_the_app_as_a_disconnect(ws: str) -> None:
    heard: list[object] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] != "websocket.disconnect":
            heard.append(message["bytes"])
        heard.append(message["code"])

    async with serving(app, ws) as server, connect(url_of(server)) as wire:
        wire.write(frame(BINARY, b"before"), frame(BINARY, b"", is_last=False), frame(3, b""))
        await wire.ends()
    # What came in the same read as a fault may be lost with it, as uvicorn's own classes do.
    assert heard in ([b"before", 1002], [1002])
