"""A room after some entry of its log, as bytes: where a replica begins.

    [format, seq, digest, create, next, stash, dead, room] and a CRC-32

`next`, `stash` and `dead` are the sequencer's. `create` and `room` are nil where the room has
ended. A snapshot has the whole history of a room with `history: full`. Of any other room it has
what late joiners are still to hear, or else as much as resumes may need for some seconds. A client
that would resume from further back hears HISTORY_TRIMMED.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgpack

from protocol.fields.mismatch import Mismatch
from relay.cluster.replicas import parcels
from relay.cluster.replicas.parcels import CHECK_BYTES, CREATE, Parcel, Unreadable
from relay.cluster.replicas.sequencer import Sequencer
from relay.room.entries import Create
from relay.room.room import Room
from relay.saved import room_state
from relay.saved.room_state import BadState

FORMAT: Final = 1
DIGEST_BYTES: Final = 16
RECENT_BYTES: Final = 256 * 1024
"""Bytes of history for resumes, where late joiners need none."""


class Saved(NamedTuple):
    """A room's name at one place of its log."""

    seq: int
    digest: bytes
    create: Create | None
    room: Room | None
    sequencer: Sequencer


def write(
    seq: int, digest: bytes, create: Create | None, room: Room | None, sequencer: Sequencer
) -> bytes:
    """Return what `read` reads."""
    following, stashed, dead = sequencer.summary()
    value = [
        FORMAT,
        seq,
        digest,
        None if create is None else CREATE.dump(create),
        following,
        [_packed(parcel) for parcel in stashed],
        dead,
        None if room is None else _room_value(room),
    ]
    data: bytes = msgpack.packb(value)
    return data + zlib.crc32(data).to_bytes(CHECK_BYTES, "big")


def read(data: bytes) -> Saved:
    """Read a snapshot.

    Raises:
        Unreadable: it is none, or one of another version.
    """
    try:
        return _saved(_opened(data))
    except (ValueError, TypeError, LookupError, msgpack.UnpackException, Mismatch) as error:
        raise Unreadable(f"the snapshot is none ({type(error).__name__})") from None
    except BadState as error:
        raise Unreadable(f"no room is like the snapshot: {error}") from None


def _room_value(room: Room) -> Any:
    return room_state.dump(room, min(room.needed_from, room.history.recent(RECENT_BYTES)))


def _packed(parcel: Parcel) -> bytes:
    entries = [parcels.pack_entry(entry) for entry in parcel.entries]
    return parcels.pack_parcel(parcel.epoch, parcel.incarnation, parcel.number, entries)


def _opened(data: bytes) -> Any:
    body, check = data[:-CHECK_BYTES], data[-CHECK_BYTES:]
    if zlib.crc32(body).to_bytes(CHECK_BYTES, "big") != check:
        raise Unreadable("the snapshot is damaged")
    value = msgpack.unpackb(body, strict_map_key=False)
    if value[0] != FORMAT:
        raise Unreadable("the snapshot is of another version")
    return value


def _saved(value: Sequence[Any]) -> Saved:
    _, seq, digest, create, following, stashed, dead, room = value
    parcels.COUNT.load(seq)
    if type(digest) is not bytes or (create is None) != (room is None):
        raise Unreadable("the snapshot contradicts itself")
    sequencer = Sequencer()
    sequencer.restore(
        ((parcels.COUNT.load(node), parcels.COUNT.load(number)) for node, number in following),
        [_parcel(each) for each in stashed],
        map(parcels.COUNT.load, dead),
    )
    return Saved(
        seq,
        digest,
        None if create is None else CREATE.load(create),
        None if room is None else room_state.load(room),
        sequencer,
    )


def _parcel(data: bytes) -> Parcel:
    parcel = parcels.read(data)
    if not isinstance(parcel, Parcel):
        raise Unreadable("the snapshot keeps the beginning of a room for later")
    return parcel
