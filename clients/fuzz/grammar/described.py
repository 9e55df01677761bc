"""Types of fields as JSON: what a value may be, in structure and in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING
from functools import singledispatch
from typing import Any

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

Json = dict[str, Any]

NIL = {"type": "nil", "expected": "nil"}
FALSE = {"type": "false", "expected": "false"}
BOOL = {"type": "bool", "expected": "bool"}


def described(field_type: FieldType) -> Json:
    """Return what a field of this type may hold; `expected` says it in words."""
    return {**structure(field_type), "expected": field_type.expected}


@singledispatch
def structure(field_type: FieldType) -> Json:
    raise NotImplementedError(type(field_type).__name__)


@structure.register
def _(field_type: Integer) -> Json:
    return {"type": "int", "low": field_type.low, "high": field_type.high}


@structure.register
def _(field_type: Flag) -> Json:
    return {"type": "bool"}


@structure.register
def _(field_type: Text) -> Json:
    return {"type": "str", "low": field_type.low, "high": field_type.high}


@structure.register
def _(field_type: Word) -> Json:
    return {"type": "word", "words": list(field_type.words)}


@structure.register
def _(field_type: Binary) -> Json:
    return {"type": "bin", "low": field_type.low, "high": field_type.high}


@structure.register
def _(field_type: OrFalse) -> Json:
    return {"type": "any", "of": [described(field_type.field_type), FALSE]}


@structure.register
def _(field_type: Several) -> Json:
    return {"type": "array", "of": described(field_type.field_type), "most": field_type.high}


@structure.register
def _(field_type: Fixed) -> Json:
    return {"type": "tuple", "of": [described(each) for each in field_type.field_types]}


@structure.register
def _(field_type: Mapped) -> Json:
    return {
        "type": "map",
        "keys": described(field_type.word),
        "values": described(field_type.field_type),
        "most": field_type.high,
    }


@structure.register
def _(field_type: Either) -> Json:
    return {"type": "any", "of": [described(each) for each in field_type.field_types]}


@structure.register
def _(field_type: TargetField) -> Json:
    choices = (described(field_type.one), described(field_type.several))
    return {"type": "any", "of": [NIL, BOOL, *choices]}


@structure.register
def _(field_type: Record) -> Json:
    return {"type": "record", "record": field_type.cls.__name__}


def fields(cls: type[Any]) -> list[Json]:
    """Return the fields of a frame, in the order of the wire."""
    return [
        {"name": name, "type": described(field_type)} for name, field_type, _ in record_fields(cls)
    ]


def keys(cls: type[Any]) -> list[Json]:
    """Return the keys of a record, in the order in which they are judged and written.

    A key without a default stands for nothing where it is absent.
    """
    return [
        {
            "name": name,
            "type": described(field_type),
            "required": default is MISSING,
            **({} if default in (None, MISSING) else {"default": field_type.dump(default)}),
        }
        for name, field_type, default in record_fields(cls)
    ]


def records_of(cls: type[Any]) -> Iterator[type[Any]]:
    """Yield the records within a frame or record, each before those within it."""
    for _, field_type, _ in record_fields(cls):
        choices = field_type.field_types if isinstance(field_type, Either) else (field_type,)
        for choice in choices:
            if isinstance(choice, Record):
                yield choice.cls
                yield from records_of(choice.cls)
