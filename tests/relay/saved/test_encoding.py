"""Rooms go through bytes and back, and bytes that were damaged anywhere are refused."""

from __future__ import annotations

import io
from collections.abc import Iterable

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import WIRE_VERSION
from relay.room.room import Room
from relay.saved.encoding import FORMAT, MAGIC, READ_BYTES, Kept, check, compose, parse
from relay.saved.room_state import BadState
from tests.helpers.playbook import a_room, enters, sends


def a_room_of(name: str, frames: int = 1, size: int = 5) -> Room:
    room = a_room()
    room.name = name
    room.apply(enters(1))
    for _ in range(frames):
        room.apply(sends(1, True, bytes(size)))
    return room


def written(*rooms: Room, returning: float = 0.0) -> bytes:
    return b"".join(compose(rooms, returning))


def read(data: bytes) -> Kept:
    return parse(io.BytesIO(data))


ONE = written(a_room_of("ONE"))


def is_refused(data: bytes) -> bool:
    try:
        read(data)
    except BadState:
        return True
    return False


def summaries(rooms: Iterable[Room]) -> list[object]:
    return [room.summary() for room in rooms]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_rooms_come_back_as_they_were(count: int) -> None:
    rooms = [a_room_of(f"R{number}", number) for number in range(count)]
    again = read(written(*rooms, returning=2.5))
    assert summaries(again.rooms) == summaries(rooms)
    assert again.returning == 2.5


def test_a_file_of_many_pieces_is_read_in_pieces() -> None:
    room = a_room_of("LARGE", frames=40, size=READ_BYTES // 10)
    data = written(room)
    assert len(data) > 3 * READ_BYTES
    assert summaries(read(data).rooms) == summaries([room])


def test_it_is_one_msgpack_value() -> None:
    room = a_room_of("ROOM")
    magic, version, wire, returning, rooms, digest = msgpack.unpackb(written(room, returning=1))
    assert (magic, version, wire, returning) == (MAGIC, FORMAT, WIRE_VERSION, 1000)
    assert [each["name"] for each in rooms] == [room.name]
    assert len(digest) == 32


def test_a_check_needs_no_room_and_returns_the_size() -> None:
    assert check(io.BytesIO(ONE)) == len(ONE)


@given(st.integers(0, len(ONE) - 1), st.integers(1, 255))
def test_one_changed_byte_is_seen(at: int, change: int) -> None:
    assert is_refused(ONE[:at] + bytes([ONE[at] ^ change]) + ONE[at + 1 :])


@given(st.integers(0, len(ONE) - 1))
def test_a_file_that_is_cut_off_anywhere_is_seen(length: int) -> None:
    assert is_refused(ONE[:length])


@given(st.binary(min_size=1, max_size=40))
def test_anything_behind_the_end_is_seen(more: bytes) -> None:
    assert is_refused(ONE + more)


def test_two_rooms_of_one_name_are_refused() -> None:
    with pytest.raises(BadState, match="two rooms have one name"):
        read(written(a_room_of("A"), a_room_of("A")))


def test_a_time_to_return_that_is_over_is_none() -> None:
    assert read(written(returning=-3.0)).returning == 0.0
