"""For each type of field: values that it takes and values that it refuses, written out.

What it takes is at every bound and under every head. What it refuses is of every other type, or
one step beyond a bound; or it is an array or map with something inside that does not fit. Those
with two faults say which of the two comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache, singledispatch
from typing import Final

from clients.fuzz.inputs.writing.heads import (
    FALSE,
    NIL,
    TRUE,
    Kind,
    double,
    heads,
    ints,
    short_array,
    short_text,
    single,
)
from clients.fuzz.inputs.writing.misfit import Misfit, inside, within
from clients.fuzz.inputs.writing.numbers import edges
from clients.fuzz.inputs.writing.texts import near_to, texts_of, too_short
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
from protocol.fields.schema import Record

TYPE: Final = ("3.3.7.1", "WRONG_TYPE")
RANGE: Final = ("3.3.7.1", "OUT_OF_RANGE")
MANY: Final = ("3.3.7.1", "TOO_MANY")
LENGTH: Final = ("3.3.7.2", "WRONG_TYPE")

LONGEST: Final = 2000
"""Bytes of a value that are written out for each field; longer ones have a damage of their own."""

OF_EACH_TYPE: Final[dict[str, tuple[bytes, ...]]] = {
    "nil": (NIL,),
    "false": (FALSE,),
    "true": (TRUE,),
    "int": (b"\x00", b"\x01", b"\xff", *ints(1)[1:], *ints(2**32)[:1], *ints(-129)[:1]),
    "float": (single(0.0), double(1.0), double(-0.0), double(float("nan"))),
    "str": (b"\xa0", b"\xa11", b"\xd9\x04true", b"\xda\x00\x01a"),
    "bin": (b"\xc4\x00", b"\xc4\x01a", b"\xc5\x00\x02hi"),
    "array": (b"\x90", b"\x91\x01", b"\xdc\x00\x01\xc2", b"\x92\x01\xc4\x00"),
    "map": (b"\x80", b"\x81\xa1a\x01", b"\xde\x00\x00"),
}

ANY_VALUE: Final = tuple(written for several in OF_EACH_TYPE.values() for written in several)

FAR: Final = 300
"""Elements before one that does not fit, where an array may have so many."""

NEAR: Final = 8
"""How often the numbers next to a bound are listed, so that they are drawn as often as all others.
"""


@cache
def misfits(field: FieldType) -> tuple[Misfit, ...]:
    """Return values that a field refuses."""
    wrong = (
        Misfit(written, *TYPE)
        for name, several in OF_EACH_TYPE.items()
        if name not in taken(field)
        for written in several
    )
    return (*wrong, *beyond(field))


@cache
def fitting(field: FieldType) -> tuple[bytes, ...]:
    """Return values that a field takes, at its bounds and under every head."""
    return tuple(fits(field))


@singledispatch
def taken(field: FieldType) -> frozenset[str]:
    """Name the types of values that a field takes, if they are within its bounds."""
    raise NotImplementedError(type(field).__name__)


@singledispatch
def beyond(field: FieldType) -> Iterator[Misfit]:
    """Yield values of the right type that a field refuses."""
    raise NotImplementedError(type(field).__name__)


@singledispatch
def fits(field: FieldType) -> Iterator[bytes]:
    raise NotImplementedError(type(field).__name__)


@taken.register
def _(field: Integer) -> frozenset[str]:
    return frozenset({"int"})


@beyond.register
def _(field: Integer) -> Iterator[Misfit]:
    near = (field.low - 1, field.high + 1)
    far = edges(-limits.MAX_INT, limits.MAX_INT)
    for number in (*near * NEAR, *far):
        if abs(number) <= limits.MAX_INT and not field.low <= number <= field.high:
            yield from (Misfit(written, *RANGE) for written in ints(number))


@fits.register
def _(field: Integer) -> Iterator[bytes]:
    for number in edges(field.low, field.high):
        yield from ints(number)


@taken.register
def _(field: Flag) -> frozenset[str]:
    return frozenset({"false", "true"})


@beyond.register
def _(field: Flag) -> Iterator[Misfit]:
    yield from ()


@fits.register
def _(field: Flag) -> Iterator[bytes]:
    yield from (FALSE, TRUE)


@taken.register
def _(field: Text) -> frozenset[str]:
    return frozenset({"str"})


@beyond.register
def _(field: Text) -> Iterator[Misfit]:
    yield from (Misfit(each, *RANGE) for each in under_heads(Kind.STR, too_short(field.low)))
    for body in texts_of(field.high + 1):
        yield from (Misfit(each, *RANGE) for each in under_heads(Kind.STR, [body]))


@fits.register
def _(field: Text) -> Iterator[bytes]:
    for size in {field.low, field.low + 1, field.high - 1, field.high, min(field.high, 31)}:
        yield from under_heads(Kind.STR, texts_of(size))


@taken.register
def _(field: Word) -> frozenset[str]:
    return frozenset({"str"})


@beyond.register
def _(field: Word) -> Iterator[Misfit]:
    near = {"", *(form for word in field.words for form in near_to(word))} - {*field.words}
    for word in sorted(near):
        yield from (Misfit(each, *RANGE) for each in under_heads(Kind.STR, [word.encode()]))


@fits.register
def _(field: Word) -> Iterator[bytes]:
    yield from under_heads(Kind.STR, (word.encode() for word in field.words))


@taken.register
def _(field: Binary) -> frozenset[str]:
    return frozenset({"bin"})


@beyond.register
def _(field: Binary) -> Iterator[Misfit]:
    bodies = too_short(field.low)
    if field.high < LONGEST:
        bodies += [bytes(field.high + 1), b"\xff" * (field.high + 2)]
    yield from (Misfit(each, *RANGE) for each in under_heads(Kind.BIN, bodies))


@fits.register
def _(field: Binary) -> Iterator[bytes]:
    sizes = {field.low, field.low + 1, field.high - 1, field.high, 255, 256}
    within = (bytes(size) for size in sizes if field.low <= size <= min(field.high, LONGEST))
    yield from under_heads(Kind.BIN, within)


@taken.register
def _(field: OrFalse) -> frozenset[str]:
    return taken(field.field_type) | {"false"}


@beyond.register
def _(field: OrFalse) -> Iterator[Misfit]:
    yield from beyond(field.field_type)


@fits.register
def _(field: OrFalse) -> Iterator[bytes]:
    yield FALSE
    yield from fits(field.field_type)


@taken.register
def _(field: Several) -> frozenset[str]:
    return frozenset({"array"})


@beyond.register
def _(field: Several) -> Iterator[Misfit]:
    good, refused = fitting(field.field_type)[0], misfits(field.field_type)
    for bad in refused:
        yield within([], bad, [])
    for bad in sample(refused):
        yield within([good], bad, [refused[0].new, good])
    yield within([good] * min(field.high - 1, FAR), refused[0], [])
    if field.high < limits.MAX_ELEMENTS:
        count = field.high + 1
        for head in heads(Kind.ARRAY, count):
            yield Misfit(head + good * count, *MANY)
            yield Misfit(head + refused[0].new * count, *MANY)


@fits.register
def _(field: Several) -> Iterator[bytes]:
    few = fitting(field.field_type)[:3]
    for count in {0, 1, min(15, field.high), min(16, field.high), min(field.high, 255)}:
        yield from (head + few[0] * count for head in heads(Kind.ARRAY, count))
    yield short_array(*few)


@taken.register
def _(field: Fixed) -> frozenset[str]:
    return frozenset({"array"})


@beyond.register
def _(field: Fixed) -> Iterator[Misfit]:
    good = [fitting(each)[0] for each in field.field_types]
    bad = [misfits(each) for each in field.field_types]
    for short in range(len(good)):
        yield Misfit(short_array(*good[:short]), *LENGTH)
        yield Misfit(short_array(*(each[0].new for each in bad[:short])), *LENGTH)
    yield Misfit(short_array(*good, NIL), *LENGTH)
    yield Misfit(short_array(*(each[0].new for each in bad), NIL), *LENGTH)
    for index, several in enumerate(bad):
        after = [each[0].new for each in bad[index + 1 :]]
        yield from (within(good[:index], each, good[index + 1 :]) for each in several)
        yield from (within(good[:index], each, after) for each in sample(several))


@fits.register
def _(field: Fixed) -> Iterator[bytes]:
    forms = [fitting(each) for each in field.field_types]
    for index in range(min(map(len, forms))):
        yield from (
            head + b"".join(form[index] for form in forms) for head in heads(Kind.ARRAY, len(forms))
        )


@taken.register
def _(field: Mapped) -> frozenset[str]:
    return frozenset({"map"})


@beyond.register
def _(field: Mapped) -> Iterator[Misfit]:
    value, bad = fitting(field.field_type)[0], misfits(field.field_type)
    words = [each for each in misfits(field.word) if each.code == "OUT_OF_RANGE"]
    for word in words:
        yield inside(b"\x81", word, 0, value)
    for word in sample(words):  # a key is judged before its value
        yield inside(b"\x81", word, 0, bad[0].new)
        yield inside(b"\x82\xa1a" + value, word, 2, bad[0].new)
    for each in bad:
        yield inside(b"\x81\xa1a", each, 1, b"")
    for each in sample(bad):  # and a value before the next key
        yield inside(b"\x82\xa1a", each, 1, words[0].new + value)
    most = field.high + 1
    yield from (Misfit(head + entries(field, most), *MANY) for head in heads(Kind.MAP, most))


@fits.register
def _(field: Mapped) -> Iterator[bytes]:
    value = fitting(field.field_type)[0]
    for word in fits(field.word):
        yield b"\x81" + word + value
    for count in (0, 1, field.high):
        yield from (head + entries(field, count) for head in heads(Kind.MAP, count))


@taken.register
def _(field: Record) -> frozenset[str]:
    return frozenset({"map"})


@beyond.register
def _(field: Record) -> Iterator[Misfit]:
    """Yield nothing: `damages.records` breaks the records that a message has."""
    yield from ()


@fits.register
def _(field: Record) -> Iterator[bytes]:
    """Yield nothing, for the same reason."""
    yield from ()


@taken.register
def _(field: Either) -> frozenset[str]:
    return frozenset().union(*map(taken, field.field_types))


@beyond.register
def _(field: Either) -> Iterator[Misfit]:
    for each in field.field_types:
        yield from (misfit for misfit in beyond(each) if misfit.place)


@fits.register
def _(field: Either) -> Iterator[bytes]:
    for each in field.field_types:
        yield from fits(each)


@taken.register
def _(field: TargetField) -> frozenset[str]:
    return frozenset({"nil", "false", "true", "int", "array"})


@beyond.register
def _(field: TargetField) -> Iterator[Misfit]:
    yield from beyond(field.one)
    yield from beyond(field.several)


@fits.register
def _(field: TargetField) -> Iterator[bytes]:
    yield from (NIL, FALSE, TRUE)
    yield from fits(field.one)
    yield from fits(field.several)


def entries(field: Mapped, count: int) -> bytes:
    """Write so many entries that fit."""
    value = fitting(field.field_type)[0]
    return b"".join(short_text(b"%d" % index) + value for index in range(count))


@cache
def full(field: FieldType) -> tuple[bytes, ...]:
    """Return lists of as many elements as a field takes, under every head."""
    if isinstance(field, Several):
        elements = fitting(field.field_type)[0] * field.high
        return tuple(head + elements for head in heads(Kind.ARRAY, field.high))
    if isinstance(field, Mapped):
        return tuple(head + entries(field, field.high) for head in heads(Kind.MAP, field.high))
    return ()


def sample(several: tuple[Misfit, ...] | list[Misfit]) -> Iterable[Misfit]:
    return several[:: max(1, len(several) // 8)]


def under_heads(kind: Kind, bodies: Iterable[bytes]) -> Iterator[bytes]:
    for body in bodies:
        yield from (head + body for head in heads(kind, len(body)))
