"""Values and frames as tagged JSON, in which every value of the wire has one form of its own.

JSON alone has no bin, no NaN, and no difference between 1 and 1.0. Here nil and bools stand for
themselves, arrays too, and all else is an object of one key: {"i": "12"} is an int, {"s": "x"} a
str, {"b": "00ff"} a bin, {"f": "3ff0000000000000"} a float by the hex of its double, and
{"m": [["key", value], ...]} a map in the order of the wire.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any

from protocol.fields.schema import record_fields
from protocol.frames import Frame
from protocol.limits import MAX_INT

NAN = "7ff8000000000000"
"""Every NaN: no two languages keep its other bits."""

Tagged = Any
"""JSON, as the module json has it."""


def tag(value: object) -> Tagged:
    """Return the tagged form of a payload's value, or of a field of a frame."""
    match value:
        case None | bool():
            return value
        case int():
            return {"i": str(int(value))}
        case float():
            return {"f": double(value)}
        case str():
            return {"s": value}
        case bytes():
            return {"b": value.hex()}
        case list() | tuple():
            return [tag(element) for element in value]
        case Mapping():
            return {"m": [[tag_key(key), tag(element)] for key, element in value.items()]}
        case _ if is_dataclass(value):
            return {"m": list(told(value))}
        case _:
            raise TypeError(f"the wire has no {type(value).__name__}")


def tag_key(key: object) -> Tagged:
    """Return the tagged form of a map's key. The wire has none but str; a broken codec may."""
    return key if isinstance(key, str) else tag(key)


def told(record: object) -> list[list[Tagged]]:
    """Return the keys of a record that are not at their default, with their values."""
    held = (
        (name, getattr(record, name), default) for name, _, default in record_fields(type(record))
    )
    return [[name, tag(value)] for name, value, default in held if value != default]


def tag_frame(frame: Frame) -> Tagged:
    """Return the tagged form of a frame: its opcode's name, and its fields by name."""
    names = (field.name for field in record_fields(type(frame)))
    fields = {name: tag(getattr(frame, name)) for name in names}
    return {"frame": frame.opcode.name, "fields": fields}


def double(value: float) -> str:
    return NAN if math.isnan(value) else struct.pack(">d", value).hex()


def settle(tagged: Tagged, lossy: bool, unordered: bool) -> Tagged:
    """Return what two implementations must agree about.

    Args:
        lossy: whether whole floats are ints to one of them, as they are to JavaScript
        unordered: whether one of them cannot keep the order of a map's entries
    """
    match tagged:
        case {"f": str(bits)}:
            return settled_float(bits, lossy)
        case {"b": str(digits)}:
            return {"b": digits.lower()}
        case {"m": list(entries)}:
            settled = [[key, settle(value, lossy, unordered)] for key, value in entries]
            return {"m": sorted(settled, key=repr) if unordered else settled}
        case list():
            return [settle(element, lossy, unordered) for element in tagged]
        case {"fields": dict(fields)}:
            named = {name: settle(value, lossy, unordered) for name, value in fields.items()}
            return {**tagged, "fields": named}
        case _:
            return tagged


def settled_float(bits: str, lossy: bool) -> Tagged:
    (value,) = struct.unpack(">d", bytes.fromhex(bits))
    if lossy and math.isfinite(value) and value.is_integer() and abs(value) <= MAX_INT:
        return {"i": str(int(value))}
    return {"f": bits.lower()}
