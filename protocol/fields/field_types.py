"""Types of fields: what a value on the wire may be. Frames and records are declared with them.

A field type turns what msgpack decoded into the value that a frame holds (`load`), and back
(`dump`). Both raise `Mismatch` with the path to the value that does not fit; the codec finds its
offset.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from protocol import limits
from protocol.error_codes import ErrorCode
from protocol.fields.mismatch import Key, Mismatch


class FieldType:
    """What a field may hold. Subclasses say it in `expected`, a phrase for error messages."""

    expected: str

    def load(self, value: Any) -> Any:
        """Check a decoded value and turn it into what the frame holds."""
        raise NotImplementedError

    def dump(self, value: Any) -> Any:
        """Check what a frame holds and turn it into what msgpack encodes."""
        return self.load(value)

    def wrong(self, value: object) -> Mismatch:
        return Mismatch(ErrorCode.WRONG_TYPE, self.expected, value)

    def outside(self, value: object, limit: int) -> Mismatch:
        return Mismatch(ErrorCode.OUT_OF_RANGE, self.expected, value, limit=limit)


class Integer(FieldType):
    def __init__(self, low: int, high: int) -> None:
        self.low = int(low)  # not a member of an enum, which is shown in another way
        self.high = int(high)
        self.expected = f"int {self.low}..{self.high}"

    def load(self, value: Any) -> Any:
        if type(value) is int and self.low <= value <= self.high:
            return value
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.wrong(value)
        value = int(value)
        if not self.low <= value <= self.high:
            raise self.outside(value, self.low if value < self.low else self.high)
        return value


class Flag(FieldType):
    expected = "bool"

    def load(self, value: Any) -> Any:
        if not isinstance(value, bool):
            raise self.wrong(value)
        return value


class Text(FieldType):
    """A str, measured in bytes of UTF-8."""

    def __init__(self, low: int, high: int) -> None:
        self.low = low
        self.high = high
        self.expected = f"str of {low}..{high} bytes"

    def load(self, value: Any) -> Any:
        if not isinstance(value, str):
            raise self.wrong(value)
        try:
            size = len(value.encode())
        except UnicodeEncodeError:
            raise Mismatch(ErrorCode.BAD_UTF8, self.expected, value) from None
        if not self.low <= size <= self.high:
            raise self.outside(value, self.low if size < self.low else self.high)
        return value


class Word(FieldType):
    """One of a few words."""

    def __init__(self, *words: str) -> None:
        self.words = words
        self.expected = " or ".join(f'"{word}"' for word in words)

    def load(self, value: Any) -> Any:
        if not isinstance(value, str):
            raise self.wrong(value)
        if value not in self.words:
            raise Mismatch(ErrorCode.OUT_OF_RANGE, self.expected, value)
        return value


class Binary(FieldType):
    def __init__(self, low: int, high: int) -> None:
        self.low = low
        self.high = high
        self.expected = f"bin of {low} bytes" if low == high else f"bin of {low}..{high} bytes"

    def load(self, value: Any) -> Any:
        if not isinstance(value, bytes):
            raise self.wrong(value)
        if not self.low <= len(value) <= self.high:
            raise self.outside(value, self.low if len(value) < self.low else self.high)
        return value


class OrFalse(FieldType):
    """A value, or false where there is none."""

    def __init__(self, field_type: FieldType) -> None:
        self.field_type = field_type
        self.expected = f"{field_type.expected} or false"

    def load(self, value: Any) -> Any:
        return self._unless_false(value, self.field_type.load)

    def dump(self, value: Any) -> Any:
        return self._unless_false(value, self.field_type.dump)

    def _unless_false(self, value: Any, convert: Callable[[Any], Any]) -> Any:
        if value is False:
            return False
        try:
            return convert(value)
        except Mismatch as mismatch:
            mismatch.expected = self.expected
            raise


class Several(FieldType):
    """An array of one type, held as a tuple."""

    def __init__(self, field_type: FieldType, high: int) -> None:
        self.field_type = field_type
        self.high = high
        self.expected = f"array of up to {high}: {field_type.expected}"

    def load(self, value: Any) -> Any:
        return tuple(self._each(value, self.field_type.load))

    def dump(self, value: Any) -> Any:
        return self._each(value, self.field_type.dump)

    def _each(self, value: Any, convert: Callable[[Any], Any]) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise self.wrong(value)
        if len(value) > self.high:
            raise Mismatch(ErrorCode.TOO_MANY, self.expected, value, limit=self.high)
        converted = []
        for index, element in enumerate(value):
            try:
                converted.append(convert(element))
            except Mismatch as mismatch:
                raise mismatch.at(index) from None
        return converted


class Fixed(FieldType):
    """An array of a fixed number of fields, held as a tuple."""

    def __init__(self, *field_types: FieldType) -> None:
        self.field_types = field_types
        self.expected = (
            f"array of {len(field_types)}: {', '.join(each.expected for each in field_types)}"
        )

    def load(self, value: Any) -> Any:
        if not isinstance(value, list | tuple) or len(value) != len(self.field_types):
            raise self.wrong(value)
        loaded = []
        for index, (field_type, element) in enumerate(zip(self.field_types, value, strict=True)):
            try:
                loaded.append(field_type.load(element))
            except Mismatch as mismatch:
                raise mismatch.at(index) from None
        return tuple(loaded)


class Mapped(FieldType):
    """A map from any words to one type."""

    def __init__(self, field_type: FieldType, high: int) -> None:
        self.field_type = field_type
        self.high = high
        self.word = Text(1, limits.MAX_WORD)
        self.expected = f"map of up to {high} words to {field_type.expected}"

    def load(self, value: Any) -> Any:
        if type(value) is not dict and not isinstance(value, Mapping):
            raise self.wrong(value)
        if len(value) > self.high:
            raise Mismatch(ErrorCode.TOO_MANY, self.expected, value, limit=self.high)
        loaded = {}
        for key, element in value.items():
            try:
                self.word.load(key)
            except Mismatch as mismatch:
                raise mismatch.at(Key(key)) from None
            try:
                loaded[key] = self.field_type.load(element)
            except Mismatch as mismatch:
                raise mismatch.at(key) from None
        return loaded


class Either(FieldType):
    """The first of several types that fits."""

    def __init__(self, *field_types: FieldType) -> None:
        self.field_types = field_types
        self.expected = " or ".join(field_type.expected for field_type in field_types)

    def load(self, value: Any) -> Any:
        return self._first(value, "load")

    def dump(self, value: Any) -> Any:
        return self._first(value, "dump")

    def _first(self, value: Any, method: str) -> Any:
        for field_type in self.field_types:
            try:
                return getattr(field_type, method)(value)
            except Mismatch as mismatch:
                if mismatch.path:  # the value is of this type, but for something inside it
                    raise
        raise self.wrong(value)


class TargetField(FieldType):
    """Who a payload is for: see SPEC.md, Targets."""

    expected = "target: nil, bool, int or array of players"

    def __init__(self) -> None:
        self.one = Integer(-limits.MAX_GROUP, limits.MAX_PLAYER)
        self.several = Several(Integer(1, limits.MAX_PLAYER), limits.MAX_ELEMENTS)

    def load(self, value: Any) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int):
            return self.one.load(value)
        if isinstance(value, list | tuple):
            return self.several.load(value)
        raise self.wrong(value)


Count = Annotated[int, Integer(0, limits.MAX_INT)]
"""A number that only grows: seq, term, tick, version, microseconds."""

Player = Annotated[int, Integer(1, limits.MAX_PLAYER)]
PlayerOrNone = Annotated[int, Integer(0, limits.MAX_PLAYER)]
Group = Annotated[int, Integer(1, limits.MAX_GROUP)]
Payload = Annotated[bytes, Binary(0, limits.FRAME_IN_MAX)]
Target = Annotated[bool | int | tuple[int, ...] | None, TargetField()]
Word64 = Annotated[str, Text(1, limits.MAX_WORD)]
Groups = Annotated[tuple[int, ...], Several(Integer(1, limits.MAX_GROUP), limits.MAX_GROUP)]
