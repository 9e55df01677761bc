"""Where each value of a small message begins, found by a regular expression: a walk in C.

Bytes within a float may look like the head of anything, so that no search for suspicious bytes can
rule out what is not there. A walk from value to value can: it knows which bytes are heads. This one
takes only what needs no further look, and so it proves that there is

- no bin, no ext and no int of 64 bits;
- no container with more than 15 elements;
- none deeper than may be: there are `MAX_DEPTH - 1` at most, and pairs of floats within them.

It does not prove that a text is UTF-8, nor that the message has all that its heads claim and no
more. msgpack does.
"""

from __future__ import annotations

import re
from typing import Final

from protocol.limits import MAX_DEPTH

FLOAT: Final = rb"\xcb" + b"." * 8
PAIR: Final = rb"\x92" + FLOAT + FLOAT
"""A place, a speed or a direction: the most usual of all arrays within others."""
ONE_BYTE: Final = rb"[\x00-\x7f\xe0-\xff\xc0\xc2\xc3\xa0]"
INTS: Final = (rb"\xcc.", rb"\xcd..", rb"\xce....", rb"\xd0.", rb"\xd1..", rb"\xd2....")


def texts(shortest: int, longest: int) -> bytes:
    """Return what matches a text of so many bytes."""
    sizes = range(shortest, longest + 1)
    return b"|".join(rb"\x%02x.{%d}" % (0xA0 + size, size) for size in sizes)


LEAF: Final = b"|".join((FLOAT, texts(1, 8), ONE_BYTE, PAIR, texts(9, 31), *INTS))
"""What holds nothing but pairs. The most usual come first, as they are tried in order."""

NUMBERED: Final = rb"(?:\xa1." + FLOAT + rb")*+"
"""Entries with a short key and a number, as a place has in a map: tried before all else."""
LEAVES: Final = rb"(?:" + LEAF + rb")*+"
ARRAY: Final = rb"[\x90-\x9f]" + LEAVES
MAP: Final = rb"([\x80-\x8f])" + LEAVES

walk: Final = re.compile(
    rb"[\x80-\x9f]%s%s(?:%s|%s){0,%d}+" % (NUMBERED, LEAVES, ARRAY, MAP, MAX_DEPTH - 2),
    re.DOTALL,
).fullmatch
"""Walks through an array or a map. Returns: a match, with a group if there is a map within; None if
there is anything that this walk does not take."""
