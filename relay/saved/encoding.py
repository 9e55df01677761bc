"""Rooms as the bytes of a file, and back: one msgpack value.

    ["roomwire rooms", format, wire version, returning, [room, ...], digest]

`returning` is in how many ms the last player has been asked to come back, and `digest` the
BLAKE2b-256 of all bytes before it. A room is what room_state.py makes of it, its history last.

Both ways go a piece at a time: neither needs the whole file in memory.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator
from typing import Any, BinaryIO, NamedTuple

import msgpack

from protocol import WIRE_VERSION, WIRE_VERSION_MIN
from relay.room.room import Room
from relay.saved import room_state
from relay.saved.room_state import BadState

MAGIC = "roomwire rooms"
FORMAT = 1
FIELDS = 6
DIGEST_BYTES = 32
TAIL_BYTES = 2 + DIGEST_BYTES  # the digest as a `bin`
READ_BYTES = 64 * 1024
LOG = "log"
"""The key of a room's history, the one value that is not unpacked as a whole."""


class Kept(NamedTuple):
    """What was in the file."""

    rooms: list[Room]
    returning: float
    """Seconds before which not all players come back, as they were told."""


def compose(rooms: Collection[Room], returning: float) -> Iterator[bytes]:
    """Yield the file's bytes, a room at a time."""
    packer = msgpack.Packer()
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    head = [packer.pack(each) for each in (MAGIC, FORMAT, WIRE_VERSION, round(returning * 1000))]
    yield _seen(digest, packer.pack_array_header(FIELDS) + b"".join(head))
    yield _seen(digest, packer.pack_array_header(len(rooms)))
    for room in rooms:
        yield _seen(digest, packer.pack(room_state.dump(room)))
    yield packer.pack(digest.digest())


def parse(file: BinaryIO) -> Kept:
    """Read a file, from its beginning.

    Raises:
        BadState: it is not what `compose` yields, or another version of it does.
    """
    size = check(file)
    file.seek(0)
    unpacker = _unpacker(file, size)
    try:
        *_, returning = _head(unpacker)
        rooms = [_room(unpacker) for _ in range(unpacker.read_array_header())]
        unpacker.skip()  # the digest
    except (ValueError, msgpack.UnpackException) as error:
        raise _something_else(error) from None
    if unpacker.tell() != size:
        raise BadState("it goes on after its end")
    if len({room.name for room in rooms}) != len(rooms):
        raise BadState("two rooms have one name")
    return Kept(rooms, max(returning, 0) / 1000)


def check(file: BinaryIO) -> int:
    """Read a file as it is written: of a version that is known, and whole. Returns: its bytes.

    Raises:
        BadState: it is not.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    try:
        magic, version, wire, _ = _head(_unpacker(file, size))
    except (ValueError, msgpack.UnpackException) as error:
        raise _something_else(error) from None
    if magic != MAGIC:
        raise BadState("it holds something else")
    if version != FORMAT or not WIRE_VERSION_MIN <= wire <= WIRE_VERSION:
        raise BadState(f"it is of another version ({version}, wire {wire})")
    file.seek(0)
    digest, left = hashlib.blake2b(digest_size=DIGEST_BYTES), max(size - TAIL_BYTES, 0)
    while left and (data := file.read(min(left, READ_BYTES))):
        digest.update(data)
        left -= len(data)
    if file.read() != msgpack.packb(digest.digest()):
        raise BadState("it is cut off or damaged: its digest is another")
    return size


def _unpacker(file: BinaryIO, size: int) -> msgpack.Unpacker:
    # Nothing in it can be longer than the whole, whatever it says of itself.
    return msgpack.Unpacker(file, read_size=READ_BYTES, max_buffer_size=max(size, READ_BYTES))


def _head(unpacker: msgpack.Unpacker) -> tuple[str, int, int, int]:
    if unpacker.read_array_header() != FIELDS:
        raise BadState("it holds something else")
    match [unpacker.unpack() for _ in range(4)]:
        case [str(magic), int(version), int(wire), int(returning)]:
            return magic, version, wire, returning
        case [str(magic), *_] if magic == MAGIC:
            raise BadState("its head is none")
        case _:
            raise BadState("it holds something else")


def _room(unpacker: msgpack.Unpacker) -> Room:
    fields: dict[Any, Any] = {}
    count = unpacker.read_map_header()
    for left in reversed(range(count)):
        key = unpacker.unpack()
        if key == LOG and not left:  # as it is written; and if it is not, as a whole
            fields[key] = (unpacker.unpack() for _ in range(unpacker.read_array_header()))
        else:
            fields[key] = unpacker.unpack()
    return room_state.load(fields)


def _something_else(error: Exception) -> BadState:
    return BadState(f"it is cut off, or holds something else ({type(error).__name__})")


def _seen(digest: Any, data: bytes) -> bytes:
    digest.update(data)
    return data
