"""The smallest input that still shows a difference of the same kind.

First its structure is made smaller: elements go, and texts are cut. Then bytes are taken out, in
halves first and singly last; of short inputs also together with a step down of a byte before them,
as a length is. All candidates of a round are judged as one batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from clients.fuzz.codec.pieces import cut, pruned

Holds = Callable[[Sequence[bytes]], Sequence[bool]]
"""For each candidate, whether it still shows the difference. It may stop after the first."""

ROUND = 32
"""Candidates that are judged together."""

SHORT = 96
"""Bytes up to which lengths are stepped down, too."""

REACH = 24
"""Bytes before what is taken out among which the count of its container is looked for."""

LENGTH = 4
"""Bytes before what is taken out among which its length is looked for."""

MOST = 5_000
"""Candidates for one input at most."""

FEW = 500
MOST_BYTES = 1 << 20
"""Of an input so long that its candidates come to more bytes than that, only a few are tried."""


def shrink(data: bytes, holds: Holds, most: int = MOST, at_once: int = ROUND) -> bytes:
    """Return the smallest input that `holds`, as far as `most` candidates lead."""
    left = min(most, max(FEW, MOST_BYTES // (len(data) + 1)))
    while left > 0:
        tried, smaller = first(candidates(data), holds, left, at_once)
        left -= tried
        if smaller is None:
            break
        data = smaller
    return data


def first(
    stream: Iterator[bytes], holds: Holds, most: int, at_once: int
) -> tuple[int, bytes | None]:
    """Return how many were tried, and the first that holds."""
    tried = 0
    while tried < most and (batch := list(islice(stream, at_once))):
        tried += len(batch)
        for candidate, still in zip(batch, holds(batch), strict=False):
            if still:
                return tried, candidate
    return tried, None


def candidates(data: bytes) -> Iterator[bytes]:
    """Yield smaller inputs, the smallest first."""
    yield from pruned(data)
    yield from cut(data)
    size = len(data) // 2
    while size:
        for at in range(0, len(data), size):
            yield data[:at] + data[at + size :]
        size //= 2
    if len(data) <= SHORT:
        yield from shortened(data)
        yield from lowered(data)


def shortened(data: bytes) -> Iterator[bytes]:
    """Yield inputs without some bytes, in which a length or a count before them is lower."""
    for size in range(1, len(data) // 2 + 1):
        for at in range(1, len(data) - size + 1):
            for length in range(max(0, at - REACH), at):
                # A length of bytes stands right before them; an element is one, however long.
                step = size if at - length <= LENGTH else 1
                if data[length] >= step:
                    lower = bytes([data[length] - step])
                    yield data[:length] + lower + data[length + 1 : at] + data[at + size :]


def lowered(data: bytes) -> Iterator[bytes]:
    """Yield inputs of the same length in which one byte is nil or zero: simpler to read."""
    for at, byte in enumerate(data):
        for simple in (0x00, 0xC0):
            if byte > simple and byte not in (0x00, 0xC0):
                yield data[:at] + bytes([simple]) + data[at + 1 :]
