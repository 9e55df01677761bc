"""The client's short way to read DELIVER and UPDATE is the codec's long way."""

from __future__ import annotations

from functools import partial
from itertools import islice

import pytest
from hypothesis import given, settings

from clients.fuzz.inputs.cases import Reader, cases_of
from clients.python.core.fast_path import PAYLOAD_HEADS, Fields, read_payload
from protocol import limits
from protocol.codec import Role, decode, encode
from protocol.errors import RemoteProtocolError
from protocol.frames import Deliver, Update
from roomwire.testing import instances, long_winded, mutants
from tests.helpers.memory import peak_of
from tests.helpers.strategies import share

COUNT = 2 * max(settings().max_examples, 10_000)
"""Damaged messages: 20,000, and 200,000 in `make fuzz`."""


def long_way(message: bytes) -> Fields | None:
    try:
        frame = decode(message, Role.RELAY)
    except RemoteProtocolError:
        return None
    match frame:
        case Deliver(first, sender, payload) | Update(first, sender, payload):
            return int(frame.opcode), first, sender, payload
        case _:
            return None


def check(message: bytes) -> None:
    """Assert that it takes what the codec reads, and leaves to the codec what that refuses."""
    if message[:2] in PAYLOAD_HEADS:
        assert read_payload(message) == long_way(message), message.hex()


PAYLOADS = (instances(Deliver) | instances(Update)).map(encode)


@pytest.mark.fuzz
@share(0.1)
@given(PAYLOADS | mutants(PAYLOADS) | PAYLOADS.flatmap(long_winded))
def test_a_payload_is_read_as_the_codec_reads_it(message: bytes) -> None:
    check(message)


@pytest.mark.fuzz
def test_thousands_of_damaged_payloads_are_read_as_the_codec_reads_them() -> None:
    for case in islice(cases_of(3, Reader.RELAY_FRAME, Deliver, Update), COUNT):
        check(case.data)


@pytest.mark.parametrize(
    "message",
    [
        "9413CD010001C400",  # a key beyond 255
        "9413CCFF01C400",
        "9411CD010001C400",
        "9411CF001FFFFFFFFFFFFF01C400",
        "9411CF002000000000000001C400",
        "941101CEFFFFFFFFC400",
        "941101CF0000000100000000C400",
    ],
)
def test_a_number_at_its_bound_is_read_as_the_codec_reads_it(message: str) -> None:
    check(bytes.fromhex(message))


@pytest.mark.parametrize("size", [limits.FRAME_IN_MAX, limits.FRAME_IN_MAX + 1])
@pytest.mark.parametrize("head", ["94110102C6", "94130102C6"])
def test_a_payload_may_be_as_long_as_the_codec_lets_it(head: str, size: int) -> None:
    check(bytes.fromhex(head) + size.to_bytes(4) + bytes(size))


def test_claims_take_no_more_than_the_message_is_worth() -> None:
    for claim in (b"\xdc\x04\x00", b"\x9f", b"\xde\x04\x00\xa0"):
        message = b"\x94\x11\x01\x02" + claim * 1100
        assert peak_of(partial(read_payload, message)) < 64 * 1024 + 100 * len(message)
