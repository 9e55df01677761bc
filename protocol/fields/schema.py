"""From annotated dataclasses to field types: how frames and their maps are read and written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from functools import cached_property
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

from protocol.error_codes import ErrorCode
from protocol.fields.field_types import FieldType
from protocol.fields.mismatch import Mismatch


class FieldOf(NamedTuple):
    """One field of a frame or record."""

    name: str
    field_type: FieldType
    default: Any
    """What an absent key of a record means; `MISSING` if the key is required."""


class Record(FieldType):
    """A map with known keys, held as a frozen dataclass.

    Keys at their default are left out; unknown keys are ignored, so that either side may learn
    new ones first.
    """

    def __init__(self, cls: type[Any]) -> None:
        self.cls = cls
        self.expected = "map"

    def load(self, value: Any) -> Any:
        if type(value) is not dict and not isinstance(value, Mapping):
            raise self.wrong(value)
        loaded = {}
        for name, field_type, default in self._fields:
            if name in value:
                try:
                    loaded[name] = field_type.load(value[name])
                except Mismatch as mismatch:
                    raise mismatch.at(name) from None
            elif default is MISSING:
                raise Mismatch(ErrorCode.WRONG_TYPE, f'map with key "{name}"', value)
        return self.cls(**loaded)

    def dump(self, value: Any) -> Any:
        if not isinstance(value, self.cls):
            raise self.wrong(value)
        dumped, absent = {}, self._absent
        for name, field_type, default in self._fields:
            held = getattr(value, name)
            if held is default:
                continue
            try:
                element = field_type.dump(held)
            except Mismatch as mismatch:
                raise mismatch.at(name) from None
            # Compared as the wire has them: to Python, True is 1 and () is not [].
            if name not in absent or element != absent[name]:
                dumped[name] = element
        return dumped

    @cached_property
    def _fields(self) -> tuple[FieldOf, ...]:
        return record_fields(self.cls)

    @cached_property
    def _absent(self) -> dict[str, Any]:
        """The defaults, as the wire has them."""
        return {
            name: field_type.dump(default)
            for name, field_type, default in self._fields
            if default is not None and default is not MISSING
        }


_FIELDS: dict[type[Any], tuple[FieldOf, ...]] = {}


def record_fields(cls: type[Any]) -> tuple[FieldOf, ...]:
    """Return the fields of a frame or record, in the order of the wire."""
    if cls not in _FIELDS:
        hints = get_type_hints(cls, include_extras=True)
        _FIELDS[cls] = tuple(
            FieldOf(field.name, kind_of(hints[field.name]), default_of(field))
            for field in fields(cls)
        )
    return _FIELDS[cls]


def kind_of(annotation: Any) -> FieldType:
    """Return the field type that an `Annotated[...]` type of a field names."""
    if get_origin(annotation) is not Annotated:
        # `X | None` marks an optional key of a record: the type is that of X.
        annotation = next(arg for arg in get_args(annotation) if get_origin(arg) is Annotated)
    field_type: FieldType = next(
        extra for extra in get_args(annotation)[1:] if isinstance(extra, FieldType)
    )
    return field_type


def default_of(field: Field[Any]) -> Any:
    """Return the default of a field, or MISSING where it has none."""
    return field.default if field.default_factory is MISSING else field.default_factory()
