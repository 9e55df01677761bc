"""Readers that are written for one class of frames, and do nothing that only another needs.

What a frame declares is known before the first message comes. A loop over its fields would find it
out again for each message, with a call for every field; and a frozen dataclass sets each of its
fields by a call. Both took longer than msgpack and all checks. So a function is written for each
class and executed once, as `dataclasses` does for `__init__`. Its lines follow the fields: a check
for each, with its bounds as numbers. `source` returns the text, to be read.

An object is made of the open twin of its class: that has the same slots, and lets them be set.
Once they are, the object is given its class, and is as frozen as any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import MISSING
from functools import cache, singledispatch
from typing import Any, Final

from protocol.fields.field_types import (
    Binary,
    Either,
    FieldType,
    Fixed,
    Flag,
    Integer,
    Mapped,
    OrFalse,
    Several,
    TargetField,
    Text,
    Word,
)
from protocol.fields.schema import Record, record_fields
from protocol.frames import Frame
from protocol.quick.values import FORBIDDEN_KEY, Doubt, pack_anew, unpack, unpackb

FLAT: Final = 8
"""Elements of a frame, and of an array in it, before it is looked at more closely. Of 1,024 arrays
within one another, as deep as msgpack goes, those that claim so much take less than `values.SPARE`
and their worth."""

MOST_KEYS: Final = 32
"""Keys of a record at most that are all known. msgpack takes no room for what a map claims."""

LITERALS: Final = (bool, int, str, tuple, dict, type(None))
"""Types of defaults that are written out. A dict is a new one for each object."""

Lines = Iterator[str]

Names = dict[str, Any]
"""What a function uses, by the names that it has there."""

Reader = Callable[[bytes], Frame]
"""Decodes a message of one shape. Raises: one of `values.DOUBTS`."""

DOUBT: Final = "    raise Doubt"


def generated(cls: type[Frame]) -> Reader:
    """Return what reads a frame with no more fields than are known."""
    names: Names = {"unpackb": unpackb, "unpack": unpack, "pack_anew": pack_anew, "Doubt": Doubt}
    exec(compile(source(cls, names), f"<reader of {cls.__name__}>", "exec"), names)
    reader: Reader = names["read"]
    return reader


def source(cls: type[Frame], names: Names) -> str:
    """Write the function, and add to `names` what it uses."""
    return "\n".join(["def read(data):", *indented(body(cls, names))])


def body(cls: type[Frame], names: Names) -> Lines:
    types = {name: field_type for name, field_type, _ in record_fields(cls)}
    has_maps = any(isinstance(field_type, Record) for field_type in types.values())
    yield from unpacking(MOST_KEYS if has_maps else 0, any(map(has_arrays, types.values())))
    yield "_, " + "".join(f"{name}, " for name in types) + "= values"
    if has_maps:
        yield "unknown = 0"
    for name, field_type in types.items():
        yield from check(field_type, name, names)
    if has_maps:
        yield from proving_keys()
    yield from making(cls, "made", {name: name for name in types}, names)
    yield "return made"


def unpacking(keys: int, has_arrays: bool) -> Lines:
    """Unpack. If an array has more elements than is usual, everything is looked at."""
    yield "try:"
    yield f"    values = unpackb(data, max_array_len={FLAT}, max_map_len={keys})"
    yield "except ValueError:"
    yield "    values = unpack(data)" if has_arrays else DOUBT


def proving_keys() -> Lines:
    """Doubt keys that are there twice; and look at everything if a value may be anything."""
    yield "if pack_anew(values) != data:"
    yield DOUBT
    yield "if unknown:"
    yield "    unpack(data)"


def has_arrays(field_type: FieldType) -> bool:
    return isinstance(field_type, Several | TargetField | Record)


def making(cls: type[Any], made: str, held: dict[str, str], names: Names) -> Lines:
    """Make an object of what variables hold, by the names of its fields."""
    twin = open_twin(cls)
    names |= {cls.__name__: cls, twin.__name__: twin}
    yield f"{made} = {twin.__name__}()"
    for name, variable in held.items():
        yield f"{made}.{name} = {variable}"
    yield f"{made}.__class__ = {cls.__name__}"


@cache
def open_twin(cls: type[Any]) -> type[Any]:
    """Return a class with the slots of a frozen one. Its objects may be given that class."""
    return type(f"Open{cls.__name__}", cls.__bases__, {"__slots__": cls.__slots__})


@singledispatch
def check(field_type: FieldType, value: str, names: Names) -> Lines:
    """Doubt what a variable holds if it may not be of this type; else make it what a frame holds.

    Of a type that has no function here, the quick way reads nothing.
    """
    raise NotImplementedError(type(field_type).__name__)


@check.register
def _(field_type: Integer, value: str, names: Names) -> Lines:
    low, high = field_type.low, field_type.high
    yield f"if type({value}) is not int or not {low} <= {value} <= {high}:"
    yield DOUBT


@check.register
def _(field_type: Flag, value: str, names: Names) -> Lines:
    yield f"if {value} is not True and {value} is not False:"
    yield DOUBT


@check.register
def _(field_type: Text, value: str, names: Names) -> Lines:
    yield f"if type({value}) is not str:"
    yield DOUBT
    yield f"size = len({value}) if {value}.isascii() else len({value}.encode())"
    yield f"if not {field_type.low} <= size <= {field_type.high}:"
    yield DOUBT


@check.register
def _(field_type: Word, value: str, names: Names) -> Lines:
    yield f"if {value} not in {field_type.words!r}:"
    yield DOUBT


@check.register
def _(field_type: Binary, value: str, names: Names) -> Lines:
    low, high = field_type.low, field_type.high
    yield f"if type({value}) is not bytes or not {low} <= len({value}) <= {high}:"
    yield DOUBT


@check.register
def _(field_type: OrFalse, value: str, names: Names) -> Lines:
    yield f"if {value} is not False:"
    yield from indented(check(field_type.field_type, value, names))


@check.register
def _(field_type: Several, value: str, names: Names) -> Lines:
    each, loaded = f"{value}_each", f"{value}_loaded"
    yield f"if type({value}) is not list or len({value}) > {field_type.high}:"
    yield DOUBT
    yield f"{loaded} = []"
    yield f"for {each} in {value}:"
    yield from indented(check(field_type.field_type, each, names))
    yield f"    {loaded}.append({each})"
    yield f"{value} = tuple({loaded})"


@check.register
def _(field_type: Fixed, value: str, names: Names) -> Lines:
    parts = [f"{value}_{index}" for index, _ in enumerate(field_type.field_types)]
    yield f"if type({value}) is not list or len({value}) != {len(parts)}:"
    yield DOUBT
    yield f"{', '.join(parts)} = {value}"
    for part, inner in zip(parts, field_type.field_types, strict=True):
        yield from check(inner, part, names)
    yield f"{value} = {', '.join(parts)}"


@check.register
def _(field_type: Mapped, value: str, names: Names) -> Lines:
    key, each = f"{value}_key", f"{value}_each"
    yield f"if type({value}) is not dict or len({value}) > {field_type.high}:"
    yield DOUBT
    yield f"if {FORBIDDEN_KEY!r} in {value}:"
    yield DOUBT
    yield f"for {key}, {each} in {value}.items():"
    yield from indented(check(field_type.word, key, names))
    yield from indented(check(field_type.field_type, each, names))


@check.register
def _(field_type: Either, value: str, names: Names) -> Lines:
    flag, record = field_type.field_types
    assert isinstance(flag, Flag)
    yield f"if {value} is not True and {value} is not False:"
    yield from indented(check(record, value, names))


@check.register
def _(field_type: TargetField, value: str, names: Names) -> Lines:
    yield f"if type({value}) is int:"
    yield from indented(check(field_type.one, value, names))
    yield f"elif {value} is not None and {value} is not True and {value} is not False:"
    yield from indented(check(field_type.several, value, names))


@check.register
def _(field_type: Record, value: str, names: Names) -> Lines:
    yield f"if type({value}) is not dict:"
    yield DOUBT
    yield f"unknown += len({value})"
    held = {}
    for name, inner, default in record_fields(field_type.cls):
        held[name] = element = f"{value}_{name}"
        yield f"if {name!r} in {value}:"
        yield f"    {element} = {value}[{name!r}]"
        yield from indented(check(inner, element, names))
        yield "    unknown -= 1"
        yield "else:"
        yield DOUBT if default is MISSING else f"    {element} = {written(default, names)}"
    yield from making(field_type.cls, value, held, names)


def written(default: object, names: Names) -> str:
    """Write a default, or the name of one that all objects may have."""
    if isinstance(default, LITERALS):
        return repr(default)
    name = f"DEFAULT_{type(default).__name__}"
    assert names.setdefault(name, default) == default
    return name


def indented(lines: Lines) -> Lines:
    return (f"    {line}" for line in lines)
