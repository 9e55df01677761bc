"""The lane and the library agree, on every byte string and every way of cutting it into reads."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from relay.link.inbound import Closed
from tests.helpers.inbound import MAX_SIZE, agree, new_inbound
from tests.helpers.raw import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame

SIZES = st.integers(0, 8) | st.sampled_from([124, 125, 126, 127, 128, 300, 301])
FRAMES = st.builds(
    lambda opcode, size, is_last, fill: frame(opcode, fill * size, is_last=is_last),
    st.sampled_from([BINARY, BINARY, BINARY, TEXT, CONTINUATION, PING, PONG]),
    SIZES,
    st.sampled_from([True, True, False]),
    st.sampled_from([b"x", b"\x00", b"\xff"]),
)
CLOSES = st.sampled_from(
    [
        b"",
        b"\x03",
        b"\x03\xe8",
        b"\x03\xe8bye",
        b"\x03\xed",
        b"\x0f\xa0",
        b"\x03\xe8\xff",
        b"\xff\xff",
    ]
).map(lambda body: frame(CLOSE, body))
LONG_WINDED = st.sampled_from(
    [
        b"\x82\xfe\x00\x05\x01\x02\x03\x04hello",
        b"\x82\xff\x00\x00\x00\x00\x00\x00\x00\x05\x01\x02\x03\x04hello",
        b"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04",
    ]
)


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """Frames that are mostly right, and some bytes of them changed."""
    data = b"".join(draw(st.lists(FRAMES | FRAMES | CLOSES | LONG_WINDED, max_size=8)))
    damaged = bytearray(data)
    for place, value in draw(st.lists(st.tuples(st.integers(0), st.integers(0, 255)), max_size=2)):
        if damaged:
            damaged[place % len(damaged)] = value
    return bytes(damaged)


@given(streams() | st.binary(max_size=40), st.lists(st.integers(0), max_size=6), st.integers(1, 9))
@example(frame(BINARY, b"hi") * 3, [1, 2, 3, 9], 1)
@example(b"\x8f\xff", [], 1)  # nobody's opcode, and a length to come
def test_lane_and_library_agree(data: bytes, cuts: list[int], limit: int) -> None:
    agree(data, cuts, limit)


def test_bytes_that_were_read_are_let_go() -> None:
    inbound = new_inbound()
    inbound.feed(frame(BINARY, b"hello") * 2)
    assert inbound.read(1) == [b"hello"]
    assert inbound.is_waiting
    assert inbound.read(1) == [b"hello"]
    assert not inbound.is_waiting
    assert inbound._buffer == b""


def test_control_frames_are_counted() -> None:
    inbound = new_inbound()
    inbound.feed(frame(PING, b"1") + frame(BINARY, b"hello") + frame(PONG, b"2"))
    assert inbound.read(10) == [b"hello"]
    assert (inbound.frames, inbound.controls) == (3, 2)


@pytest.mark.parametrize("pieces", [4, 5])
def test_a_message_comes_in_so_many_pieces_and_no_more(pieces: int) -> None:
    inbound = new_inbound(max_pieces=4)
    inbound.feed(frame(BINARY, b"", is_last=False))
    inbound.feed(frame(CONTINUATION, b"", is_last=False) * (pieces - 2))
    inbound.feed(frame(CONTINUATION, b"end"))
    messages = inbound.read(10)
    if pieces <= 4:
        assert (messages, inbound.closed) == ([b"end"], None)
    else:
        assert messages == []
        assert inbound.closed == Closed(1009, "over 4 fragments", is_error=True)


def test_small_pieces_count_for_what_they_cost() -> None:
    inbound = new_inbound(piece_cost=64)
    inbound.feed(frame(BINARY, b"", is_last=False))
    inbound.feed(frame(CONTINUATION, b"", is_last=False) * (MAX_SIZE // 64))
    assert inbound.read(10) == []
    assert inbound.closed == Closed(1009, f"over {MAX_SIZE} bytes in fragments", is_error=True)


def test_nothing_is_read_behind_the_end() -> None:
    inbound = new_inbound()
    inbound.feed(frame(CLOSE, b"\x03\xe8") + frame(BINARY, b"late"))
    assert inbound.read(10) == []
    inbound.feed(frame(BINARY, b"later"))
    assert inbound.read(10) == []
    assert inbound.closed == Closed(1000, "")
    assert not inbound.is_waiting
