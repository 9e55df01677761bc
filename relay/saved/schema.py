"""The form in which a room is kept: every field of it, as msgpack writes it.

room_state.py makes it of a room, and a room of it. Each field is checked here by itself. Whether
fields belong together is checked there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import msgpack

from protocol import fast_path, limits
from protocol.codec import FRAMES, Role, decode
from protocol.errors import RemoteProtocolError
from protocol.fields.field_types import (
    Binary,
    Count,
    FieldType,
    Fixed,
    Flag,
    Groups,
    Integer,
    Player,
    PlayerOrNone,
    Several,
    Text,
    Word64,
)
from protocol.fields.mismatch import Mismatch
from protocol.fields.schema import Record, record_fields
from protocol.frames import Frame, PresenceState, RoomOptions
from protocol.opcodes import Opcode
from relay.history.packed_frames import Addressees
from relay.room.entries import MAX_HASH

KEY = Binary(1, 64)
MANY = limits.MAX_INT  # bounded by memory alone
SIGNED = Integer(-limits.MAX_INT, limits.MAX_INT)

Frames = Iterable[tuple[int, Addressees, bytes]]
"""A history: seq, addressees and message of each frame."""


class BadState(Exception):
    """The value is no room that a relay has kept. Says in a sentence what is wrong with it."""


def bad_state(wrong: Mismatch) -> BadState:
    """Say so of a value that is not what it should be."""
    where = ".".join(map(str, wrong.path)) or "the room"
    return BadState(f"{where} should be {wrong.expected}, and is {wrong.got}")


class FramesField(FieldType):
    """The frames of a history. There are many, so that they are not checked one field at a time."""

    expected = "array of [seq, addressees, message with this seq], each seq one more than the last"

    def load(self, value: Any) -> Frames:
        """Return the frames, each to be checked as it is taken: that may raise `BadState`.

        Args: value: a list, or an iterator that makes one frame after another.
        """
        if not isinstance(value, list | Iterator):
            raise self.wrong(value)
        return self._checked(value)

    def _checked(self, value: Iterable[Any]) -> Frames:
        following = None
        for index, each in enumerate(value):
            if not _is_logged(each) or following not in (None, each[0]):
                raise bad_state(self.wrong(each).at(index).at("log"))
            seq, to, message = each
            yield seq, to if type(to) is int else frozenset(to), message
            following = seq + 1

    def dump(self, value: Frames) -> list[list[Any]]:
        return [
            [seq, to if isinstance(to, int) else sorted(to), message] for seq, to, message in value
        ]


@dataclass(frozen=True, slots=True)
class SeatState:
    """What the relay alone knows of a seat."""

    player: Player
    attachment: Count
    key: Annotated[bytes, KEY] | None = None
    is_attached: Annotated[bool, Flag()] = False
    is_acknowledged: Annotated[bool, Flag()] = False
    said: Annotated[int, Integer(PresenceState.HERE, PresenceState.AWAY)] = PresenceState.HERE
    absences: Count = 0
    network: Annotated[bytes, KEY] | None = None
    taken: Count = 0
    groups: Groups = ()
    entered: Count = 0


@dataclass(frozen=True, slots=True)
class CompleteState:
    """A snapshot that late joiners are given."""

    seq: Count
    giver: Player
    at: Count
    parts: Annotated[tuple[bytes, ...], Several(Binary(2, MANY), limits.SNAPSHOT_PARTS)]


@dataclass(frozen=True, slots=True)
class SnapshotsState:
    """What the room has of its game's own state."""

    newest: Annotated[CompleteState, Record(CompleteState)] | None = None
    due: Annotated[tuple[int, int], Fixed(SIGNED, SIGNED)] = (0, 0)
    giver: PlayerOrNone = 0
    at: Count = 0
    parts: Annotated[tuple[bytes, ...], Several(Binary(2, MANY), limits.SNAPSHOT_PARTS)] = ()


@dataclass(frozen=True, slots=True)
class SavedRoom:
    """All that a room is."""

    name: Word64
    epoch: Annotated[bytes, Binary(limits.EPOCH_BYTES, limits.EPOCH_BYTES)]
    options: Annotated[RoomOptions, Record(RoomOptions)]
    password_hash: Annotated[str, Text(0, MAX_HASH)]
    seq: Count
    joins: Count
    seats: Annotated[tuple[SeatState, ...], Several(Record(SeatState), 2 * limits.MAX_CAPACITY)]
    barred: Annotated[tuple[bytes, ...], Several(KEY, MANY)]
    standing: Annotated[tuple[bytes, ...], Several(Binary(2, MANY), MANY)]
    trimmed: Count
    grown: Count
    max_frame: Annotated[int, Integer(256, limits.FRAME_IN_MAX)] = limits.FRAME_IN
    seeks_host: Annotated[bool, Flag()] = False
    shown: Count = 0
    """What spectators may know who are kept behind."""
    snapshots: Annotated[SnapshotsState, Record(SnapshotsState)] = SnapshotsState()
    log: Annotated[Frames, FramesField()] = ()
    """The last field: by far the largest one is read when all others are known."""


ROOM_STATE = Record(SavedRoom)


# Frames of a log.

LONGEST = limits.FRAME_IN_MAX + limits.HEAD_ROOM
"""Bytes that a frame to all may have, whatever its relay took."""

FLAT = {Opcode.PROPERTY, Opcode.PRESENCE, Opcode.HOST, Opcode.LEFT}
"""Of these frames no field is a map, or holds one."""


def _is_logged(frame: Any) -> bool:
    """Say whether this is seq, addressees and message of a frame."""
    if type(frame) is not list or len(frame) != 3:
        return False
    seq, to, message = frame
    if type(seq) is not int or type(message) is not bytes or not 0 < seq <= limits.MAX_INT:
        return False
    if len(message) > LONGEST or not (_is_player(to) if type(to) is int else _are_players(to)):
        return False
    return fast_path.is_deliver(message, seq) or _is_flat(message, seq) or _is_fact(message, seq)


def _is_player(to: Any) -> bool:
    return type(to) is int and 0 <= to <= limits.MAX_PLAYER


def _are_players(to: Any) -> bool:
    return type(to) is list and all(map(_is_player, to))


def _is_flat(message: bytes, seq: int) -> bool:
    """Say whether a message is one of the frames that are right if each of their fields is.

    What is packed again to the same bytes is well-formed: there is no need for a look at each of
    them, which takes several times as long.
    """
    if len(message) < 2 or message[1] not in FLAT:
        return False
    try:
        values = msgpack.unpackb(message)
        if msgpack.packb(values) != message or values[1] != seq:
            return False
        fields = record_fields(FRAMES[Role.RELAY][values[0]])
        for (_, field_type, _), value in zip(fields, values[1:], strict=True):
            field_type.load(value)
    except (ValueError, TypeError, msgpack.UnpackException, Mismatch):
        return False
    return True


def _is_fact(message: bytes, seq: int) -> bool:
    """Say whether a message is a well-formed frame with this seq."""
    return (
        message.startswith(fast_path.uint(seq), 2)
        and getattr(read_frame(message), "seq", None) == seq
    )


def read_frame(message: bytes) -> Frame:
    """Decode a frame that a room has told."""
    try:
        return decode(message, Role.RELAY)
    except RemoteProtocolError as error:
        raise BadState(f"a frame cannot be read: {error}") from None
