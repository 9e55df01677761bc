"""What is right, read at the speed of msgpack's own decoder.

`scan` looks at every value in Python, to name the first wrong byte. Nearly all messages have none.
So msgpack decodes them first, and what it made is proven to be within SPEC 3.2 by checks that run
in C. Whatever is raised here (`DOUBTS`) is no verdict: the caller scans then. To doubt what is
right only takes time. To return what the scan would refuse is a bug. Rule by rule:

1. Types: msgpack knows one more, ext. `unpackb` refuses it, timestamps and empty ones included.
   msgpack itself refuses 0xC1.
2. Ints: only 0xCF and 0xD3 begin one beyond 2^53. Where such a byte is, ints are looked at.
3. UTF-8: msgpack has CPython's strict decoder, as the scan has.
4. Keys: msgpack lets bin be one, so it is looked for where a byte may begin it. Of a key that is
   there twice msgpack keeps one. A map alone shows that by the number of entries that its head
   claims. Others show it as they have other bytes when they are packed anew; arrays alone need not
   be. `__proto__` is looked for.
5. One value: msgpack refuses bytes after it, and a message that ends early.
6. Depth: no more than bytes that may begin a container, or level by level. Elements: msgpack's own
   limits. Values: no more than bytes, or counted.
7. Claims: all heads together may claim little, or the message is walked first without building.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from itertools import chain
from typing import Any, Final, NoReturn

import msgpack

from protocol.fields.mismatch import Mismatch
from protocol.limits import MAX_DEPTH, MAX_ELEMENTS, MAX_INT, MAX_NODES

LARGE: Final = 64 * 1024
"""Bytes beyond which a message is scanned at once. It may have very many values."""

COUNTED: Final = 1024
"""Bytes of a message up to which heads are counted before its values are looked at."""

SPARE: Final = 64 * 1024
PER_BYTE: Final = 100
"""Bytes that a message may take while it is decoded: some, and some more for each of its own."""

LIST, SLOT = 72, 8
"""Bytes that a list takes, and those of each element that its head claims."""

SHORT: Final = LIST + SLOT * 15
"""Bytes that a container takes before it has what it claims; more, if it is an array with a longer
head. What a map claims takes none."""

HARMLESS: Final = SPARE // (SHORT - PER_BYTE)
"""Bytes of a message that is worth all that it may claim, but for arrays with a longer head."""

STACKED: Final = 1024
"""Containers within one another at most, as msgpack goes."""

CONTAINERS: Final = frozenset((list, dict))
NUMBERS: Final = frozenset((int, float))
FORBIDDEN_KEY: Final = "__proto__"
FORBIDDEN_BYTES: Final = FORBIDDEN_KEY.encode()

HEADS: Final = frozenset([*range(0x80, 0xA0), *range(0xDC, 0xE0)])
ARRAY_STARTS: Final = {**dict.fromkeys(range(0x90, 0xA0), 1), 0xDC: 3, 0xDD: 5}
"""Where the first element of an array begins, by its head."""

NO_HEADS: Final = bytes(byte for byte in range(256) if byte not in HEADS)
"""All bytes but those that a container may begin with."""

WIDE_UINT: Final = re.compile(rb"\xcf(?!\0[\0-\x1f])")
WIDE_INT: Final = re.compile(rb"\xd3(?!\0[\0-\x1f]|\xff[\xe1-\xff])")
"""What an int beyond 2^53 begins with. Other bytes may look so, too."""

unpackb: Final[Callable[..., Any]] = msgpack.unpackb

pack_anew: Final[Callable[[object], bytes]] = msgpack.Packer().pack
"""One packer for all. If two threads disturbed each other, the bytes would differ: a doubt."""


class Doubt(ValueError):
    """A message may be wrong."""


DOUBTS: Final = (Mismatch, TypeError, ValueError, msgpack.UnpackException)
"""What reading quickly raises in doubt. Errors of UTF-8 and of msgpack are among them."""


def refuse(_code: int, _data: bytes) -> NoReturn:
    raise Doubt


def unpack(data: bytes) -> Any:
    """Decode a message that is within the interop profile.

    Raises: one of `DOUBTS`.
    """
    size = len(data)
    if size > LARGE:
        raise Doubt
    most = size if size < MAX_ELEMENTS else MAX_ELEMENTS
    if size > HARMLESS or 0xDC in data or 0xDD in data:
        check_claims(data, most)
    value = unpackb(data, ext_hook=refuse, max_ext_len=0, max_array_len=most, max_map_len=most)
    may_be_wide = (0xCF in data and WIDE_UINT.search(data) is not None) or (
        0xD3 in data and WIDE_INT.search(data) is not None
    )
    kind = type(value)
    if kind is dict:
        heads = heads_of(data) if size <= COUNTED else size
        if heads > 1 and not CONTAINERS.isdisjoint(map(type, value.values())):
            check_nested(data, value, heads, may_be_wide)
        else:
            check_flat_map(data, value, may_be_wide)
    elif kind is list:
        check_list(data, value, may_be_wide)
    elif may_be_wide:
        check_ints([value])
    return value


def check_claims(data: bytes, most: int) -> None:
    """Doubt a message whose heads may claim far more than it has. Of those within one another,
    some may wait for what they claim; all others have it."""
    size = len(data)
    worth = SPARE + PER_BYTE * size
    if size <= COUNTED and heads_of(data) * (LIST + SLOT * most) <= worth:
        return
    if are_doubles(data):
        return
    worth -= SLOT * most * (data.count(0xDC) + data.count(0xDD))
    if min(size, STACKED) * SHORT > worth and min(heads_of(data), STACKED) * SHORT > worth:
        walk = msgpack.Unpacker(max_buffer_size=size)
        walk.feed(data)
        walk.skip()


def heads_of(data: bytes) -> int:
    """Return how many containers there are at most: how many bytes may begin one."""
    return len(data.translate(None, NO_HEADS))


def check_flat_map(data: bytes, value: dict[Any, Any], may_be_wide: bool) -> None:
    """Doubt a map that is the whole message, and has no containers."""
    head = data[0]
    if head < 0x90:
        claimed = head - 0x80
    else:
        claimed = int.from_bytes(data[1:3] if head == 0xDE else data[1:5])
    if len(value) != claimed or FORBIDDEN_KEY in value:
        raise Doubt
    check_keys(value)
    if may_be_wide:
        check_ints(value.values())


def check_list(data: bytes, value: list[Any], may_be_wide: bool) -> None:
    """Doubt an array that is the whole message."""
    is_float = bool(value) and type(value[0]) is float
    if (is_float and are_doubles(data)) or are_numbers(value, may_be_wide):
        return
    heads = heads_of(data) if len(data) <= COUNTED else len(data)
    if heads > 1 and not CONTAINERS.isdisjoint(map(type, value)):
        check_nested(data, value, heads, may_be_wide)
    elif may_be_wide:
        check_ints(value)


def are_doubles(data: bytes) -> bool:
    """Say whether a message is an array of floats of 64 bits alone: then each ninth byte begins
    one."""
    start = ARRAY_STARTS.get(data[0], len(data))
    count, rest = divmod(len(data) - start, 9)
    if rest or count < 1 or data[start] != 0xCB:
        return False
    return data[start::9].count(0xCB) == count


def check_nested(data: bytes, value: Any, heads: int, may_be_wide: bool) -> None:
    """Doubt containers within one another. Args: heads: how many there are at most."""
    if 0x5F in data and FORBIDDEN_BYTES in data:
        raise Doubt
    has_bin = 0xC4 in data or 0xC5 in data or 0xC6 in data
    has_maps = True
    if has_bin or may_be_wide or len(data) > MAX_NODES:
        has_maps = check_all(value, may_be_wide)
    elif heads > MAX_DEPTH:
        check_depth(value, heads)
    if has_maps and pack_anew(value) != data:
        raise Doubt


def check_depth(value: Any, heads: int) -> None:
    """Go down until all that may be left is not too deep, even if each is within the other."""
    level = [value]
    for depth in range(1, MAX_DEPTH + 1):
        heads -= len(level)
        if depth + heads <= MAX_DEPTH:
            return
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) in CONTAINERS
        ]
        if not level:
            return
    raise Doubt


def check_all(value: Any, may_be_wide: bool) -> bool:
    """Go through all levels, and doubt their number, keys, ints, and the number of values.

    Returns: whether there are maps.
    """
    level, kinds = [value], {type(value)}
    count = 1
    maps: list[dict[Any, Any]] = []
    for _ in range(MAX_DEPTH):
        if dict in kinds:
            maps += [outer for outer in level if type(outer) is dict]
        inner = inner_values(level, kinds)
        count += len(inner)
        kinds = kinds_of(inner, may_be_wide)
        if kinds.isdisjoint(CONTAINERS):
            break
        is_all = kinds <= CONTAINERS
        level = inner if is_all else [each for each in inner if type(each) in CONTAINERS]
    else:
        raise Doubt
    if count + sum(map(len, maps)) > MAX_NODES:
        raise Doubt
    check_keys(chain.from_iterable(maps))
    return bool(maps)


def inner_values(level: list[Any], kinds: set[type[Any]]) -> list[Any]:
    """Return all that containers of these kinds hold."""
    if dict not in kinds:
        return level[0] if len(level) == 1 else list(chain.from_iterable(level))
    return [each for outer in level for each in (outer.values() if type(outer) is dict else outer)]


def kinds_of(values: list[Any], may_be_wide: bool) -> set[type[Any]]:
    """Return the types of values; none, where there are numbers alone. Doubt their ints."""
    if are_numbers(values, may_be_wide):
        return set()
    kinds = set(map(type, values))
    if may_be_wide and int in kinds:
        check_ints(values)
    return kinds


def check_keys(keys: Iterable[Any]) -> None:
    """Doubt keys that are bin: nothing but str can be joined."""
    "".join(keys)


def check_ints(values: Collection[Any]) -> None:
    """Doubt ints beyond what JavaScript can hold."""
    if are_small(values):
        return
    ints = [value for value in values if type(value) is int]
    if ints and not are_small(ints):
        raise Doubt


def are_numbers(values: list[Any], may_be_wide: bool) -> bool:
    """Say whether there are numbers alone, within the bounds of ints. Most often the first value
    tells that there are not."""
    if not values or type(values[0]) not in NUMBERS:
        return False
    return are_small(values) if may_be_wide else is_sum(values)


def is_sum(values: list[Any]) -> bool:
    """Say whether there are numbers alone: nothing else adds up."""
    try:
        sum(values)
    except TypeError:
        return False
    return True


def are_small(values: Collection[Any]) -> bool:
    """Say whether there are numbers alone, within the bounds of ints: nothing else compares."""
    try:
        least = min(values)
        if least >= 0 and sum(values) <= MAX_INT:  # it adds in less time than it compares
            return True
        return bool(least >= -MAX_INT and max(values) <= MAX_INT)
    except (TypeError, ValueError):
        return False
