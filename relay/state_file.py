"""The file that keeps the rooms while a relay restarts: one msgpack value, written at once or not.

    ["roomwire rooms", format, wire version, returning, [room, ...], digest]

`returning` is in how many ms the last player has been asked to come back, and `digest` the
BLAKE2b-256 of all bytes before it. A room is what state.py makes of it.

Whoever reads the file removes it: were it read twice, one order of a room would go on in two ways.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgpack

from protocol import WIRE_VERSION, WIRE_VERSION_MIN
from relay import state
from relay.room import Room
from relay.state import BadState

log = logging.getLogger("relay")

MAGIC = "roomwire rooms"
FORMAT = 1
DIGEST_BYTES = 32
TAIL_BYTES = 2 + DIGEST_BYTES  # the digest as a `bin`


class CannotKeep(Exception):
    """Nothing can be kept there; says in one sentence why."""


class Kept(NamedTuple):
    """What was in the file."""

    rooms: list[Room]
    returning: float
    """Seconds before which not all players come back, as they were told."""


NOTHING = Kept([], 0.0)


class StateFile:
    """Rooms on disk, for one relay at a time."""

    def __init__(self, path: Path) -> None:
        """Args: path: there need be no file yet.

        Raises:
            CannotKeep: a file could not be written there.
        """
        self.path = path
        folder = path.absolute().parent
        if path.exists() and not path.is_file():
            raise CannotKeep(f"{path} is no file: name another with --state")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise CannotKeep(f"nothing can be written to folder {folder}: see --state")

    def take(self) -> Kept:
        """Read the rooms and remove the file. A file that is not right is put aside instead."""
        try:
            data = self.path.read_bytes()
            kept = parse(data)
            self.path.unlink()
            _sync_folder(self.path)
        except FileNotFoundError:
            return NOTHING
        except (BadState, OSError) as error:
            self._put_aside(error)
            return NOTHING
        log.info("%d rooms are back from %s", len(kept.rooms), self.path)
        return kept

    def write(self, rooms: Collection[Room], returning: float) -> None:
        """Keep the rooms, in place of what the file has.

        Raises:
            CannotKeep: it could not be written; what was there before is still there.
        """
        new = self.path.with_name(self.path.name + ".new")
        try:
            with _create(new) as file:
                for part in compose(rooms, returning):
                    file.write(part)
                file.flush()
                os.fsync(file.fileno())
            os.replace(new, self.path)
        except OSError as error:
            with contextlib.suppress(OSError):
                new.unlink()
            why = error.strerror or error
            raise CannotKeep(f"the rooms cannot be written to {self.path}: {why}") from None
        _sync_folder(self.path)
        log.info("%d rooms are kept in %s", len(rooms), self.path)

    def _put_aside(self, error: Exception) -> None:
        aside = self.path.with_name(self.path.name + ".bad")
        try:
            os.replace(self.path, aside)
        except OSError as worse:
            error, aside = worse, self.path
        log.error("the rooms kept in %s cannot be used: %s; see %s", self.path, error, aside)


def compose(rooms: Collection[Room], returning: float) -> Iterator[bytes]:
    """Yield the file's bytes, a room at a time."""
    packer = msgpack.Packer()
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    head = [packer.pack(each) for each in (MAGIC, FORMAT, WIRE_VERSION, round(returning * 1000))]
    yield _seen(digest, packer.pack_array_header(6) + b"".join(head))
    yield _seen(digest, packer.pack_array_header(len(rooms)))
    for room in rooms:
        yield _seen(digest, packer.pack(state.dump(room)))
    yield packer.pack(digest.digest())


def parse(data: bytes) -> Kept:
    """Read a file's bytes.

    Raises:
        BadState: they are not what `compose` yields, or another version of it does.
    """
    match _unpack(data):
        case [str(magic), *_] if magic != MAGIC:
            raise BadState("it holds something else")
        case [_, int(version), int(wire), *_] if not _is_known(version, wire):
            raise BadState(f"it is of another version ({version}, wire {wire})")
        case [str(), int(), int(), int(returning), list(values), bytes(digest)]:
            found = hashlib.blake2b(data[:-TAIL_BYTES], digest_size=DIGEST_BYTES).digest()
            if found != digest:
                raise BadState("it is damaged: its digest is another")
        case _:
            raise BadState("it holds something else")
    rooms = [state.load(value) for value in values]
    if len({room.name for room in rooms}) != len(rooms):
        raise BadState("two rooms have one name")
    return Kept(rooms, max(returning, 0) / 1000)


def _unpack(data: bytes) -> Any:
    try:
        return msgpack.unpackb(data)
    except (ValueError, msgpack.UnpackException) as error:
        raise BadState(f"it is cut off, or holds something else ({type(error).__name__})") from None


def _is_known(version: int, wire: int) -> bool:
    return version == FORMAT and WIRE_VERSION_MIN <= wire <= WIRE_VERSION


def _seen(digest: Any, data: bytes) -> bytes:
    digest.update(data)
    return data


def _create(path: Path) -> BinaryIO:
    """Open a new file for writing that nobody else can read."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _sync_folder(path: Path) -> None:
    """Make sure, where that is possible, that a power cut brings no removed file back."""
    with contextlib.suppress(OSError):
        folder = os.open(path.absolute().parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
