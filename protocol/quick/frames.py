"""Frames by their first two bytes, and how each is read if nothing is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from operator import call
from typing import Final

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
from protocol.quick.generated import Reader, generated
from protocol.quick.values import unpack

FIRST_HEAD, LAST_HEAD = 0x91, 0x9F
"""Heads of arrays of 1 to 15 elements: a frame's first byte."""

Readers = dict[int, dict[int, Reader]]
"""What reads a frame, by its opcode and then by its head: its second byte, and its first."""

FLAT_TYPES: Final = (Binary, Flag, Integer, OrFalse, TargetField, Text, Word)
"""Types whose fields hold no map."""


def readers_of(classes: Iterable[type[Frame]], *, may_be_longer: bool) -> Readers:
    """Return what reads frames. Args: may_be_longer: fields may follow that this side does not
    know."""
    found = {}
    for cls in classes:
        head = FIRST_HEAD + len(record_fields(cls))
        found[int(cls.opcode)] = {head: generated(cls)}
        if may_be_longer:
            longer = range(head + 1, LAST_HEAD + 1)
            found[int(cls.opcode)] |= dict.fromkeys(longer, reader_of_longer(cls))
    return found


def reader_of_longer(cls: type[Frame]) -> Reader:
    """Return what reads a frame with more fields than are known. It is slow: they are rare."""
    loaders = tuple(field_type.load for _, field_type, _ in record_fields(cls))

    def read(data: bytes) -> Frame:
        values = unpack(data)
        del values[0]  # the opcode
        return cls(*map(call, loaders, values))

    return read


def is_flat_type(field_type: FieldType) -> bool:
    inner = field_type.field_type if isinstance(field_type, OrFalse) else field_type
    return isinstance(inner, FLAT_TYPES)
