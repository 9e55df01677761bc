"""What is right, read at the speed of msgpack's own decoder.

`scan` looks at every value in Python, to name the first wrong byte. Nearly all messages have none.
So msgpack decodes them first, and what it made is proven to be within SPEC 3.2 by checks that run
in C. Whatever is raised here (`DOUBTS`) is no verdict: the caller scans then. To doubt what is
right only takes time. To return what the scan would refuse is a bug. Rule by rule:

0. Calm bytes: after its head, most small messages have no byte that may begin a container, a bin,
   a large int or `__proto__`. One search for others tells all that rules 2, 4 and 6 ask, but for
   keys that are there twice. The bytes of a float may be any: where one may be, `walk` tells heads
   from the rest, or types do, if an array holds no others.
1. Types: msgpack knows one more, ext. `unpackb` is told to refuse it, timestamps and empty ones
   included, or types or the walk show that there is none. msgpack itself refuses 0xC1. What holds
   no other value, and is no large int, it judges alone.
2. Ints: only 0xCF and 0xD3 begin one beyond 2^53. Where such a byte is, ints are looked at. Of
   numbers alone, none is larger than their hypotenuse.
3. UTF-8: msgpack has CPython's strict decoder, as the scan has.
4. Keys: msgpack lets bin be one. Where a byte may begin it, keys are joined, or maps within others
   are packed anew with all bin as other bytes. Of a key that is there twice msgpack keeps one. A
   map alone, or with arrays of numbers or texts, has as many entries as its head claims, then, or
   one less. Others show it as they have other bytes when they are packed anew; arrays alone need
   not be. `__proto__` is looked for.
5. One value: msgpack refuses bytes after it, and a message that ends early.
6. Depth: no more than bytes that may begin a container, or level by level. Elements: msgpack's own
   limits. Values: no more than bytes, or counted.
7. Claims: heads claim no more than the message is worth (`claims`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import chain
from math import hypot
from typing import Any, Final, NoReturn

import msgpack

from protocol.fields.mismatch import Mismatch
from protocol.limits import MAX_DEPTH, MAX_ELEMENTS, MAX_INT, MAX_NODES
from protocol.quick.claims import (
    HARMLESS,
    HEADS,
    MAP_HEADS,
    TINY,
    check_claims,
    has_long_within,
)
from protocol.quick.walk import is_flat, is_nested

LARGE: Final = 64 * 1024
"""Bytes beyond which an array or a map is scanned at once. It may have very many values."""

WALKED: Final = 256
"""Bytes of a message that is walked through if it has floats. Longer ones are looked at level by
level, which takes less time for each byte; so are arrays that begin with a float, as they most
often have numbers alone."""

CONTAINERS: Final = frozenset((list, dict))
NUMBERS: Final = frozenset((int, float))
ALONE: Final = frozenset((int, float, str, bool, bytes, type(None)))
"""Types of values that hold no others. An ext is none of them."""
FORBIDDEN_KEY: Final = "__proto__"
FORBIDDEN_BYTES: Final = FORBIDDEN_KEY.encode()

FILLED: Final = HEADS - {0x80, 0x90}
"""Heads of containers that may hold something."""
SUSPECTS: Final = frozenset([0x5F, 0xC4, 0xC5, 0xC6, 0xCF, 0xD3])
"""What `__proto__`, a bin and an int of 64 bits begin with."""

EXTS: Final = (0xC1, 0xC7, 0xC8, 0xC9, *range(0xD4, 0xD9))
"""Heads of ext, and the one that begins nothing."""

SCALAR, INT_64, FEW, OTHER = range(4)
KINDS: Final = bytes(
    INT_64
    if byte in (0xCF, 0xD3)
    else FEW
    if 0x91 <= byte <= 0x9F
    else OTHER
    if byte in FILLED or byte in EXTS
    else SCALAR
    for byte in range(256)
)
"""What a byte begins: what msgpack judges alone, an int that may be too large, an array of a few
values, or anything else."""

FLOAT_64: Final = 0xCB

CALM, SUSPECT, ARRAY_MARK, MAP_MARK = 0, 0x80, 0x81, 0x82
MARKS: Final = bytes(
    MAP_MARK
    if byte in MAP_HEADS
    else ARRAY_MARK
    if byte in HEADS
    else SUSPECT
    if byte in SUSPECTS
    else CALM
    for byte in range(256)
)
"""What may be at a byte. If all that follows the first is calm, it is as ASCII is."""

WIDE_UINT: Final = re.compile(rb"\xcf(?!\0[\0-\x1f])")
WIDE_INT: Final = re.compile(rb"\xd3(?!\0[\0-\x1f]|\xff[\xe1-\xff])")
"""What an int beyond 2^53 begins with. Other bytes may look so, too."""

FAR: Final = 9e15
"""Less than 2^53 by more than what is lost where many numbers are made one."""

unpackb: Final[Callable[..., Any]] = msgpack.unpackb

pack_anew: Final[Callable[[object], bytes]] = msgpack.Packer().pack
"""One packer for all. If two threads disturbed each other, the bytes would differ: a doubt."""

pack_raw: Final[Callable[[object], bytes]] = msgpack.Packer(use_bin_type=False).pack
"""The same for what has no bin, and no text of 32 to 255 bytes: those become other bytes."""


class Doubt(ValueError):
    """A message may be wrong."""


DOUBTS: Final = (Mismatch, TypeError, ValueError, LookupError, msgpack.UnpackException)
"""What reading quickly raises in doubt. Errors of UTF-8 and of msgpack are among them, and those of
whoever looks for what is not there."""


def refuse(_code: int, _data: bytes) -> NoReturn:
    raise Doubt


def unpack(data: bytes) -> Any:
    """Decode a message that is within the interop profile.

    Raises: one of `DOUBTS`.
    """
    kind = KINDS[data[0]]
    if kind < FEW:
        return unpackb(data) if kind == SCALAR else checked_int(unpackb(data))
    if len(data) > TINY:
        return unpack_more(data)
    # msgpack lets no container claim more than the message has bytes.
    if FLOAT_64 in data:  # inlined: a call takes half as long as msgpack takes for two floats
        value = unpackb(data)
        if kind == FEW:
            if data[1] == FLOAT_64:
                try:  # numbers alone, as a place is
                    if hypot(*value) < FAR:
                        return value
                except TypeError:
                    pass  # there are others
            for each in value:
                if type(each) not in ALONE:
                    break
            else:
                if not (0xCF in data or 0xD3 in data):
                    return value
        begins_with_map = kind == FEW and data[1] & 0xF0 == 0x80
        if not begins_with_map and is_flat(data):
            if type(value) is dict and len(value) != data[0] - 0x80:
                raise Doubt  # a key is there twice
            return value
        if is_nested(data):
            if pack_anew(value) != data:
                raise Doubt  # as here
            return value
    value = unpackb(data, ext_hook=refuse, max_ext_len=0)
    check_marked(data, value)
    return value


def unpack_more(data: bytes) -> Any:
    """Decode an array or a map of more than `TINY` bytes. Heads may claim more than it is worth."""
    size = len(data)
    if size > LARGE:
        raise Doubt
    may_be_walked = size <= WALKED and FLOAT_64 in data and data[1] != FLOAT_64
    if may_be_walked and (is_nested(data) or is_flat(data)):
        value = unpackb(data)
        if pack_anew(value) != data:
            raise Doubt  # a key is there twice
        return value
    most = size if size < MAX_ELEMENTS else MAX_ELEMENTS
    if size > HARMLESS or has_long_within(data):
        check_claims(data, most)
    value = unpackb(data, ext_hook=refuse, max_ext_len=0, max_array_len=most, max_map_len=most)
    if not (type(value) is list and are_plain(value)):
        check_marked(data, value)
    return value


def check_marked(data: bytes, value: Any) -> None:
    """Doubt an array or a map, if any byte after its head may begin what is forbidden."""
    marks = data[1:].translate(MARKS)
    if not marks.isascii():
        check_within(data, value, marks)
    elif type(value) is dict:
        check_entries(data, value)


def checked_int(value: int) -> int:
    """Doubt an int beyond what JavaScript can hold."""
    if not -MAX_INT <= value <= MAX_INT:
        raise Doubt
    return value


def check_entries(data: bytes, value: dict[Any, Any]) -> None:
    """Doubt a map without containers that may have fewer entries than its head claims."""
    if not data[0] == 0x80 + len(value) < 0x90 and pack_anew(value) != data:
        raise Doubt


def check_within(data: bytes, value: Any, marks: bytes) -> None:
    """Doubt an array or a map that may have others within. Args: marks: of all but its head"""
    if SUSPECT not in marks:
        heads = len(data) - marks.count(CALM)
        if len(data) > MAX_NODES or heads > MAX_DEPTH:
            check_nested(data, value, heads)
        elif (type(value) is dict or MAP_MARK in marks) and pack_anew(value) != data:
            raise Doubt
    elif type(value) is dict:
        if len(data) <= MAX_NODES and is_shallow(value.values()):
            check_map(data, value)
        else:
            check_nested(data, value, len(data) - marks.count(CALM))
    elif is_table(data, value) or not is_shallow(value):
        check_nested(data, value, len(data) - marks.count(CALM))


def is_table(data: bytes, value: list[Any]) -> bool:
    """Say whether many may be within: one look at all of a level is quicker than one at each."""
    return len(data) > MAX_NODES or (len(data) > TINY and type(value[0]) in CONTAINERS)


def check_map(data: bytes, value: dict[Any, Any]) -> None:
    """Doubt a map whose values are right and hold none, for its keys."""
    if FORBIDDEN_KEY in value:
        raise Doubt
    "".join(value)  # no key that is bin can be joined
    check_entries(data, value)


def is_shallow(values: Iterable[Any]) -> bool:
    """Say whether there are no containers among values but arrays of numbers or of texts alone, and
    doubt ints beyond what JavaScript can hold."""
    for each in values:
        kind = type(each)
        if kind is int:
            if not -MAX_INT <= each <= MAX_INT:
                raise Doubt
        elif kind not in ALONE and not (kind is list and are_plain(each)):
            return False
    return True


def check_nested(data: bytes, value: Any, heads: int) -> None:
    """Doubt containers within one another. Args: heads: how many there may be"""
    if 0x5F in data and FORBIDDEN_BYTES in data:
        raise Doubt
    is_wide = (0xCF in data or 0xD3 in data) and may_be_wide(data)
    may_have_bin = 0xC4 in data or 0xC5 in data or 0xC6 in data
    pack = pack_raw if may_have_bin else pack_anew
    # Where an array begins with no map, there may be none: then nothing need be packed anew.
    is_array = type(value) is list and type(value[0]) is not dict
    if not is_array and len(data) <= MAX_NODES and pack(value) == data:
        check_levels(value, heads, is_wide)
    elif check_all(value, is_wide) and pack_anew(value) != data:
        raise Doubt


def may_be_wide(data: bytes) -> bool:
    """Say whether an int may be beyond 2^53."""
    return WIDE_UINT.search(data) is not None or WIDE_INT.search(data) is not None


def check_levels(value: Any, heads: int, may_be_wide: bool) -> None:
    """Go down, and doubt ints, until all that may be left is not too deep, even if each is within
    the other."""
    level, depth = [value], 1
    left = heads - 1
    while may_be_wide or depth + left > MAX_DEPTH:
        inner: list[Any] = []
        for outer in level:
            inner += outer.values() if type(outer) is dict else outer
        if are_plain(inner):
            return
        if may_be_wide:
            check_ints(inner)
        level = [each for each in inner if type(each) in CONTAINERS]
        if not level:
            return
        if depth == MAX_DEPTH:
            raise Doubt
        depth += 1
        left -= len(level)


def check_all(value: Any, may_be_wide: bool) -> bool:
    """Go through all levels, and doubt their number, keys, ints, and the number of values.

    Returns: whether there are maps.
    """
    level, kinds = [value], {type(value)}
    count = 1
    keys: list[Any] = []
    for _ in range(MAX_DEPTH):
        inner: list[Any] = []
        if dict in kinds:
            for outer in level:
                if type(outer) is dict:
                    keys += outer
                    inner += outer.values()
                else:
                    inner += outer
        else:
            inner += chain.from_iterable(level)
        count += len(inner)
        if are_plain(inner):
            break
        kinds = set(map(type, inner))
        if may_be_wide and int in kinds:
            check_ints(inner)
        if kinds.isdisjoint(CONTAINERS):
            break
        is_all = kinds <= CONTAINERS
        level = inner if is_all else [each for each in inner if type(each) in CONTAINERS]
    else:
        raise Doubt
    if count + len(keys) > MAX_NODES:
        raise Doubt
    "".join(keys)  # none that is bin can be joined
    return bool(keys)


def check_ints(values: Iterable[Any]) -> None:
    """Doubt ints beyond what JavaScript can hold."""
    ints = [value for value in values if type(value) is int]
    if not hypot(*ints) < FAR and (min(ints) < -MAX_INT or max(ints) > MAX_INT):
        raise Doubt


def are_plain(values: list[Any]) -> bool:
    """Say whether there are numbers alone, or texts alone, and doubt ints beyond what JavaScript
    can hold. Most often the first value and the last tell that there are others."""
    if not values:
        return True
    kind = type(values[0])
    try:
        if kind is float or kind is int:
            if type(values[-1]) not in NUMBERS:
                return False
            # No number is larger than the hypotenuse, and nothing else has one.
            if not hypot(*values) < FAR:
                check_ints(values)
            return True
        if kind is str and type(values[-1]) is str:
            "".join(values)  # nothing else can be joined
            return True
    except TypeError:
        pass
    return False
