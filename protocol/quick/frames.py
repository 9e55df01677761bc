"""Frames by their first two bytes, and how each is read if nothing is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import call
from typing import Any, Final

from protocol.fields.field_types import (
    Binary,
    FieldType,
    Flag,
    Integer,
    OrFalse,
    TargetField,
    Text,
    Word,
)
from protocol.fields.schema import record_fields
from protocol.frames import Frame
from protocol.quick.values import unpack, unpackb

FIRST_HEAD, LAST_HEAD = 0x91, 0x9F
"""Heads of arrays of 1 to 15 elements: a frame's first byte."""

FLAT: Final = 8
"""Elements of a flat frame at most, and players in its target. Of 1,024 arrays within one another,
as deep as msgpack goes, those that claim so much take less than `values.SPARE` and their worth."""

FLAT_TYPES: Final = (Binary, Flag, Integer, OrFalse, TargetField, Text, Word)
"""Types whose fields hold nothing that they do not look at, and of no ext."""

Reader = Callable[[bytes], Frame]
"""Decodes a message of one shape. Raises: one of `values.DOUBTS`."""


def readers(classes: Iterable[type[Frame]], *, may_be_longer: bool) -> dict[bytes, Reader]:
    """Return what reads frames, by their first two bytes.

    Args: may_be_longer: fields may follow that this side does not know.
    """
    found = {}
    for cls in classes:
        types = [field_type for _, field_type, _ in record_fields(cls)]
        loaders = tuple(field_type.load for field_type in types)
        head = FIRST_HEAD + len(types)
        if may_be_longer:
            for first in range(head, LAST_HEAD + 1):
                found[bytes([first, cls.opcode])] = reader(cls, loaders)
        is_flat = len(types) < FLAT and all(map(is_flat_type, types))
        made = flat_reader if is_flat else reader
        found[bytes([head, cls.opcode])] = made(cls, loaders)
    return found


def reader(cls: type[Frame], loaders: tuple[Callable[[Any], Any], ...]) -> Reader:
    def read(data: bytes) -> Frame:
        values = unpack(data)
        del values[0]  # the opcode
        return cls(*map(call, loaders, values))

    return read


def flat_reader(cls: type[Frame], loaders: tuple[Callable[[Any], Any], ...]) -> Reader:
    """Return a reader of frames that are right if each of their fields is: no map is within, and
    nothing that is not looked at."""

    def read(data: bytes) -> Frame:
        values = unpackb(data, max_array_len=FLAT, max_map_len=0)
        del values[0]  # the opcode
        return cls(*map(call, loaders, values))

    return read


def is_flat_type(field_type: FieldType) -> bool:
    inner = field_type.field_type if isinstance(field_type, OrFalse) else field_type
    return isinstance(inner, FLAT_TYPES)
