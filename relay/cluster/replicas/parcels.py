"""Entries as the bytes of a log, and back.

What a node proposes for a room within one turn of its loop travels as one `Parcel`:

    [format, epoch, incarnation, number, [entry, ...]] and a CRC-32

An entry is `[kind, field, ...]`. The first entry of a room is `[format, create]`, and replicas tell
each other `[format, signal, seq]`. Nobody trusts these bytes: all replicas skip what cannot be
read.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any, Final, NamedTuple

import msgpack

from protocol import fast_path, limits
from protocol.codec import Role, decode, encode
from protocol.error_codes import ErrorCode
from protocol.errors import ProtocolError
from protocol.fields.field_types import Binary, FieldType, Fixed, Flag, Integer, TargetField, Text
from protocol.fields.mismatch import Mismatch
from protocol.fields.schema import Record
from protocol.frames import ErrorDetail, Frame, Kick, PlayerInfo, Set, Transfer
from relay.room.entries import (
    MAX_INCARNATION,
    Acknowledge,
    Ask,
    Create,
    Detach,
    Dissolve,
    Entry,
    Evict,
    Expire,
    Join,
    Lag,
    NodeGone,
    Operate,
    Refuse,
    Relieve,
    Retire,
    Say,
    Succeed,
    Wake,
)
from relay.room.requests import HANDLERS

FORMAT: Final = 1
CHECK_BYTES: Final = 4
ENVELOPE: Final = 1024
"""Bytes that an entry takes in a log at most, beyond the frame that it carries."""
NOBODY: Final = 0
"""The incarnation of entries that any node may propose: timers, and that a node is gone."""


class Unreadable(Exception):
    """These bytes are no entries that this version knows."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """Entries of one node for one room, applied together."""

    epoch: bytes
    """The epoch of their room: a later room of the same name does not take them."""
    incarnation: int
    number: int
    """1, 2, 3, ... for each room and incarnation; 0 for `NOBODY`."""
    entries: tuple[Entry, ...]


class What(IntEnum):
    """What one replica tells all others, in the order of the log."""

    SNAPSHOT_WANTED = 1
    """Some node cannot load the room: a node that has it writes a snapshot."""
    RESET = 2
    """No node has the room: it has ended, and may begin anew."""


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal from one replica to the others."""

    what: What
    seq: int
    """The newest entry that the sender knew."""


class FrameField(FieldType):
    """A client's frame that a room takes, as on the wire."""

    expected = "frame"

    def load(self, value: Any) -> Frame:
        frame = decode(value, Role.CLIENT)
        if type(frame) not in HANDLERS:
            raise self.wrong(value)
        return frame

    def dump(self, value: Any) -> bytes:
        return encode(value)


class ActField(FrameField):
    """A frame by which the operator acts."""

    def load(self, value: Any) -> Frame:
        frame = super().load(value)
        if not isinstance(frame, Kick | Transfer | Set):
            raise self.wrong(value)
        return frame


class CodeField(FieldType):
    """A code of an error."""

    expected = "error code"

    def load(self, value: Any) -> ErrorCode:
        return ErrorCode(value)


class SecondsField(FieldType):
    """A time, as a float."""

    expected = "seconds"

    def load(self, value: Any) -> float:
        if type(value) is not float or not 0 <= value <= limits.MAX_INT:
            raise self.wrong(value)
        return value


class Maybe(FieldType):
    """Something, or nil."""

    def __init__(self, field_type: FieldType) -> None:
        self._field_type = field_type
        self.expected = f"nil or {field_type.expected}"

    def load(self, value: Any) -> Any:
        return None if value is None else self._field_type.load(value)

    def dump(self, value: Any) -> Any:
        return None if value is None else self._field_type.dump(value)


COUNT: Final = Integer(0, limits.MAX_INT)
HASH: Final = Maybe(Binary(1, 64))
POSITION: Final = Maybe(Fixed(Binary(limits.EPOCH_BYTES, limits.EPOCH_BYTES), COUNT))


class Kind(NamedTuple):
    """How entries of a class are written: the fields of the class, in order."""

    cls: type[Any]
    field_types: tuple[FieldType, ...]


SEND: Final = 0
KINDS: Final[dict[int, Kind]] = {
    1: Kind(Join, (COUNT, HASH, Record(PlayerInfo), POSITION, HASH, COUNT)),
    2: Kind(Ask, (COUNT, FrameField())),
    3: Kind(Refuse, (COUNT, CodeField(), Text(0, 1024), Record(ErrorDetail))),
    4: Kind(Acknowledge, (COUNT,)),
    5: Kind(Lag, (COUNT, Flag())),
    6: Kind(Detach, (COUNT,)),
    7: Kind(Evict, (COUNT,)),
    8: Kind(Expire, (COUNT,)),
    9: Kind(Succeed, (COUNT, COUNT)),
    10: Kind(Relieve, (COUNT, COUNT)),
    11: Kind(Retire, (COUNT,)),
    12: Kind(Wake, (SecondsField(),)),
    13: Kind(NodeGone, (Integer(0, MAX_INCARNATION),)),
    14: Kind(Operate, (COUNT, ActField())),
    15: Kind(Say, (COUNT, Text(0, 1024))),
    16: Kind(Dissolve, (COUNT,)),
}
"""A number is never given to another class; a new field makes a new number."""

NUMBERS: Final = {kind.cls: number for number, kind in KINDS.items()}
TARGET: Final = TargetField()
CREATE: Final = Record(Create)


def pack_entry(entry: Entry) -> bytes:
    """Return an entry as a part of a parcel."""
    if isinstance(entry, tuple):
        return _packb((SEND, *entry))
    number = NUMBERS[type(entry)]
    values = [getattr(entry, field.name) for field in fields(entry)]
    dumped = [
        field_type.dump(value)
        for field_type, value in zip(KINDS[number].field_types, values, strict=True)
    ]
    return _packb([number, *dumped])


def pack_parcel(epoch: bytes, incarnation: int, number: int, entries: Sequence[bytes]) -> bytes:
    """Return entries, packed each, as one parcel."""
    packer = msgpack.Packer()
    head = [
        packer.pack_array_header(5),
        *map(packer.pack, (FORMAT, epoch, incarnation, number)),
        packer.pack_array_header(len(entries)),
    ]
    return _sealed(b"".join((*head, *entries)))


def pack_create(create: Create) -> bytes:
    """Return the first entry of a room."""
    return _sealed(_packb([FORMAT, CREATE.dump(create)]))


def pack_signal(signal: Signal) -> bytes:
    """Return a signal as a log stores it."""
    return _sealed(_packb([FORMAT, signal.what, signal.seq]))


def read(data: bytes) -> Parcel | Create | Signal:
    """Read what a log has.

    Raises:
        Unreadable: nobody here can have written that.
    """
    try:
        value = _opened(data)
        if len(value) == 2:
            create: Create = CREATE.load(value[1])
            return create
        if len(value) == 3:
            return Signal(What(value[1]), COUNT.load(value[2]))
        _, epoch, incarnation, number, entries = value
        Integer(0, MAX_INCARNATION).load(incarnation)
        COUNT.load(number)
        if type(epoch) is not bytes or len(epoch) != limits.EPOCH_BYTES:
            raise Unreadable("its epoch is none")
        return Parcel(epoch, incarnation, number, tuple(map(_entry, entries)))
    except (ValueError, TypeError, LookupError, msgpack.UnpackException) as error:
        raise Unreadable(f"it is no entry ({type(error).__name__})") from None
    except (Mismatch, ProtocolError) as error:
        raise Unreadable(f"an entry is not what it should be: {error}") from None


def _entry(value: Any) -> Entry:
    number, *values = value
    if number == SEND:
        attachment, target, tail = values
        if type(tail) is not bytes or not fast_path.is_tail(tail, 0):
            raise Unreadable("a payload is none")
        return COUNT.load(attachment), TARGET.load(target), tail
    cls, field_types = KINDS[number]
    entry: Entry = cls(
        *(field_type.load(each) for field_type, each in zip(field_types, values, strict=True))
    )
    return entry


def _sealed(data: bytes) -> bytes:
    return data + zlib.crc32(data).to_bytes(CHECK_BYTES, "big")


def _opened(data: bytes) -> list[Any]:
    body, check = data[:-CHECK_BYTES], data[-CHECK_BYTES:]
    if zlib.crc32(body).to_bytes(CHECK_BYTES, "big") != check:
        raise Unreadable("it is damaged")
    value = msgpack.unpackb(body)
    if type(value) is not list or not value or value[0] != FORMAT:
        raise Unreadable("it is of another version")
    return value


def _packb(value: Any) -> bytes:
    packed: bytes = msgpack.packb(value)
    return packed
