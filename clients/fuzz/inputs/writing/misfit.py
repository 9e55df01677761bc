"""A value that a field refuses, and containers with one inside."""

from __future__ import annotations

from typing import NamedTuple

from clients.fuzz.inputs.writing.heads import Kind, heads
from clients.fuzz.inputs.writing.nodes import Place


class Misfit(NamedTuple):
    """A value that a field refuses."""

    new: bytes
    rule: str
    code: str
    inner: int = 0
    """Where in it the blamed byte is."""
    place: Place = ()
    """Where within the value the blame is, in the order of SPEC 3.3.7."""


def within(before: list[bytes], bad: Misfit, after: list[bytes]) -> Misfit:
    """Put what does not fit into an array, after what fits."""
    return inside(
        heads(Kind.ARRAY, len(before) + 1 + len(after))[0] + b"".join(before),
        bad,
        len(before),
        b"".join(after),
    )


def inside(before: bytes, bad: Misfit, index: int, after: bytes) -> Misfit:
    return Misfit(
        before + bad.new + after,
        bad.rule,
        bad.code,
        len(before) + bad.inner,
        (index, *bad.place),
    )
