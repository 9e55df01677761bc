"""Entries as bytes and back; and bytes that are none."""

from __future__ import annotations

import dataclasses
import zlib
from contextlib import suppress

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import fast_path, limits
from protocol.error_codes import ErrorCode
from protocol.frames import RoomOptions
from relay.cluster.replicas.parcels import (
    KINDS,
    NUMBERS,
    Parcel,
    Unreadable,
    pack_create,
    pack_entry,
    pack_parcel,
    read,
)
from relay.room.entries import (
    CONNECTION_BITS,
    MAX_INCARNATION,
    Ask,
    Create,
    Entry,
    Join,
    Operate,
    Refuse,
    Say,
    Wake,
    incarnation_of,
)
from relay.room.requests import HANDLERS
from roomwire.testing import ErrorDetail, Kick, PlayerInfo, Set, Transfer, instances
from tests.helpers.strategies import share

EPOCH = b"an epoch"
COUNTS = st.integers(0, limits.MAX_INT)
HASHES = st.none() | st.binary(min_size=1, max_size=64)
EPOCHS = st.binary(min_size=8, max_size=8)
PLAYERS = st.integers(1, limits.MAX_PLAYER)
TARGETS = (
    st.none()
    | st.booleans()
    | st.integers(-limits.MAX_GROUP, limits.MAX_PLAYER)
    | st.lists(PLAYERS, max_size=5).map(tuple)
)
TAILS = st.binary(max_size=300).map(fast_path.tail)
ASKED = st.sampled_from(sorted(HANDLERS, key=lambda cls: cls.__name__)).flatmap(instances)
SPECIAL: dict[type, st.SearchStrategy[Entry]] = {
    Join: st.builds(
        Join, COUNTS, HASHES, instances(PlayerInfo), st.none() | st.tuples(EPOCHS, COUNTS), HASHES
    ),
    Ask: st.builds(Ask, COUNTS, ASKED),
    Refuse: st.builds(
        Refuse, COUNTS, st.sampled_from(ErrorCode), st.text(max_size=99), instances(ErrorDetail)
    ),
    Operate: st.builds(Operate, COUNTS, st.sampled_from([Kick, Transfer, Set]).flatmap(instances)),
    Say: st.builds(Say, COUNTS, st.text(max_size=99)),
    Wake: st.builds(Wake, st.floats(0, 1e6)),
}


def plain(cls: type) -> st.SearchStrategy[Entry]:
    """Make entries of a class whose fields are numbers and flags."""
    kinds = {"bool": st.booleans(), "int": st.integers(0, MAX_INCARNATION)}
    return st.builds(cls, *(kinds[str(field.type)] for field in dataclasses.fields(cls)))


ENTRIES: st.SearchStrategy[Entry] = st.tuples(COUNTS, TARGETS, TAILS) | st.one_of(
    [SPECIAL[cls] if cls in SPECIAL else plain(cls) for cls in NUMBERS]
)
PARCELS = st.builds(
    Parcel,
    EPOCHS,
    st.integers(0, MAX_INCARNATION),
    COUNTS,
    st.lists(ENTRIES, max_size=5).map(tuple),
)
CREATES = st.builds(
    Create,
    st.just("ROOM"),
    EPOCHS,
    instances(RoomOptions),
    st.text(max_size=99),
    st.integers(256, limits.FRAME_IN_MAX),
    COUNTS,
    COUNTS,
)


def packed(parcel: Parcel) -> bytes:
    entries = [pack_entry(entry) for entry in parcel.entries]
    return pack_parcel(parcel.epoch, parcel.incarnation, parcel.number, entries)


def sealed(value: object) -> bytes:
    data = msgpack.packb(value)
    return data + zlib.crc32(data).to_bytes(4, "big")


def reads_or_refuses(data: bytes) -> None:
    """Read; whatever else is raised is a bug."""
    with suppress(Unreadable):
        read(data)


@pytest.mark.fuzz
@share(1)
@given(PARCELS)
def test_parcels_come_back(parcel: Parcel) -> None:
    assert repr(read(packed(parcel))) == repr(parcel)  # to ==, True is 1
    assert packed(parcel) == packed(parcel)


@pytest.mark.fuzz
@share(0.5)
@given(CREATES)
def test_the_beginning_of_a_room_comes_back(create: Create) -> None:
    assert read(pack_create(create)) == create


@pytest.mark.fuzz
@share(1)
@given(PARCELS, st.data())
def test_damage_is_refused(parcel: Parcel, data: st.DataObject) -> None:
    good = packed(parcel)
    at = data.draw(st.integers(0, len(good) - 1))
    flip = data.draw(st.integers(1, 255))
    bad = good[:at] + bytes((good[at] ^ flip,)) + good[at + 1 :]
    for each in (bad, good[:at]):
        with pytest.raises(Unreadable):
            read(each)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 20) | st.binary(max_size=9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=3), inner),
)


@pytest.mark.fuzz
@share(0.5)
@given(VALUES, st.binary(max_size=40))
def test_whatever_stands_in_a_log_is_read_or_refused(value: object, noise: bytes) -> None:
    reads_or_refuses(noise)
    reads_or_refuses(sealed(value))
    reads_or_refuses(sealed([1, value]))
    reads_or_refuses(sealed([1, EPOCH, 1, 1, value]))
    for kind in KINDS:
        reads_or_refuses(sealed([1, EPOCH, 1, 1, [[kind, 7, value]]]))
        reads_or_refuses(sealed([1, EPOCH, 1, 1, [[kind, value]]]))


@pytest.mark.parametrize(
    "entry",
    [
        [0, 1, None, b"\xc4\x05less"],
        [0, 1, None, "text"],
        [0, -1, None, b"\xc4\x00"],
        [2, 1, b"\x92\x01\x01"],  # a HELLO: no room takes it
        [99, 1],
        [6, 1, 2],
        [],
    ],
)
def test_entries_that_nobody_writes(entry: list[object]) -> None:
    with pytest.raises(Unreadable):
        read(sealed([1, EPOCH, 1, 1, [entry]]))


def test_another_version_is_refused() -> None:
    with pytest.raises(Unreadable, match="another version"):
        read(sealed([2, EPOCH, 1, 1, []]))


@given(st.integers(0, MAX_INCARNATION), st.integers(1, 2**CONNECTION_BITS - 1))
def test_an_attachment_tells_its_node(incarnation: int, connection: int) -> None:
    attachment = incarnation << CONNECTION_BITS | connection
    assert incarnation_of(attachment) == incarnation
    assert attachment <= limits.MAX_INT
