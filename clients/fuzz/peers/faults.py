"""What a peer under test can do wrong."""

from __future__ import annotations

from typing import Final

MOST_SHOWN: Final = 200
FIRST: Final = 30
"""Characters that are shown of a text's beginning, if its end says most."""


class Fault(Exception):
    """A promise of SPEC.md, or of RFC 6455, was not kept.

    Attributes:
        kind: a word, such as "lost" or "wrong_close"; expected, got: in words.
        step: what was done to the peer when it happened.
    """

    def __init__(self, kind: str, expected: object, got: object, step: str = "") -> None:
        super().__init__(f"{kind}: expected {shown(expected)}, got {shown(got)}")
        self.kind = kind
        self.expected = shown(expected)
        self.got = shown(got)
        self.step = step


def shown(value: object) -> str:
    """Return a value in words, cut where it is long."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}... ({len(text)} characters)"


def last_of(text: str) -> str:
    """Return a text of which the last words say most, cut in its midst where it is long."""
    if len(text) <= MOST_SHOWN:
        return text
    gap = " ... "
    return f"{text[:FIRST]}{gap}{text[FIRST + len(gap) - MOST_SHOWN :]}"


def differ(expected: list[object], got: list[object], step: str) -> Fault:
    """Name the difference between what should have been told, in order, and what was."""
    at = next(
        (at for at, (one, other) in enumerate(zip(expected, got, strict=False)) if one != other),
        min(len(expected), len(got)),
    )
    wanted = expected[at] if at < len(expected) else "nothing more"
    told = got[at] if at < len(got) else "nothing more"
    return Fault(kind_of(expected, got, at), f"#{at}: {shown(wanted)}", shown(told), step)


def kind_of(expected: list[object], got: list[object], at: int) -> str:
    """Say whether the difference at an index is something lost, doubled, reordered or wrong."""
    if at >= len(got):
        return "lost"
    if got.count(got[at]) > expected.count(got[at]) > 0:
        return "doubled"
    if at >= len(expected) or got[at] not in expected:
        return "wrong"
    if expected[at] in got:
        return "reordered"
    return "lost"
