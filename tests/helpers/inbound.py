"""What a client's bytes mean: by the library alone, and by the lane in front of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from relay.link.inbound import Closed, Inbound

MAX_SIZE = 300
Message = bytes | str


def new_library(max_size: int | None = MAX_SIZE) -> ServerProtocol:
    return ServerProtocol(state=State.OPEN, max_size=max_size)


def new_inbound(max_size: int | None = MAX_SIZE, **options: int) -> Inbound:
    return Inbound(new_library(max_size), max_size=max_size, **options)


@dataclass
class Heard:
    """What a server makes of some bytes."""

    messages: list[Message] = field(default_factory=list)
    closed: Closed | None = None
    replies: bytes = b""


def by_library(data: bytes) -> Heard:
    """Let the library alone read all at once."""
    library, heard, pieces = new_library(), Heard(), list[bytes]()
    library.receive_data(data)
    is_text = False
    for event in library.events_received():
        assert isinstance(event, Frame)
        if event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            is_text = event.opcode is Opcode.TEXT or (is_text and event.opcode is Opcode.CONT)
            pieces.append(bytes(event.data))
            if event.fin:
                whole = b"".join(pieces)
                pieces.clear()
                try:
                    heard.messages.append(whole.decode() if is_text else whole)
                except UnicodeDecodeError:
                    heard.closed = Closed(1007, "invalid UTF-8", is_error=True)
                    return heard
        elif event.opcode is Opcode.CLOSE:
            assert library.close_rcvd is not None
            heard.closed = Closed(library.close_rcvd.code, library.close_rcvd.reason)
    if library.parser_exc is not None:
        assert library.close_sent is not None
        heard.closed = Closed(library.close_sent.code, library.close_sent.reason, is_error=True)
    heard.replies = b"".join(library.data_to_send())
    return heard


def by_inbound(data: bytes, cuts: list[int], limit: int) -> Heard:
    inbound, heard = new_inbound(), Heard()
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for start, stop in pairwise(places):
        message = inbound.lone(data[start:stop])
        if message is not None:
            heard.messages.append(message)
            continue
        inbound.feed(data[start:stop])
        while True:
            before = inbound.frames
            messages = inbound.read(limit)
            assert inbound.frames - before <= limit
            heard.messages += messages
            heard.replies += b"".join(inbound.library.data_to_send())
            if inbound.frames == before:
                break
    heard.closed = inbound.closed
    return heard


def agree(data: bytes, cuts: list[int], limit: int) -> None:
    """Check that both make the same of some bytes, wherever they are cut into reads."""
    expected, got = by_library(data), by_inbound(data, cuts, limit)
    assert got.messages == expected.messages
    if expected.closed == Closed(1007, "invalid UTF-8", is_error=True):
        assert got.closed == expected.closed
        return
    if got.closed is not None and "in fragments" in got.closed.reason:
        # Said of the same bytes by the library, in its own words.
        assert expected.closed is not None
        assert expected.closed.code == got.closed.code
        return
    assert got.closed == expected.closed
    assert got.replies == expected.replies
