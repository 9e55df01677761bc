"""Readers that are written for one class of frames, and do nothing that only another needs.

What a frame declares is known before the first message comes. A loop over its fields would find it
out again for each message, with a call for every field; and a frozen dataclass sets each of its
fields by a call. Both took longer than msgpack and all checks. So a function is written for each
class and executed once, as `dataclasses` does for `__init__`. Its lines follow the fields: a check
for each, with its bounds as numbers. `source` returns the text, to be read.

An object is made of an open twin of its class: that has the same slots, and lets them be set.
Once they are, the object is given its class, and is as frozen as any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import MISSING
from functools import singledispatch
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
from protocol.fields.schema import FieldOf, Record, record_fields
from protocol.frames import Frame
from protocol.quick.claims import TINY
from protocol.quick.values import FORBIDDEN_KEY, Doubt, pack_anew, unpack, unpackb

FLAT: Final = 8
"""Elements of a frame, and of an array in it, before it is looked at more closely. Of 1,024 arrays
within one another, as deep as msgpack goes, those that claim so much take less than `claims.SPARE`
and their worth."""

MOST_KEYS: Final = 32
"""Most keys of a record. This may be many: msgpack takes no memory for what a map claims."""

USUAL: Final = (
    "seat", "name", "create", "title", "capacity", "history", "time", "options", "complete_from",
    "retry",
)  # fmt: skip
"""Optional keys that messages have most often. They are looked for first."""

LITERALS: Final = (bool, int, str, tuple, dict, type(None))
"""Types of defaults that are written out. A dict is a new one for each object."""

Lines = Iterator[str]

Names = dict[str, Any]
"""What a function uses, by the names that it has there."""

Reader = Callable[[bytes], Frame]
"""Decodes a message of one shape. Raises: one of `values.DOUBTS`."""

DOUBT: Final = "    raise Doubt"

INTS: Final = {0xCC: 2, 0xCD: 3, 0xCE: 5, 0xCF: 9, 0xD0: 2, 0xD1: 3, 0xD2: 5, 0xD3: 9}
STRS: Final = {**{0xA0 + size: 1 + size for size in range(32)}, 0xD9: 0, 0xDA: 0, 0xDB: 0}
SIZES: Final = tuple((INTS | STRS).get(head, 1) for head in range(256))
"""Bytes that an int or a str takes, by the first of them. Of a longer str, that does not tell."""


USED: Final[Names] = {
    "Doubt": Doubt,
    "SIZES": SIZES,
    "pack_anew": pack_anew,
    "unpack": unpack,
    "unpackb": unpackb,
}


def generated(cls: type[Frame]) -> Reader:
    """Return what reads a frame with no more fields than are known."""
    names = dict(USED)
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
        yield "is_vague = False"
    for name, field_type in types.items():
        yield from check(field_type, name, names)
    if has_maps:
        yield from proving_keys(types)
    yield from making(cls, "made", names)
    yield from (f"made.{name} = {name}" for name in types)
    yield from closing(cls, "made")
    yield "return made"


def unpacking(keys: int, has_arrays: bool) -> Lines:
    """Unpack. If an array has more elements than is usual, everything is looked at."""
    yield from ["is_proven = False"] if keys else []
    yield f"if len(data) <= {TINY}:"
    yield "    values = unpackb(data)"
    yield "else:"
    yield "    try:"
    yield f"        values = unpackb(data, max_array_len={FLAT}, max_map_len={keys})"
    yield "    except ValueError:"
    yield "        values = unpack(data)" if has_arrays else f"    {DOUBT}"
    yield from ["        is_proven = True"] if keys else []


def proving_keys(types: dict[str, FieldType]) -> Lines:
    """Doubt keys that are there twice, in the last field's map or in vague ones within; and look at
    everything if a value may be anything."""
    *before, last = types
    if all(isinstance(types[name], Integer | Text) for name in before):
        # It costs less to find the map's head than to pack anew. Behind a longer str it is missed.
        yield "at = 2 + SIZES[data[2]]"
        yield from ["at += SIZES[data[at]]"] * (len(before) - 1)
        yield f"if (is_vague or data[at] != 0x80 + {last}_size) and pack_anew(values) != data:"
    else:
        yield "if pack_anew(values) != data:"
    yield DOUBT
    yield "if unknown and not is_proven:"
    yield "    values = None  # two of them would take more than the message is worth"
    yield "    unpack(data)"


def has_arrays(field_type: FieldType) -> bool:
    return isinstance(field_type, Several | TargetField | Record)


def making(cls: type[Any], made: str, names: Names) -> Lines:
    """Make an object that can be filled."""
    twin = open_twin(cls)
    names |= {cls.__name__: cls, twin.__name__: twin}
    yield f"{made} = {twin.__name__}()"


def closing(cls: type[Any], made: str) -> Lines:
    """Make an object that is filled one of its class."""
    yield f"{made}.__class__ = {cls.__name__}"


def open_twin(cls: type[Any]) -> type[Any]:
    """Return a class with the slots of a frozen one. Its objects may be given that class."""
    # If it did not have both of the last two, CPython would set slots by a call.
    names = ("__init__", "__setattr__", "__delattr__")
    twin = {name: getattr(object, name) for name in names}
    return type(f"Open{cls.__name__}", (cls,), {"__slots__": ()} | twin)


@singledispatch
def check(field_type: FieldType, value: str, names: Names) -> Lines:
    """Doubt what a variable holds if it may not be of this type; else make it what a frame holds.

    A frame with a type that has no function here is not read the quick way.
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
    low, high = field_type.low, field_type.high
    short = f" or len({value}) < {low}" if low else ""
    # A character has four bytes at most: few characters need not be encoded to be measured.
    yield f"if type({value}) is not str{short} or (len({value}) > {high // 4}"
    yield f"        and len({value}.encode()) > {high}):"
    yield DOUBT


@check.register
def _(field_type: Word, value: str, names: Names) -> Lines:
    yield f"if {value} not in {field_type.words!r}:"
    yield DOUBT


@check.register
def _(field_type: Binary, value: str, names: Names) -> Lines:
    low, high = field_type.low, field_type.high
    bounds = f"len({value}) == {low}" if low == high else f"{low} <= len({value}) <= {high}"
    yield f"if type({value}) is not bytes or not {bounds}:"
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
    """Fill in all defaults, then look for keys until all that are there were found."""
    required = [field for field in record_fields(field_type.cls) if field.default is MISSING]
    optional = [field for field in record_fields(field_type.cls) if field.default is not MISSING]
    optional.sort(key=lambda field: field.name not in USUAL)
    made, size, left = f"{value}_made", f"{value}_size", f"{value}_left"
    yield f"if type({value}) is not dict:"
    yield DOUBT
    yield f"{size} = len({value})"
    yield from making(field_type.cls, made, names)
    for field in required:
        yield from taking(field, value, names)
    for name, _, default in optional:
        yield f"{made}.{name} = {written(default, names)}"
    yield f"{left} = {size} - {len(required)}"
    yield f"while {left}:"
    for field in optional:
        yield f"    if {field.name!r} in {value}:"
        yield from indented(indented(taking(field, value, names)))
        yield f"        {left} -= 1"
        yield f"        if not {left}:"
        yield "            break"
    yield f"    unknown += {left}"
    yield "    break"
    yield from closing(field_type.cls, made)
    yield f"{value} = {made}"


def taking(field: FieldOf, value: str, names: Names) -> Lines:
    """Check the value of a record's key. Doubt a map that does not have it."""
    element = f"{value}_in"
    yield f"{element} = {value}[{field.name!r}]"
    if isinstance(field.field_type, Record | Either | Mapped):
        yield from counting(field.name, element)
    yield from check(field.field_type, element, names)
    yield f"{value}_made.{field.name} = {element}"


def counting(key: str, value: str) -> Lines:
    """Look for the head of an inner map: it stands behind its key. If that is nowhere else in the
    message, and the head is short and claims as many entries as the map has, each key is there
    once. Otherwise the message is vague about that."""
    written = key.encode()
    yield f"if type({value}) is dict:"
    yield f"    parts = data.split({written!r}, 2)"
    yield f"    if len(parts) > 2 or not parts[1][0] == 0x80 + len({value}) < 0x90:"
    yield "        is_vague = True"


def written(default: object, names: Names) -> str:
    """Write a default, or the name of one that all objects may have."""
    if isinstance(default, LITERALS):
        return repr(default)
    name = f"DEFAULT_{type(default).__name__}"
    assert names.setdefault(name, default) == default
    return name


def indented(lines: Lines) -> Lines:
    return (f"    {line}" for line in lines)
