"""WebSocket frames of a client: the lane before the library reads as the library alone does.

The first byte is the number of frames that are read at once, the next two cut the rest.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.helpers import raw
from tests.helpers.inbound import MAX_SIZE, agree, new_inbound
from tests.helpers.raw import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT

HEAD = 3


def check(data: bytes) -> None:
    """Both make the same of it; with bounds on pieces, no more than that."""
    if len(data) < HEAD:
        return
    limit, stream = 1 + data[0] % 8, data[HEAD:]
    agree(stream, [*data[1:HEAD]], limit)
    inbound = new_inbound(max_pieces=4, piece_cost=64)
    inbound.feed(stream)
    while inbound.is_waiting:
        for message in inbound.read(limit):
            assert len(message) <= MAX_SIZE


def frame(opcode: int, data: bytes, *, is_last: bool = True) -> bytes:
    return raw.frame(opcode, data, is_last=is_last, mask=b"mask")


def seeds() -> Iterator[bytes]:
    whole, half = frame(BINARY, b"hello"), frame(BINARY, b"hel", is_last=False)
    rest = frame(CONTINUATION, b"lo")
    streams = (
        whole * 3,
        *(frame(BINARY, bytes(size)) for size in (0, 125, 126, 127, MAX_SIZE, MAX_SIZE + 1)),
        half + frame(PING, b"?") + rest + whole,
        half + rest * 2,
        half + frame(CONTINUATION, b"", is_last=False) * 5 + rest,
        frame(TEXT, "é€😀".encode()) + frame(TEXT, b"\xff"),
        frame(TEXT, b"\xe2\x82", is_last=False) + frame(CONTINUATION, b"\xac"),
        frame(PONG, b"") + frame(PING, bytes(125)) + frame(PING, bytes(126)),
        *(frame(CLOSE, body) + whole for body in (b"", b"\x03", b"\x03\xe8bye", b"\x03\xed")),
        b"\x82\xfe\x00\x05\x01\x02\x03\x04hello" + whole,
        b"\x82\xff" + bytes(7) + b"\x05\x01\x02\x03\x04hello",
        b"\x82\xff" + b"\xff" * 8,
        b"\x82\x05hello",
        b"\xc2" + whole[1:],
    )
    for number, stream in enumerate(streams):
        yield bytes([number, 7 * number % 256, 50 * number % 256]) + stream
