"""Where each value of a small message begins, found by a regular expression: a walk in C.

Bytes within a float may look like the head of anything, so that no search for suspicious bytes can
rule out what is not there. A walk from value to value can: it knows which bytes are heads. This one
takes only what needs no further look, and so it proves that there is

- no bin, no ext, no int of 64 bits and no `__proto__`;
- no container with more than 15 elements;
- none deeper than may be: there are `MAX_DEPTH - 1` at most, and pairs of floats within them.

It does not prove that a text is UTF-8, nor that the message has all that its heads claim and no
more: msgpack does. Nor does it prove that a key is there once.

No byte may begin two of the alternatives. So there is one way through a message (two for a place),
and the walk tries no others before it gives up. (CPython's possessive quantifiers would say so more
plainly, but those of its older versions are wrong where there are alternatives within.)
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
    return b"|".join(map(text, range(shortest, longest + 1)))


def text(size: int) -> bytes:
    forbidden = b"__proto__"
    but = rb"(?!%s)" % forbidden if size == len(forbidden) else b""
    # A few dots take less time than a count of them.
    dots = b"." * size if size <= 4 else b".{%d}" % size
    return rb"\x%02x%s%s" % (0xA0 + size, but, dots)


LONGER_TEXTS: Final = rb"(?=[\xa5-\xbf])(?:" + texts(5, 31) + rb")"
"""One look passes over all of them, where there is none."""

LEAF: Final = b"|".join((PAIR, FLOAT, texts(1, 4), ONE_BYTE, LONGER_TEXTS, *INTS))
"""What holds nothing but pairs. The most usual come first, as they are tried in order."""
LEAVES: Final = rb"(?:" + LEAF + rb")*"
CONTAINER: Final = rb"(?:[\x80-\x91\x93-\x9f]|(?!" + PAIR + rb")\x92)"
WITHIN: Final = rb"(?:%s%s){1,%d}" % (CONTAINER, LEAVES, MAX_DEPTH - 2)

PLACE: Final = rb"(?:\xa1." + FLOAT + rb")+"
"""Short keys with numbers. This is tried first, as most maps with floats are places."""

is_flat: Final = re.compile(rb"[\x80-\x9f](?:%s|%s)" % (PLACE, LEAVES), re.DOTALL).fullmatch
"""Matches an array or a map that holds nothing but pairs."""
is_nested: Final = re.compile(rb"[\x80-\x9f]" + LEAVES + WITHIN, re.DOTALL).fullmatch
"""Matches one that holds others."""
