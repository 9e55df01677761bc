"""The client's shortcut reads DELIVER and UPDATE as the codec does, or leaves them to it."""

from __future__ import annotations

import pytest
from hypothesis import given

from clients.python.core.fast_path import PAYLOAD_HEADS, read_payload
from protocol.codec import Role, decode, encode
from protocol.errors import RemoteProtocolError
from protocol.frames import Deliver, Update
from tests.helpers.strategies import built, long_winded, mutants, share

FRAMES = (built(Deliver) | built(Update)).map(encode)


def long_way(message: bytes) -> tuple[int, int, int, bytes] | None:
    try:
        frame = decode(message, Role.RELAY)
    except RemoteProtocolError:
        return None
    assert isinstance(frame, Deliver | Update)
    first = frame.seq if isinstance(frame, Deliver) else frame.key
    return int(frame.opcode), first, frame.sender, frame.payload


@pytest.mark.fuzz
@share(0.1)
@given(FRAMES | mutants(FRAMES) | FRAMES.flatmap(long_winded))
def test_it_reads_what_the_codec_reads_and_nothing_else(message: bytes) -> None:
    if message[:2] in PAYLOAD_HEADS:
        assert read_payload(message) == long_way(message)


@pytest.mark.parametrize("frame", [Deliver(7, 2, b"hi"), Update(255, 0, b"")], ids=repr)
def test_its_heads_are_those_of_the_frames(frame: Deliver | Update) -> None:
    message = encode(frame)
    assert message[:2] in PAYLOAD_HEADS
    assert read_payload(message) == long_way(message)


def test_a_key_beyond_the_last_one_is_left_to_the_codec() -> None:
    assert read_payload(encode(Update(255, 1, b"")).replace(b"\xcc\xff", b"\xcd\x01\x00")) is None
