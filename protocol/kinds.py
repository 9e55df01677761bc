"""Kinds of fields: what a value on the wire may be. Frames are declared with them.

A kind turns what msgpack decoded into the value that a frame holds (`load`), and back (`dump`).
Both raise `Mismatch` with the path to the value that does not fit; the codec finds its offset.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from . import limits
from .error_codes import ErrorCode

Path = tuple[int | str, ...]
"""Indexes and keys that lead from the frame's array to a value."""


class Mismatch(Exception):
    """A value that is not of its kind. Internal: the codec turns it into a ProtocolError."""

    def __init__(
        self, code: ErrorCode, expected: str, got: object, *, path: Path = (), limit: int | None = None
    ) -> None:
        super().__init__(expected)
        self.code = code
        self.expected = expected
        self.got = describe(got)
        self.path = path
        self.limit = limit

    def at(self, step: int | str) -> Mismatch:
        """The same mismatch as seen from one container further out."""
        self.path = (step, *self.path)
        return self


def describe(value: object) -> str:
    """Name a value for an error: its kind and size, never more than a few bytes of it."""
    match value:
        case None:
            return "nil"
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case float():
            return "float"
        case str():
            return f"str of {len(value.encode(errors='replace'))} bytes"
        case bytes():
            return f"bin of {len(value)} bytes"
        case list() | tuple():
            return f"array of {len(value)}"
        case Mapping():
            return f"map of {len(value)}"
        case _:
            return type(value).__name__


class Kind:
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


class Integer(Kind):
    def __init__(self, low: int, high: int) -> None:
        self.low = low
        self.high = high
        self.expected = f"int {low}..{high}"

    def load(self, value: Any) -> Any:
        if type(value) is not int:
            if not isinstance(value, int) or isinstance(value, bool):
                raise self.wrong(value)
            value = int(value)
        if not self.low <= value <= self.high:
            raise self.outside(value, self.low if value < self.low else self.high)
        return value


class Flag(Kind):
    expected = "bool"

    def load(self, value: Any) -> Any:
        if not isinstance(value, bool):
            raise self.wrong(value)
        return value


class Text(Kind):
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


class Word(Kind):
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


class Binary(Kind):
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


class OrFalse(Kind):
    """A value, or false where there is none."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.expected = f"{kind.expected} or false"

    def load(self, value: Any) -> Any:
        if value is False:
            return False
        try:
            return self.kind.load(value)
        except Mismatch as mismatch:
            mismatch.expected = self.expected
            raise

    def dump(self, value: Any) -> Any:
        return False if value is False else self.kind.dump(value)


class Several(Kind):
    """An array of one kind, held as a tuple."""

    def __init__(self, kind: Kind, high: int) -> None:
        self.kind = kind
        self.high = high
        self.expected = f"array of up to {high}: {kind.expected}"

    def load(self, value: Any) -> Any:
        return tuple(self._each(value, self.kind.load))

    def dump(self, value: Any) -> Any:
        return self._each(value, self.kind.dump)

    def _each(self, value: Any, convert: Any) -> list[Any]:
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


class Fixed(Kind):
    """An array of a fixed number of fields, held as a tuple."""

    def __init__(self, *kinds: Kind) -> None:
        self.kinds = kinds
        self.expected = f"array of {len(kinds)}: {', '.join(kind.expected for kind in kinds)}"

    def load(self, value: Any) -> Any:
        if not isinstance(value, list | tuple) or len(value) != len(self.kinds):
            raise self.wrong(value)
        loaded = []
        for index, (kind, element) in enumerate(zip(self.kinds, value, strict=True)):
            try:
                loaded.append(kind.load(element))
            except Mismatch as mismatch:
                raise mismatch.at(index) from None
        return tuple(loaded)


class Mapped(Kind):
    """A map from any words to one kind."""

    def __init__(self, kind: Kind, high: int) -> None:
        self.kind = kind
        self.high = high
        self.word = Text(1, limits.MAX_WORD)
        self.expected = f"map of up to {high} words to {kind.expected}"

    def load(self, value: Any) -> Any:
        if not isinstance(value, Mapping):
            raise self.wrong(value)
        if len(value) > self.high:
            raise Mismatch(ErrorCode.TOO_MANY, self.expected, value, limit=self.high)
        loaded = {}
        for key, element in value.items():
            try:
                loaded[self.word.load(key)] = self.kind.load(element)
            except Mismatch as mismatch:
                raise mismatch.at(key) from None
        return loaded


class Record(Kind):
    """A map with known keys, held as a frozen dataclass. Keys at their default are left out;
    unknown keys are ignored, so that either side may learn new ones first."""

    def __init__(self, cls: type[Any]) -> None:
        self.cls = cls
        self.expected = "map"

    def load(self, value: Any) -> Any:
        if isinstance(value, self.cls):
            return value
        if not isinstance(value, Mapping):
            raise self.wrong(value)
        loaded = {}
        for name, kind, required in record_fields(self.cls):
            if name in value:
                try:
                    loaded[name] = kind.load(value[name])
                except Mismatch as mismatch:
                    raise mismatch.at(name) from None
            elif required:
                raise Mismatch(ErrorCode.WRONG_TYPE, f"map with key {name!r}", value)
        return self.cls(**loaded)

    def dump(self, value: Any) -> Any:
        if not isinstance(value, self.cls):
            raise self.wrong(value)
        dumped = {}
        defaults = {field.name: default_of(field) for field in fields(self.cls)}
        for name, kind, _ in record_fields(self.cls):
            held = getattr(value, name)
            if held is None or held == defaults[name]:
                continue
            try:
                dumped[name] = kind.dump(held)
            except Mismatch as mismatch:
                raise mismatch.at(name) from None
        return dumped


class Either(Kind):
    """The first of several kinds that fits."""

    def __init__(self, *kinds: Kind) -> None:
        self.kinds = kinds
        self.expected = " or ".join(kind.expected for kind in kinds)

    def load(self, value: Any) -> Any:
        return self._first(value, "load")

    def dump(self, value: Any) -> Any:
        return self._first(value, "dump")

    def _first(self, value: Any, method: str) -> Any:
        deepest: Mismatch | None = None
        for kind in self.kinds:
            try:
                return getattr(kind, method)(value)
            except Mismatch as mismatch:
                # The kind that got furthest into the value is the one that was meant.
                if deepest is None or len(mismatch.path) > len(deepest.path):
                    deepest = mismatch
        if deepest is not None and deepest.path:
            raise deepest
        raise self.wrong(value)


class TargetKind(Kind):
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


def kind_of(annotation: Any) -> Kind:
    """Return the kind that an `Annotated[...]` type of a field names."""
    if get_origin(annotation) is not Annotated:
        # `X | None` marks an optional key of a record: the kind is that of X.
        return next(kind_of(arg) for arg in get_args(annotation) if get_origin(arg) is Annotated)
    return next(extra for extra in get_args(annotation)[1:] if isinstance(extra, Kind))


@cache
def record_fields(cls: type[Any]) -> tuple[tuple[str, Kind, bool], ...]:
    """Name, kind and whether it is required, of each field of a frame or record."""
    hints = get_type_hints(cls, include_extras=True)
    return tuple(
        (field.name, kind_of(hints[field.name]), default_of(field) is MISSING)
        for field in fields(cls)
    )


def default_of(field: Field[Any]) -> Any:
    """Return the default of a field, or MISSING where it has none."""
    return field.default if field.default_factory is MISSING else field.default_factory()


Count = Annotated[int, Integer(0, limits.MAX_INT)]
"""A number that only grows: seq, term, tick, version, microseconds."""

Player = Annotated[int, Integer(1, limits.MAX_PLAYER)]
PlayerOrNone = Annotated[int, Integer(0, limits.MAX_PLAYER)]
Group = Annotated[int, Integer(1, limits.MAX_GROUP)]
Payload = Annotated[bytes, Binary(0, limits.FRAME_IN_MAX)]
Target = Annotated[None | bool | int | tuple[int, ...], TargetKind()]
Word64 = Annotated[str, Text(1, limits.MAX_WORD)]
Groups = Annotated[tuple[int, ...], Several(Integer(1, limits.MAX_GROUP), limits.MAX_GROUP)]


