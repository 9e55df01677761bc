"""What a field may hold: a strategy for each type of field."""

from __future__ import annotations

from functools import singledispatch
from typing import Any, TypeVar

from hypothesis import strategies as st

from protocol.codec import cut
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

T = TypeVar("T")

ROOMY = 300
"""Lengths up to which strings are drawn: beyond 255, where heads change, and no further."""

EDGES = (0, -1, -32, -33, 127, 128, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**53 - 1)
"""Numbers at which heads of ints change, and the largest."""


@singledispatch
def values(field_type: FieldType) -> st.SearchStrategy[Any]:
    """Return what a field of this type may hold, in the form that a frame holds it."""
    raise NotImplementedError(type(field_type).__name__)


@values.register
def _(field_type: Integer) -> st.SearchStrategy[Any]:
    low, high = field_type.low, field_type.high
    near = [edge for edge in (low, high, *EDGES) if low <= edge <= high]
    return st.sampled_from(near) | st.integers(low, high)


@values.register
def _(field_type: Flag) -> st.SearchStrategy[Any]:
    return st.booleans()


@values.register
def _(field_type: Text) -> st.SearchStrategy[Any]:
    characters = st.characters(codec="utf-8")
    texts = st.text(characters, min_size=field_type.low, max_size=min(field_type.high, ROOMY))
    return texts.map(lambda text: cut(text, field_type.high))


@values.register
def _(field_type: Word) -> st.SearchStrategy[Any]:
    return st.sampled_from(field_type.words)


@values.register
def _(field_type: Binary) -> st.SearchStrategy[Any]:
    low, high = field_type.low, min(field_type.high, ROOMY)
    short = st.binary(min_size=low, max_size=max(low, min(high, 8)))
    return short | st.binary(min_size=low, max_size=high)


@values.register
def _(field_type: OrFalse) -> st.SearchStrategy[Any]:
    return st.just(False) | values(field_type.field_type)


@values.register
def _(field_type: Several) -> st.SearchStrategy[Any]:
    return st.lists(values(field_type.field_type), max_size=min(field_type.high, 20)).map(tuple)


@values.register
def _(field_type: Fixed) -> st.SearchStrategy[Any]:
    return st.tuples(*(values(each) for each in field_type.field_types))


@values.register
def _(field_type: Mapped) -> st.SearchStrategy[Any]:
    words = values(field_type.word).filter(lambda word: word != "__proto__")
    return st.dictionaries(words, values(field_type.field_type), max_size=field_type.high)


@values.register
def _(field_type: Either) -> st.SearchStrategy[Any]:
    return st.one_of(*(values(each) for each in field_type.field_types))


@values.register
def _(field_type: TargetField) -> st.SearchStrategy[Any]:
    return st.none() | st.booleans() | values(field_type.one) | values(field_type.several)


@values.register
def _(field_type: Record) -> st.SearchStrategy[Any]:
    return instances(field_type.cls)


def instances(cls: type[T]) -> st.SearchStrategy[T]:
    """Return frames or records of one class, with any legal fields.

    A key of a record is at its default now and then, as it is when a client leaves it out.

    >>> from hypothesis import find
    >>> from roomwire.testing import PlayerInfo
    >>> find(instances(PlayerInfo), lambda info: len(info.name) > 2)
    PlayerInfo(name='000', role='player', can_host=False)
    """
    fields = {
        name: values(field_type) if default is not None else st.none() | values(field_type)
        for name, field_type, default in record_fields(cls)
    }
    return st.builds(cls, **fields)
