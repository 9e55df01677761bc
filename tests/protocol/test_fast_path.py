"""The short way from SEND to DELIVER is the codec's long way, byte for byte."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.fuzz.inputs.cases import Reader, cases_of
from protocol import fast_path, limits
from protocol.codec import Role, decode, encode
from protocol.errors import RemoteProtocolError
from protocol.frames import Ack, Deliver, Frame, Left, Live, Send, Taken, Update, Volatile
from roomwire.testing import instances, long_winded, mutants
from tests.helpers.strategies import share

LENGTHS = [0, 1, 255, 256, 65535, 65536]
"""Lengths of payloads at which the head changes."""


def shortcut(message: bytes) -> Frame | None:
    """Read SEND and VOLATILE as the relay does: by their first bytes and their tail."""
    target = fast_path.target_of_send(message)
    if target != fast_path.NO_TARGET:
        return Send(target, fast_path.payload(message[3:]))
    target = fast_path.target_of_volatile(message)
    if target != fast_path.NO_TARGET:
        return Volatile(message[2], target, fast_path.payload(message[4:]))
    return None


def long_way(message: bytes) -> Frame | None:
    try:
        return decode(message, Role.CLIENT)
    except RemoteProtocolError:
        return None


def check(message: bytes) -> None:
    """Assert that the shortcut takes nothing that the codec does not read just so."""
    short, long = shortcut(message), long_way(message)
    if short is not None:
        assert short == long, message[:20].hex()
        assert encode(short) == message
    elif isinstance(long, Send | Volatile):
        is_common = long.target is None or isinstance(long.target, int)
        key = long.key if isinstance(long, Volatile) else 0
        has_one_byte = is_common and -32 <= (long.target or 0) < 128 and key < 128  # type: ignore[operator]
        assert not has_one_byte or encode(long) != message


HOT = (instances(Send) | instances(Volatile)).map(encode)


@pytest.mark.fuzz
@share(0.1)
@given(HOT | mutants(HOT) | HOT.flatmap(long_winded))
def test_the_shortcut_reads_what_the_codec_reads(message: bytes) -> None:
    check(message)


ACKS = instances(Ack).map(encode)


@pytest.mark.fuzz
@share(0.1)
@given(ACKS | mutants(ACKS) | ACKS.flatmap(long_winded))
def test_an_ack_that_is_known_at_sight_is_one(message: bytes) -> None:
    check_ack(message)


def check_ack(message: bytes) -> None:
    ack = long_way(message)
    if fast_path.is_ack(message):
        assert isinstance(ack, Ack), message.hex()
    elif isinstance(ack, Ack):
        assert ack.seq >= 1 << 32 or encode(ack) != message


COUNT = 2 * max(settings().max_examples, 5_000)
"""Damaged messages of each kind: 10,000, and 200,000 in `make fuzz`."""


@pytest.mark.fuzz
def test_every_shortcut_reads_thousands_of_damaged_messages_as_the_codec_does() -> None:
    for case in islice(cases_of(4, Reader.CLIENT_FRAME, Ack, Send, Volatile), COUNT):
        message = case.data
        check(message)
        check_ack(message)


@pytest.mark.fuzz
def test_thousands_of_damaged_delivers_are_known_at_sight_or_none() -> None:
    for case in islice(cases_of(5, Reader.RELAY_FRAME, Deliver), COUNT):
        message = case.data
        check_deliver(message)


@pytest.mark.parametrize("size", [limits.FRAME_IN_MAX, limits.FRAME_IN_MAX + 1])
def test_a_payload_may_be_as_long_as_the_codec_lets_it(size: int) -> None:
    tail = b"\xc6" + size.to_bytes(4) + bytes(size)
    check(b"\x93\x10\xc0" + tail)
    check(b"\x94\x12\x01\xc0" + tail)
    check_deliver(b"\x94\x11\x01\x02" + tail)
    assert fast_path.is_tail(tail, 0) == (size == limits.FRAME_IN_MAX)


@pytest.mark.parametrize("seq", [limits.MAX_INT, limits.MAX_INT + 1])
def test_no_deliver_has_a_seq_that_the_codec_does_not_take(seq: int) -> None:
    message = b"\x94\x11" + fast_path.uint(seq) + b"\x01\xc4\x00"
    assert fast_path.is_deliver(message, seq) == (seq == limits.MAX_INT)
    check_deliver(message)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_tail_fills_its_message_exactly(length: int, more: int) -> None:
    payload = bytes(length)
    message = encode(Send(None, payload))
    whole = message[:-1] if more < 0 else message + bytes(more)
    check(whole)
    assert fast_path.is_tail(whole, 3) == (more == 0)


@pytest.mark.parametrize("length", LENGTHS)
def test_a_tail_is_the_payload_with_its_shortest_head(length: int) -> None:
    payload = bytes(length)
    tail = fast_path.tail(payload)
    assert encode(Send(None, payload)) == b"\x93\x10\xc0" + tail
    assert fast_path.is_tail(tail, 0)
    assert fast_path.payload(tail) == payload


NO_TAILS = {
    "nothing": b"",
    "a head alone": b"\xc4",
    "nil": b"\xc0\x00",
    "a str": b"\xa1x",
    "half a length": b"\xc5\x01",
    "a quarter of a length": b"\xc6\x00",
    "bin 16 of 1": b"\xc5\x00\x01x",
    "bin 16 of 255": b"\xc5\x00\xff" + bytes(255),
    "bin 32 of 1": b"\xc6\x00\x00\x00\x01x",
    "bin 32 of 65535": b"\xc6\x00\x00\xff\xff" + bytes(65535),
}


@pytest.mark.parametrize("tail", NO_TAILS.values(), ids=NO_TAILS)
def test_what_is_long_winded_or_no_bin_is_no_tail(tail: bytes) -> None:
    assert not fast_path.is_tail(tail, 0)


@pytest.mark.parametrize("byte", range(256))
def test_a_target_of_one_byte_is_what_the_codec_makes_of_it(byte: int) -> None:
    frame = long_way(bytes([0x93, 0x10, byte, 0xC4, 0x00]))
    target = fast_path.TARGETS[byte]
    if isinstance(frame, Send) and not isinstance(frame.target, tuple):
        assert target == frame.target
        assert type(target) is type(frame.target)
    else:
        assert target == fast_path.NO_TARGET


@pytest.mark.parametrize("byte", range(256))
def test_a_key_of_one_byte_is_what_the_codec_makes_of_it(byte: int) -> None:
    check(bytes([0x94, 0x12, byte, 0xC0, 0xC4, 0x00]))


@given(instances(Deliver))
def test_deliver_is_what_the_codec_makes_of_it(frame: Deliver) -> None:
    assert fast_path.deliver(frame.seq, frame.sender, fast_path.tail(frame.payload)) == encode(
        frame
    )


DELIVERS = instances(Deliver).map(encode)


@given(instances(Deliver))
def test_deliver_is_known_by_its_seq(frame: Deliver) -> None:
    assert fast_path.is_deliver(encode(frame), frame.seq)
    assert not fast_path.is_deliver(encode(frame), frame.seq + 1)


@pytest.mark.fuzz
@share(0.1)
@given(DELIVERS | mutants(DELIVERS) | DELIVERS.flatmap(long_winded))
def test_a_deliver_that_is_known_at_sight_is_one(message: bytes) -> None:
    check_deliver(message)


def check_deliver(message: bytes) -> None:
    """Assert that it is known by the seq that the codec reads, and by no other."""
    try:
        frame = decode(message, Role.RELAY)
    except RemoteProtocolError:
        frame = None
    is_shortest = isinstance(frame, Deliver) and encode(frame) == message
    for seq in seqs_in(message):
        is_its_own = is_shortest and isinstance(frame, Deliver) and frame.seq == seq
        assert fast_path.is_deliver(message, seq) == is_its_own, message.hex()


def seqs_in(message: bytes) -> list[int]:
    """Return the seqs that its first field could be taken for."""
    if len(message) < 3:
        return [0, 1]
    return [message[2], *(int.from_bytes(message[3 : 3 + size]) for size in (1, 2, 4, 8))]


@given(instances(Taken))
def test_an_acknowledgement_is_what_the_codec_makes_of_it(frame: Taken) -> None:
    assert fast_path.taken(frame.taken, frame.seq) == encode(frame)


@given(instances(Update) | instances(Left))
def test_two_fields_are_read_without_the_rest(frame: Update | Left) -> None:
    expected = (frame.key, frame.sender) if isinstance(frame, Update) else (frame.seq, frame.player)
    assert fast_path.pair(encode(frame)) == expected


@given(instances(Deliver) | instances(Left))
def test_the_seq_of_a_frame_is_read_without_the_rest(frame: Deliver | Left) -> None:
    assert fast_path.seq(encode(frame)) == frame.seq


@given(instances(Update))
def test_update_is_what_the_codec_makes_of_it(frame: Update) -> None:
    assert fast_path.update(frame.key, frame.sender, fast_path.tail(frame.payload)) == encode(frame)


@pytest.mark.parametrize("bits", [0, 7, 8, 16, 32, 53])
def test_a_number_has_its_shortest_form_on_both_sides_of_each_width(bits: int) -> None:
    for number in {2**bits - 1, min(2**bits, limits.MAX_INT)}:
        assert encode(Deliver(number, 1, b"")) == fast_path.deliver(number, 1, fast_path.tail(b""))
        assert b"\x92\x09" + fast_path.uint(number) == encode(Live(number))


@given(st.sampled_from(LENGTHS))
def test_passing_on_adds_no_more_than_its_head_room(length: int) -> None:
    tail = fast_path.tail(bytes(length))
    longest = fast_path.deliver(limits.MAX_INT, limits.MAX_PLAYER, tail)
    assert len(longest) <= len(fast_path.SEND_HEAD) + 1 + len(tail) + limits.HEAD_ROOM
