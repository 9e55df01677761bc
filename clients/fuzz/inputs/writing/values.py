"""Values of a game within the interop profile (SPEC 3.2): what a payload holds, and what stands
where a frame of a newer version has more than we know."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Final

from clients.fuzz.inputs.case import Reader
from clients.fuzz.inputs.writing.heads import Kind, double, pick, single
from clients.fuzz.inputs.writing.nodes import Written
from clients.fuzz.inputs.writing.numbers import integer
from clients.fuzz.inputs.writing.texts import binary, text
from clients.fuzz.inputs.writing.writer import Writer
from protocol import limits

DEEP: Final = 5
"""Containers within one another that are drawn; bombs go deeper."""

FLOATS: Final = tuple(
    write(number)
    for number in (0.0, -0.0, 1.0, -1.0, 0.5, 1e10, math.inf, -math.inf, math.nan, 2.0**-149)
    for write in (single, double)
) + tuple(
    double(number) for number in (2.0**53, -(2.0**53), 1e300, 5e-324, 1.7976931348623157e308, 0.1)
)

FORBIDDEN_KEY: Final = b"__proto__"


def game_value(writer: Writer, deep: int = DEEP) -> None:
    """Append any value of the profile."""
    roll = writer.rng.random()
    if deep and roll < 0.3:
        (_array if roll < 0.15 else _map)(writer, deep - 1)
    else:
        pick(writer.rng, LEAVES)(writer)


def payload(rng: Random) -> Written:
    """Write what a client packs into a payload."""
    writer = Writer(rng, rng.random() < 0.3)
    if rng.random() < 0.7:
        (_array if rng.random() < 0.4 else _map)(writer, DEEP - 1)
    else:
        game_value(writer)
    return Written(Reader.PAYLOAD, None, bytes(writer.out), writer.nodes)


def own_keys(rng: Random, count: int) -> list[bytes]:
    """Return so many different keys that a map may have."""
    found: dict[bytes, None] = {}
    while len(found) < count:
        key = text(rng, 0, 64)
        found[key if key not in found else key + b"%d" % len(found)] = None
    found.pop(FORBIDDEN_KEY, None)
    return list(found)


def _array(writer: Writer, deep: int) -> None:
    count = _count(writer.rng)
    writer.open(Kind.ARRAY, count)
    for _ in range(count):
        game_value(writer, deep if count < 8 else 0)
    writer.close()


def _map(writer: Writer, deep: int) -> None:
    keys = own_keys(writer.rng, _count(writer.rng))
    writer.open(Kind.MAP, len(keys))
    for key in keys:
        writer.key(key)
        game_value(writer, deep if len(keys) < 8 else 0)
    writer.close()


def _count(rng: Random) -> int:
    roll = rng.random()
    return int(roll * 5) if roll < 0.97 else pick(rng, (14, 15, 16, 17))


def _boolean(writer: Writer) -> None:
    writer.boolean(writer.rng.random() < 0.5)


def _integer(writer: Writer) -> None:
    writer.integer(integer(writer.rng, -limits.MAX_INT, limits.MAX_INT))


def _float(writer: Writer) -> None:
    rng = writer.rng
    roll = rng.random()
    if roll < 0.7:
        writer.number(pick(rng, FLOATS))
    else:
        writer.number(b"\xcb" + rng.randbytes(8) if roll < 0.9 else b"\xca" + rng.randbytes(4))


def _text(writer: Writer) -> None:
    writer.text(text(writer.rng, 0, 400))


def _binary(writer: Writer) -> None:
    writer.binary(binary(writer.rng, 0, 400))


def _empty(writer: Writer, kind: Kind) -> None:
    writer.open(kind, 0)
    writer.close()


LEAVES: Final[tuple[Callable[[Writer], None], ...]] = (
    *(Writer.nil, _boolean, _integer, _integer, _float, _text, _text, _binary),
    partial(_empty, kind=Kind.ARRAY),
    partial(_empty, kind=Kind.MAP),
)
