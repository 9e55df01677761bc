"""SPEC 3.3, step by step: what a right codec says of any bytes.

It is written for reading, not for speed, from SPEC alone and from what frames.py declares; it
shares no code with the codec. Most damages know their answer without it. It answers where they
cannot, and a test holds both to each other.
"""

from __future__ import annotations

import re
from dataclasses import MISSING
from functools import singledispatch
from typing import Final, NamedTuple

from clients.fuzz.inputs.case import Reader, Verdict
from clients.fuzz.inputs.writing.frames import FRAMES, foreign_opcodes
from protocol import limits
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

ACCEPTED: Final = Verdict(None, None)

WELL_FORMED: Final = re.compile(
    rb"(?:[\x00-\x7f]+|[\xc2-\xdf][\x80-\xbf]"
    rb"|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2})*"
)
"""As much UTF-8 as there is (RFC 3629, section 4)."""


class Head(NamedTuple):
    kind: str
    width: int
    """Bytes of length, or of a number, that follow it."""
    length: int = 0
    """The length, or the number, in the head itself."""
    signed: bool = False


HEADS: Final[tuple[Head, ...]] = (
    *(Head("int", 0, number) for number in range(128)),
    *(Head("map", 0, length) for length in range(16)),
    *(Head("array", 0, length) for length in range(16)),
    *(Head("str", 0, length) for length in range(32)),
    *(Head("nil", 0), Head("forbidden", 0), Head("false", 0), Head("true", 0)),
    *(Head("bin", 1), Head("bin", 2), Head("bin", 4)),
    *(Head("forbidden", 1), Head("forbidden", 2), Head("forbidden", 4)),
    *(Head("float", 4), Head("float", 8)),
    *(Head("int", 1), Head("int", 2), Head("int", 4), Head("int", 8)),
    *(Head("int", width, signed=True) for width in (1, 2, 4, 8)),
    *(Head("forbidden", 1) for _ in range(5)),
    *(Head("str", 1), Head("str", 2), Head("str", 4)),
    *(Head("array", 2), Head("array", 4), Head("map", 2), Head("map", 4)),
    *(Head("int", 0, number) for number in range(-32, 0)),
)
"""What each of the 256 bytes means as a head."""


STRINGS: Final = frozenset(("str", "bin"))
CONTAINERS: Final = frozenset(("array", "map"))


class Value(NamedTuple):
    """A value of a message whose structure is right."""

    kind: str
    start: int
    number: int = 0
    """Of an int."""
    body: bytes = b""
    """Of a str or bin."""
    elements: tuple[Value, ...] = ()
    """Of an array; keys and values of a map in turn."""


class Refusal(Exception):
    """The first rule that the bytes break."""

    def __init__(self, rule: str, code: str, offset: int) -> None:
        super().__init__(rule)
        self.rule = rule
        self.code = code
        self.offset = offset


def judge(data: bytes, reader: Reader) -> tuple[str, Verdict]:
    """Return the rule that is broken first ("" for none), and the verdict."""
    try:
        if reader is Reader.PAYLOAD:
            read(data)
        else:
            judge_frame(data, reader)
    except Refusal as refusal:
        return refusal.rule, Verdict(refusal.code, refusal.offset)
    return "", ACCEPTED


BY_OPCODE: Final = {
    reader: {int(frame.opcode): frame for frame in several} for reader, several in FRAMES.items()
}


def judge_frame(data: bytes, reader: Reader) -> None:
    if len(data) < 2:
        raise Refusal("3.3.2", "TRUNCATED", len(data))
    if not 0x91 <= data[0] <= 0x9F:
        raise Refusal("3.3.2", "NOT_A_FRAME", 0)
    if data[1] > 0x7F:
        raise Refusal("3.3.2", "NOT_A_FRAME", 1)
    fields = read(data).elements[1:]
    frame = frame_of(data[1], reader)
    if frame is None:
        return
    known = record_fields(frame)
    if len(fields) < len(known) or (reader is Reader.CLIENT_FRAME and len(fields) > len(known)):
        raise Refusal("3.3.6", "ARITY", 0)
    for (_, field_type, _), field in zip(known, fields, strict=False):
        check(field_type, field)


def frame_of(opcode: int, reader: Reader) -> type[Frame] | None:
    """Return what this opcode says; None where the frame is ignored."""
    frame = BY_OPCODE[reader].get(opcode)
    if frame is not None or reader is Reader.RELAY_FRAME:
        return frame
    known = opcode in foreign_opcodes(reader)
    raise Refusal("3.3.5", "WRONG_DIRECTION" if known else "UNKNOWN_OPCODE", 1)


# Step 3: the structure.


class Reading:
    """A message that is read value by value."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.end = len(data)
        self.at = 0
        self.count = 0

    def value(self, depth: int, is_key: bool = False) -> Value:
        """Read a value within so many containers."""
        start, end = self.at, self.end
        if start >= end:
            raise Refusal("3.3.3.1", "TRUNCATED", end)
        self.count += 1
        if self.count > limits.MAX_NODES:
            raise Refusal("3.3.3.2", "TOO_MANY", start)
        kind, width, length, signed = HEADS[self.data[start]]
        if kind == "forbidden":
            raise Refusal("3.3.3.3", "FORBIDDEN_TYPE", start)
        if is_key and kind != "str":
            raise Refusal("3.3.3.3", "WRONG_TYPE", start)
        self.at = body = start + 1 + width
        if body > end:
            raise Refusal("3.3.3.4", "TRUNCATED", end)
        if width and kind != "float":
            length = int.from_bytes(self.data[start + 1 : body], signed=signed)
        if kind in STRINGS:
            return self.string(kind, start, length)
        if kind in CONTAINERS:
            return self.container(kind, start, length, depth)
        if kind == "int" and not -limits.MAX_INT <= length <= limits.MAX_INT:
            raise Refusal("3.3.3.5", "OUT_OF_RANGE", start)
        return Value(kind, start, length)

    def string(self, kind: str, start: int, length: int) -> Value:
        body, self.at = self.at, self.at + length
        if self.at > self.end:
            raise Refusal("3.3.3.7", "TRUNCATED", self.end)
        text = self.data[body : self.at]
        if kind == "str" and not text.isascii():
            good = WELL_FORMED.match(text)
            if good and good.end() < length:
                raise Refusal("3.3.3.8", "BAD_UTF8", body + good.end())
        return Value(kind, start, 0, text)

    def container(self, kind: str, start: int, length: int, depth: int) -> Value:
        if length > limits.MAX_ELEMENTS:
            raise Refusal("3.3.3.6", "TOO_MANY", start)
        if depth >= limits.MAX_DEPTH:
            raise Refusal("3.3.3.6", "TOO_DEEP", start)
        values = length if kind == "array" else 2 * length
        if values > self.end - self.at:
            raise Refusal("3.3.3.7", "TRUNCATED", self.end)
        if kind == "array":
            elements = [self.value(depth + 1) for _ in range(length)]
        else:
            elements = self.entries(length, depth + 1)
        return Value(kind, start, 0, b"", tuple(elements))

    def entries(self, length: int, depth: int) -> list[Value]:
        elements: list[Value] = []
        seen: set[bytes] = set()
        for _ in range(length):
            key = self.value(depth, is_key=True)
            if key.body == b"__proto__":
                raise Refusal("3.3.3.9", "FORBIDDEN_TYPE", key.start)
            if key.body in seen:
                raise Refusal("3.3.3.9", "DUPLICATE_KEY", key.start)
            seen.add(key.body)
            elements += (key, self.value(depth))
        return elements


def read(data: bytes) -> Value:
    """Read steps 3 and 4: one value, and nothing after it."""
    reading = Reading(data)
    value = reading.value(0)
    if reading.at < reading.end:
        raise Refusal("3.3.4", "TRAILING_BYTES", reading.at)
    return value


# Step 7: the fields.


@singledispatch
def check(field: FieldType, value: Value) -> None:
    raise NotImplementedError(type(field).__name__)


@check.register
def _(field: Integer, value: Value) -> None:
    ask(value, "int")
    bound(value, field.low <= value.number <= field.high)


@check.register
def _(field: Flag, value: Value) -> None:
    ask(value, "false", "true")


@check.register
def _(field: Text, value: Value) -> None:
    ask(value, "str")
    bound(value, field.low <= len(value.body) <= field.high)


@check.register
def _(field: Word, value: Value) -> None:
    ask(value, "str")
    bound(value, value.body in [word.encode() for word in field.words])


@check.register
def _(field: Binary, value: Value) -> None:
    ask(value, "bin")
    bound(value, field.low <= len(value.body) <= field.high)


@check.register
def _(field: OrFalse, value: Value) -> None:
    if value.kind != "false":
        check(field.field_type, value)


@check.register
def _(field: Several, value: Value) -> None:
    ask(value, "array")
    if len(value.elements) > field.high:
        raise Refusal("3.3.7.1", "TOO_MANY", value.start)
    for element in value.elements:
        check(field.field_type, element)


@check.register
def _(field: Fixed, value: Value) -> None:
    ask(value, "array")
    if len(value.elements) != len(field.field_types):
        raise Refusal("3.3.7.2", "WRONG_TYPE", value.start)
    for field_type, element in zip(field.field_types, value.elements, strict=True):
        check(field_type, element)


@check.register
def _(field: Mapped, value: Value) -> None:
    ask(value, "map")
    if len(value.elements) > 2 * field.high:
        raise Refusal("3.3.7.1", "TOO_MANY", value.start)
    for key, element in zip(value.elements[::2], value.elements[1::2], strict=True):
        check(field.word, key)
        check(field.field_type, element)


@check.register
def _(field: Either, value: Value) -> None:
    flag, record = field.field_types
    check(flag if value.kind in ("false", "true") else record, value)


@check.register
def _(field: TargetField, value: Value) -> None:
    ask(value, "nil", "false", "true", "int", "array")
    if value.kind == "int":
        check(field.one, value)
    elif value.kind == "array":
        check(field.several, value)


@check.register
def _(field: Record, value: Value) -> None:
    ask(value, "map")
    keys = [key.body.decode() for key in value.elements[::2]]
    held = dict(zip(keys, value.elements[1::2], strict=True))
    for name, field_type, default in record_fields(field.cls):
        if name in held:
            check(field_type, held[name])
        elif default is MISSING:
            raise Refusal("3.3.7.3", "WRONG_TYPE", value.start)


def ask(value: Value, *kinds: str) -> None:
    if value.kind not in kinds:
        raise Refusal("3.3.7.1", "WRONG_TYPE", value.start)


def bound(value: Value, within: bool) -> None:
    if not within:
        raise Refusal("3.3.7.1", "OUT_OF_RANGE", value.start)
