"""Frames in a short form: {"frame": "KICK", "player": 3, "reason": "afk"}.

A payload is any JSON value, and is packed. Bytes are {"$hex": "CAFE"}; a payload that is so is not
packed.
"""

from __future__ import annotations

from dataclasses import MISSING
from typing import Any, Final

from protocol import codec, limits
from protocol.errors import LocalProtocolError
from protocol.fields.field_types import Binary, Either, FieldType, OrFalse, Several
from protocol.fields.schema import Record, record_fields
from protocol.frames import CLIENT_FRAMES, RELAY_FRAMES, Frame

HEX: Final = "$hex"
BESIDE: Final = {"frame", "from"}
SIDES: Final = {"client": CLIENT_FRAMES, "relay": RELAY_FRAMES}


class NotEncodable(ValueError):
    """The input is no message, or the wire cannot carry it. The text says why, in one sentence."""


def encode_short(told: dict[str, Any]) -> bytes:
    """Return the bytes of a frame that is given in short form.

    Raises:
        NotEncodable: there is no such frame, or a field does not fit.
    """
    cls = class_of(told)
    given = {name: held for name, held in told.items() if name not in BESIDE}
    try:
        return codec.encode(made(cls, given))
    except LocalProtocolError as error:
        raise NotEncodable(str(error)) from error


def class_of(told: dict[str, Any]) -> type[Frame]:
    """Return the class of the named frame. If both sides have one, the fields say whose it is."""
    name, side = told.get("frame"), told.get("from")
    if side is not None and side not in SIDES:
        raise NotEncodable('"from" is client or relay')
    several = SIDES[side] if side else CLIENT_FRAMES + RELAY_FRAMES
    choices = [cls for cls in several if cls.opcode.name == name]
    if not choices:
        raise NotEncodable(f'no frame{f" of the {side}" if side else ""} is called "{name}"')
    given = told.keys() - BESIDE
    return max(choices, key=lambda cls: -len(given ^ {field.name for field in record_fields(cls)}))


def made(cls: type[Any], given: dict[str, Any]) -> Any:
    """Make a frame or record of its fields in JSON."""
    called = cls.opcode.name if issubclass(cls, Frame) else cls.__name__
    known = {name: field_type for name, field_type, _ in record_fields(cls)}
    if unknown := sorted(given.keys() - known.keys()):
        raise NotEncodable(f"{called} has no {', '.join(unknown)}; it has {', '.join(known)}")
    needed = [name for name, _, default in record_fields(cls) if default is MISSING]
    if missing := [name for name in needed if name not in given]:
        raise NotEncodable(f"{called} needs {', '.join(missing)}")
    return cls(**{name: value(known[name], held) for name, held in given.items()})


def value(wanted: FieldType, held: Any) -> Any:
    """Return the value of a field for its value in JSON."""
    match wanted:
        case OrFalse():
            return False if held is False else value(wanted.field_type, held)
        case Either():
            return value(wanted.field_types[-1], held) if isinstance(held, dict) else held
        case Record() if isinstance(held, dict):
            return made(wanted.cls, held)
        case Several() if isinstance(held, list):
            return tuple(value(wanted.field_type, each) for each in held)
        case Binary():
            return binary(wanted, held)
        case _:
            return raw(held)


def binary(wanted: Binary, held: Any) -> Any:
    """Return the bytes of a field: a payload's are packed, unless they are given in hex."""
    plain = raw(held)
    if isinstance(plain, bytes) or wanted.high != limits.FRAME_IN_MAX:
        return plain
    return codec.pack(plain)


def raw(held: Any) -> Any:
    """Return a JSON value with {"$hex": ...} as bytes, all the way down."""
    match held:
        case {"$hex": str(digits)} if len(held) == 1:
            return from_hex(digits)
        case dict():
            return {key: raw(each) for key, each in held.items()}
        case list():
            return [raw(each) for each in held]
        case _:
            return held


def from_hex(digits: str) -> bytes:
    try:
        return bytes.fromhex(digits)
    except ValueError:
        raise NotEncodable(f'"{HEX}" holds no hex: {digits[:40]}') from None
