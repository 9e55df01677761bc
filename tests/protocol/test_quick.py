"""The quick way to read a message returns what the scan lets through, and nothing else."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable
from itertools import islice
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import limits, quick
from protocol.codec import Role, decode, decode_slowly, unpack, unpack_slowly
from protocol.errors import RemoteProtocolError
from tests.helpers import damage
from tests.helpers.strategies import game_values, long_winded, messages, mutants, piles, share

Outcome = tuple[object, ...]


def outcome(read: Callable[[], Any]) -> Outcome:
    """Return all that a reader says: a value, or an error with its words."""
    try:
        return ("value", repr(read()))
    except RemoteProtocolError as error:
        return (error.code, error.offset, error.limit, str(error))


def check_frame(data: bytes, by: Role) -> None:
    assert outcome(lambda: decode(data, by)) == outcome(lambda: decode_slowly(data, by)), data.hex()


def check_payload(data: bytes) -> None:
    assert outcome(lambda: unpack(data)) == outcome(lambda: unpack_slowly(data)), data.hex()


def differ_on_frames(count: int, by: Role, seed: int) -> None:
    for data in islice(damage.damaged(random.Random(seed), damage.frames(by)), count):
        check_frame(data, by)


def differ_on_payloads(count: int, seed: int) -> None:
    for data in islice(damage.damaged(random.Random(seed), damage.payloads()), count):
        check_payload(data)


@pytest.mark.parametrize("by", Role)
def test_both_ways_agree_about_thousands_of_damaged_frames(by: Role) -> None:
    differ_on_frames(10_000, by, seed=1)


def test_both_ways_agree_about_thousands_of_damaged_payloads() -> None:
    differ_on_payloads(10_000, seed=2)
