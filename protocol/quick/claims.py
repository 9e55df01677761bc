"""What heads of arrays claim: msgpack takes memory for elements before they come.

So a few bytes could take far more than they are worth. Here each byte that may be a head counts as
one.
"""

from __future__ import annotations

import re
from typing import Final

import msgpack

from protocol.limits import MAX_ELEMENTS

SPARE: Final = 64 * 1024
PER_BYTE: Final = 100
"""Bytes that a message may take while it is decoded: some, and some more for each of its own."""

LIST, SLOT = 72, 8
"""Bytes that a list takes, and those of each element that its head claims."""

SHORT: Final = LIST + SLOT * 15
"""Bytes that a container takes before it has what it claims; more, if it is an array with a longer
head. What a map claims takes none."""

HARMLESS: Final = (SPARE - SLOT * MAX_ELEMENTS) // (SHORT - PER_BYTE)
"""Bytes of a message that is worth all that it may claim, but for arrays with a longer head within
the outermost container."""

TINY: Final = 160
"""Bytes of a message that is worth all that it may claim, even if each third byte begins an array
that claims an element for each of them."""

STACKED: Final = 1024
"""Containers within one another at most, as msgpack goes."""

MAP_HEADS: Final = frozenset([*range(0x80, 0x90), 0xDE, 0xDF])
HEADS: Final = frozenset([*MAP_HEADS, *range(0x90, 0xA0), 0xDC, 0xDD])

OTHERS: Final = bytes(byte for byte in range(256) if byte not in HEADS)

ARRAY_STARTS: Final = {**dict.fromkeys(range(0x90, 0xA0), 1), 0xDC: 3, 0xDD: 5}
"""Where the first element of an array begins, by its head."""

LONG_16: Final = re.compile(rb"\xdc[\0-\4]")
LONG_32: Final = re.compile(rb"\xdd\0\0[\0-\4]")
"""What an array begins with that has a longer head, and claims no more than it may. Other bytes
may look so, too."""


def check_claims(data: bytes, most: int) -> None:
    """Go through a message that may claim more than it is worth, and build nothing.

    What is complete is worth what it takes. Of containers within one another, `STACKED` at most
    wait for what they claim, and may take what is spare and the worth of their heads.

    Small messages with short heads alone (`HARMLESS`) need not be given to this.

    Args: most: elements that each may claim.
    Raises: msgpack's errors, as decoding does.
    """
    if are_doubles(data):
        return
    heads = min(len(data.translate(None, OTHERS)), STACKED)
    if heads * (SHORT - PER_BYTE) + count_long(data) * SLOT * most > SPARE:
        walk = msgpack.Unpacker(max_buffer_size=len(data))
        walk.feed(data)
        walk.skip()


def count_long(data: bytes) -> int:
    """Return how many arrays with a longer head there may be."""
    return len(LONG_16.findall(data)) + len(LONG_32.findall(data))


def has_long_within(data: bytes) -> bool:
    """Say whether a container may have arrays with a longer head."""
    return (0xDC in data and LONG_16.search(data, 1) is not None) or (
        0xDD in data and LONG_32.search(data, 1) is not None
    )


def are_doubles(data: bytes) -> bool:
    """Say whether a message is an array of floats of 64 bits alone: then each ninth byte begins
    one."""
    start = ARRAY_STARTS.get(data[0], len(data))
    count, rest = divmod(len(data) - start, 9)
    if rest or count < 1 or data[start] != 0xCB:
        return False
    return data[start::9].count(0xCB) == count
