"""How values look when a program prints them: in words, on one line, and never long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields
from enum import IntEnum
from reprlib import Repr
from types import MappingProxyType
from typing import Any

from protocol.codec import unpack
from protocol.errors import RemoteProtocolError

NAMES = "names"
LONGEST = 200
"""Letters of one value."""

SHORT = Repr()
SHORT.maxlevel = 4
SHORT.maxdict = SHORT.maxlist = SHORT.maxtuple = 8
SHORT.maxstring = SHORT.maxother = 80
SENTENCE = 300
"""Letters of a sentence. What is above is cut at its end: addresses stay whole."""


def named_by(names: type[IntEnum]) -> Mapping[str, type[IntEnum]]:
    """Return a field's metadata that names its numbers. A newer relay may send unnamed ones."""
    return MappingProxyType({NAMES: names})


class Shown:
    """A dataclass whose repr leaves defaults out, names codes, and unpacks payloads."""

    __slots__ = ()

    def __repr__(self) -> str:
        return in_words(self)


def in_words(record: Any) -> str:
    """Return the repr of a dataclass: `Message(seq=7, sender=2, value='hello')`."""
    return f"{type(record).__name__}({', '.join(_fields(record))})"


def payload_in_words(payload: bytes | None) -> str:
    """Return the repr of the unpacked value, or of the bytes if they are no msgpack."""
    try:
        return "None" if payload is None else short(unpack(payload))
    except RemoteProtocolError:
        return f"bytes {short(payload)}"


def short(value: Any) -> str:
    """Return the repr of a value, cut short if it is long."""
    text = SHORT.repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _fields(record: Any) -> Iterator[str]:
    for field in fields(record):
        value = getattr(record, field.name)
        if not field.repr or _is_default(field, value):
            continue
        if field.name == "payload":
            yield f"value={payload_in_words(value)}"
        else:
            yield f"{field.name}={_in_words(value, field.metadata.get(NAMES))}"


def _is_default(field: Field[Any], value: Any) -> bool:
    return field.default is not MISSING and bool(field.default == value)


def _in_words(value: Any, names: type[IntEnum] | None) -> str:
    if names is not None:
        return _name(value, names)
    if isinstance(value, tuple):
        more = [f"and {len(value) - 8} more"] if len(value) > 8 else []
        return f"({', '.join([*(_in_words(each, None) for each in value[:8]), *more])})"
    if isinstance(value, str):
        return repr(value if len(value) <= SENTENCE else f"{value[:SENTENCE]}...")
    if hasattr(value, "__dataclass_fields__"):
        return in_words(value)
    return short(value)


def _name(number: int, names: type[IntEnum]) -> str:
    try:
        return f"{names.__name__}.{names(number).name}"
    except ValueError:
        return str(number)
