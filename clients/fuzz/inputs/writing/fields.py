"""How a field is written, by its type: legal values, those at the edges of its bounds first."""

from __future__ import annotations

from dataclasses import MISSING
from functools import cache, singledispatch
from random import Random

from clients.fuzz.inputs.writing.heads import Kind, pick
from clients.fuzz.inputs.writing.nodes import Place
from clients.fuzz.inputs.writing.numbers import integer
from clients.fuzz.inputs.writing.texts import binary, text
from clients.fuzz.inputs.writing.values import FORBIDDEN_KEY, game_value
from clients.fuzz.inputs.writing.writer import Writer
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


@singledispatch
def write(field: FieldType, writer: Writer, place: Place, wants: FieldType) -> None:
    """Append a value for a field.

    Args:
        field: the type to write.
        place: where it stands in the order of SPEC 3.3.7.
        wants: what the frame asks for there: `field`, or what offers it as one choice of several.
    """
    raise NotImplementedError(type(field).__name__)


@write.register
def _(field: Integer, writer: Writer, place: Place, wants: FieldType) -> None:
    writer.integer(integer(writer.rng, field.low, field.high), wants, place)


@write.register
def _(field: Flag, writer: Writer, place: Place, wants: FieldType) -> None:
    writer.boolean(writer.rng.random() < 0.5, wants, place)


@write.register
def _(field: Text, writer: Writer, place: Place, wants: FieldType) -> None:
    writer.text(text(writer.rng, field.low, field.high), wants, place)


@write.register
def _(field: Word, writer: Writer, place: Place, wants: FieldType) -> None:
    writer.text(pick(writer.rng, field.words).encode(), wants, place)


@write.register
def _(field: Binary, writer: Writer, place: Place, wants: FieldType) -> None:
    writer.binary(binary(writer.rng, field.low, field.high), wants, place)


@write.register
def _(field: OrFalse, writer: Writer, place: Place, wants: FieldType) -> None:
    if writer.rng.random() < 0.3:
        writer.boolean(False, wants, place)
    else:
        write(field.field_type, writer, place, wants)


@write.register
def _(field: Several, writer: Writer, place: Place, wants: FieldType) -> None:
    count = breadth(writer.rng, field.high)
    writer.open(Kind.ARRAY, count, wants, place)
    for index in range(count):
        write(field.field_type, writer, (*place, index), field.field_type)
    writer.close()


@write.register
def _(field: Fixed, writer: Writer, place: Place, wants: FieldType) -> None:
    writer.open(Kind.ARRAY, len(field.field_types), wants, place)
    for index, element in enumerate(field.field_types):
        write(element, writer, (*place, index), element)
    writer.close()


@write.register
def _(field: Mapped, writer: Writer, place: Place, wants: FieldType) -> None:
    words = {
        text(writer.rng, field.word.low, field.word.high) for _ in range(breadth(writer.rng, 9))
    }
    words.discard(FORBIDDEN_KEY)
    keys = sorted(words)  # a set has no order that a seed decides
    writer.rng.shuffle(keys)
    writer.open(Kind.MAP, len(words), wants, place)
    for index, key in enumerate(keys):
        writer.key(key, field.word, (*place, 2 * index))
        write(field.field_type, writer, (*place, 2 * index + 1), field.field_type)
    writer.close()


@write.register
def _(field: Either, writer: Writer, place: Place, wants: FieldType) -> None:
    write(pick(writer.rng, field.field_types), writer, place, wants)


@write.register
def _(field: TargetField, writer: Writer, place: Place, wants: FieldType) -> None:
    roll = writer.rng.random()
    if roll < 0.1:
        writer.nil(wants, place)
    elif roll < 0.3:
        writer.boolean(roll < 0.2, wants, place)
    else:
        write(field.one if roll < 0.65 else field.several, writer, place, wants)


@write.register
def _(field: Record, writer: Writer, place: Place, wants: FieldType) -> None:
    known = record_fields(field.cls)
    chosen = [*chosen_keys(writer.rng, field), *unknown_keys(writer.rng, field)]
    if writer.rng.random() < 0.2:  # the order of SPEC 5 is no must
        writer.rng.shuffle(chosen)
    writer.open(Kind.MAP, len(chosen), wants, place)
    for index, name in chosen:
        writer.key(name)
        if index < len(known):
            write(known[index].field_type, writer, (*place, index), known[index].field_type)
        else:
            game_value(writer, 2)
    writer.close()


def record_of(wants: FieldType | None) -> Record | None:
    """Return the record that a field takes, if it takes one."""
    if isinstance(wants, Either):
        wants = wants.field_types[-1]
    return wants if isinstance(wants, Record) else None


def chosen_keys(rng: Random, record: Record) -> list[tuple[int, bytes]]:
    """Choose keys of a record: each with its place in section 5, and those that must be there."""
    often = pick(rng, (0.05, 0.3, 0.7, 1.0))
    return [
        (index, name) for index, name, needed in named(record) if needed or rng.random() < often
    ]


@cache
def named(record: Record) -> tuple[tuple[int, bytes, bool], ...]:
    """Return the keys of a record, and which of them are required."""
    return tuple(
        (index, name.encode(), default is MISSING)
        for index, (name, _, default) in enumerate(record_fields(record.cls))
    )


def unknown_keys(rng: Random, record: Record) -> list[tuple[int, bytes]]:
    """Name a key that only a newer version knows, now and then."""
    if rng.random() > 0.15:
        return []
    known = {name for _, name, _ in named(record)}
    key = text(rng, 0, 64)
    return [] if key in known or key == FORBIDDEN_KEY else [(len(known), key)]


def breadth(rng: Random, high: int) -> int:
    """Choose how many elements an array has: few, and now and then as many as it may."""
    roll = rng.random()
    if roll < 0.96:
        return int(roll * roll * min(high + 1, 5))
    return min(high, pick(rng, (15, 16, 17, 30) if roll < 0.998 else (255, 256, 1024)))
