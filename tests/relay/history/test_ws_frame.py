"""A wrapped message is one WebSocket frame, and a run of them comes apart again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame as WebSocketFrame
from websockets.frames import Opcode as WebSocketOpcode

from protocol import fast_path
from protocol.codec import encode
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Error,
    Frame,
    Host,
    Joined,
    Left,
    LeftReason,
    Live,
    PresenceChanged,
    PresenceState,
    Property,
    Snapshot,
)
from protocol.opcodes import Opcode
from relay.history.ws_frame import is_logged, opcode, split, unwrap, wrap

SIZES = [0, 1, 125, 126, 127, 65_535, 65_536, 70_000]
"""Around each length at which the head of a frame grows."""

LOGGED: list[Frame] = [
    Joined(1, 1),
    Left(2, 1, LeftReason.LEFT),
    PresenceChanged(3, 1, PresenceState.AWAY),
    Host(4, 1, 1),
    Property(5, 0, "map", bytes(300), 5, 1),
    Error(6, ErrorCode.NOT_HOST, "only the host may"),
]
OTHERS: list[Frame] = [
    Error(0, ErrorCode.TOO_FAST, "slow down"),
    Live(7),
    Snapshot(7, 0, 1, b"state"),
]


@pytest.mark.parametrize("size", SIZES)
def test_a_message_is_framed_as_another_implementation_does_it(size: int) -> None:
    message = bytes(size)
    expected = WebSocketFrame(WebSocketOpcode.BINARY, message).serialize(mask=False)
    assert wrap(message) == expected
    assert unwrap(wrap(message)) == message


@given(st.lists(st.sampled_from(SIZES).map(bytes) | st.binary(max_size=300), max_size=6))
def test_a_run_of_messages_comes_apart_again(messages: list[bytes]) -> None:
    wrapped = [wrap(message) for message in messages]
    assert split(b"".join(wrapped)) == wrapped


@pytest.mark.parametrize("size", [0, 119, 126, 70_000])
def test_the_opcode_is_found_behind_a_head_of_any_size(size: int) -> None:
    message = wrap(fast_path.deliver(9, 1, fast_path.tail(bytes(size))))
    assert opcode(message) == Opcode.DELIVER
    assert is_logged(message)


@pytest.mark.parametrize("frame", [*LOGGED, *OTHERS], ids=lambda frame: repr(frame)[:12])
def test_what_has_its_place_in_the_order_is_in_the_log(frame: Frame) -> None:
    message = wrap(encode(frame))
    assert opcode(message) == frame.opcode
    assert is_logged(message) == (frame in LOGGED)


def test_a_value_is_in_no_log() -> None:
    assert not is_logged(wrap(fast_path.update(0, 1, fast_path.tail(b"here"))))
