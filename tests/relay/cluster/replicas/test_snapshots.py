"""A room in a snapshot, and back, with as much of its past as it promises."""

from __future__ import annotations

import pytest

from protocol.frames import RoomOptions
from relay.cluster.replicas import snapshots
from relay.cluster.replicas.parcels import Parcel, Unreadable
from relay.cluster.replicas.sequencer import Sequencer
from relay.cluster.replicas.snapshots import RECENT_BYTES, Saved
from relay.room.entries import Create, Detach
from relay.room.room import Room
from tests.helpers.playbook import EPOCH, a_room, enters, sends

CREATE = Create("ROOM", EPOCH, RoomOptions(), "", 4096, 70000, 2**24)
PAYLOAD = bytes(1000)
MANY = 2 * RECENT_BYTES // len(PAYLOAD)


def busy(history: str) -> Room:
    """Make a room in which more has happened than who resumes needs."""
    room = a_room(history=history)
    room.apply(enters(1))
    for _ in range(MANY):
        room.apply(sends(1, None, PAYLOAD))
    return room


def again(room: Room | None, sequencer: Sequencer | None = None) -> Saved:
    create = None if room is None else CREATE
    data = snapshots.write(99, b"d" * 16, create, room, sequencer or Sequencer())
    return snapshots.read(data)


def test_a_room_comes_back() -> None:
    room, sequencer = busy("full"), Sequencer()
    sequencer.take(Parcel(EPOCH, 1, 1, (Detach(1),)))
    sequencer.take(Parcel(EPOCH, 1, 3, (Detach(3),)))
    sequencer.fence(5)
    saved = again(room, sequencer)
    assert saved.room is not None
    assert saved.room.summary() == room.summary()
    assert (saved.seq, saved.digest, saved.create) == (99, b"d" * 16, CREATE)
    assert saved.sequencer.summary() == sequencer.summary()


def test_that_a_room_has_ended_comes_back() -> None:
    saved = again(None)
    assert (saved.create, saved.room) == (None, None)


@pytest.mark.parametrize("history", ["none", "snapshot"])
def test_of_the_past_that_nobody_is_promised_only_the_end_is_kept(history: str) -> None:
    room = busy(history)
    loaded = again(room).room
    assert loaded is not None
    assert room.history.trimmed < loaded.history.trimmed < room.seq
    assert loaded.history.size <= RECENT_BYTES
    assert list(loaded.history) == list(room.history.since(loaded.history.trimmed))
    assert loaded.history.grown == room.history.grown


def test_damage_is_refused() -> None:
    data = snapshots.write(99, b"d" * 16, CREATE, busy("none"), Sequencer())
    for bad in (data[:-1], data[:500] + b"x" + data[501:], b"", b"nothing"):
        with pytest.raises(Unreadable):
            snapshots.read(bad)
