"""Frames by their first two bytes, and how each is read if nothing is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import call
from typing import Any, Final

from protocol.fields.field_types import (
    Binary,
    Either,
    FieldType,
    Flag,
    Integer,
    OrFalse,
    TargetField,
    Text,
    Word,
)
from protocol.fields.schema import Record, record_fields
from protocol.frames import Frame
from protocol.quick.values import FORBIDDEN_BYTES, Doubt, pack_anew, unpack, unpackb

FIRST_HEAD, LAST_HEAD = 0x91, 0x9F
"""Heads of arrays of 1 to 15 elements: a frame's first byte."""

FLAT: Final = 8
"""Elements of a flat frame at most, and players in its target. Of 1,024 arrays within one another,
as deep as msgpack goes, those that claim so much take less than `values.SPARE` and their worth."""

MOST_KEYS: Final = 32
"""Keys of a record at most that are all known. msgpack takes no room for what a map claims."""

FLAT_TYPES: Final = (Binary, Flag, Integer, OrFalse, TargetField, Text, Word)
"""Types whose fields hold nothing that they do not look at, and of no ext."""

Load = Callable[[Any], Any]
Loaders = tuple[Load, ...]
Make = Callable[..., Frame]

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
        found[bytes([head, cls.opcode])] = reader_of(cls, types, loaders)
    return found


def reader_of(cls: type[Frame], types: list[FieldType], loaders: Loaders) -> Reader:
    """Return what reads a frame with no more fields than are known."""
    if len(types) < FLAT and all(map(is_flat_type, types)):
        return flat_reader(cls, loaders)
    if any(isinstance(field_type, Record) for field_type in types):
        return known_reader(cls, tuple(map(known_loader, types)), reader(cls, loaders))
    return reader(cls, loaders)


def reader(cls: type[Frame], loaders: Loaders) -> Reader:
    def read(data: bytes) -> Frame:
        values = unpack(data)
        del values[0]  # the opcode
        return cls(*map(call, loaders, values))

    return read


def flat_reader(cls: type[Frame], loaders: Loaders) -> Reader:
    """Return a reader of frames that are right if each of their fields is: no map is within, and
    nothing that is not looked at."""

    if make := FLAT_BY_ARITY.get(len(loaders)):
        return make(cls, *loaders)

    def read(data: bytes) -> Frame:
        values = unpackb(data, max_array_len=FLAT, max_map_len=0)
        del values[0]  # the opcode
        return cls(*map(call, loaders, values))

    return read


def flat_of_two(cls: Make, load_first: Load, load_second: Load) -> Reader:
    def read(data: bytes) -> Frame:
        _, first, second = unpackb(data, max_array_len=FLAT, max_map_len=0)
        return cls(load_first(first), load_second(second))

    return read


def flat_of_three(cls: Make, load_first: Load, load_second: Load, load_third: Load) -> Reader:
    def read(data: bytes) -> Frame:
        _, first, second, third = unpackb(data, max_array_len=FLAT, max_map_len=0)
        return cls(load_first(first), load_second(second), load_third(third))

    return read


FLAT_BY_ARITY: Final[dict[int, Callable[..., Reader]]] = {2: flat_of_two, 3: flat_of_three}
"""Those that take nearly all of a game: a loop over two or three fields costs a third of a read."""


def known_reader(cls: type[Frame], loaders: Loaders, otherwise: Reader) -> Reader:
    """Return a reader of frames with records: if all of their keys are known, each value in them is
    looked at, and the same bytes when they are packed anew show that no key is there twice."""

    def read(data: bytes) -> Frame:
        try:
            values = unpackb(data, max_array_len=FLAT, max_map_len=MOST_KEYS)
        except ValueError:  # it may have longer lists
            return otherwise(data)
        if pack_anew(values) != data or FORBIDDEN_BYTES in data:
            raise Doubt
        del values[0]  # the opcode
        try:
            return cls(*map(call, loaders, values))
        except KeyError:
            return otherwise(data)

    return read


def known_loader(field_type: FieldType) -> Callable[[Any], Any]:
    """Return what loads a field. A key of a record that is not known is a KeyError."""
    if isinstance(field_type, Record):
        return record_loader(field_type.cls)
    if isinstance(field_type, Either):
        flag, record = map(known_loader, field_type.field_types)
        return lambda value: record(value) if type(value) is dict else flag(value)
    return field_type.load


def record_loader(cls: type[Any]) -> Callable[[Any], Any]:
    loaders = {name: known_loader(field_type) for name, field_type, _ in record_fields(cls)}

    def load(value: Any) -> Any:
        if type(value) is not dict:
            raise Doubt
        return cls(**{name: loaders[name](element) for name, element in value.items()})

    return load


def is_flat_type(field_type: FieldType) -> bool:
    inner = field_type.field_type if isinstance(field_type, OrFalse) else field_type
    return isinstance(inner, FLAT_TYPES)
