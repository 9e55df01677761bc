"""Where two answers differ, and the class that a difference belongs to."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any, NamedTuple

from clients.fuzz.codec.sides.adapter import Hello
from clients.fuzz.codec.sides.answer import ACCEPTED, ENDINGS, IGNORED, REFUSED, Answer
from clients.fuzz.codec.sides.shortcuts import RULES
from clients.fuzz.codec.sides.tagged import settle, tag
from clients.fuzz.inputs.case import Case, Reader, Verdict
from clients.fuzz.inputs.rules import REPORTED
from clients.fuzz.inputs.shortest import misread
from protocol.codec import packb, unpackb

VERDICT = "verdict"
CODE = "code"
OFFSET = "offset"
VALUE = "value"
AGAIN = "again"
OPCODE = "opcode"

EXPECTED = "expected"
"""What the engine says, as one of the two sides."""


NO_VALUE = object()
"""In place of what is no tagged JSON; it is no value of any message, not even nil."""


class Kind(NamedTuple):
    """A class of differences: one finding is written for each."""

    reader: str
    rule: str
    """The rule that is broken; of a legal message, the one that says why it is legal."""
    what: str
    """What differs; for our codec alone, the check that failed."""
    left: str
    """Who says what: "expected TRUNCATED"."""
    right: str


class Difference(NamedTuple):
    """One input that two sides judge differently."""

    kind: Kind
    case: Case
    left: tuple[str, Answer]
    right: tuple[str, Answer]


def difference(
    case: Case, what: str, left: tuple[str, Answer], right: tuple[str, Answer]
) -> Difference:
    rule = RULES.get(what) or case.rule or of_legal(case, what, left, right)
    words = (f"{name} {answer.word}" for name, answer in (left, right))
    if right[1].verdict in ENDINGS:  # which rule the input breaks does not matter then
        kind = Kind(case.reader.value, "", right[1].verdict, "", f"{right[0]}: {right[1].ending}")
    else:
        kind = Kind(case.reader.value, rule, what, *words)
    return Difference(kind, case, left, right)


def of_legal(case: Case, what: str, left: tuple[str, Answer], right: tuple[str, Answer]) -> str:
    """Return the rule that somebody forgets about a legal message.

    Whoever refuses it takes it for one that breaks a rule; of several that have this code, all are
    told. Whoever writes it wrongly forgets what its values are, or which form is the shortest.
    """
    code = left[1].code or right[1].code
    if code:
        return " or ".join(rule for rule in rules_of(case.reader) if code in REPORTED[rule])
    if what in (VALUE, AGAIN):
        with contextlib.suppress(ValueError):  # theirs may be no hex
            return misread(case.data, bytes.fromhex(right[1].again), case.reader)
    return ""


def rules_of(reader: Reader) -> Iterable[str]:
    """Return the rules that a reader refuses by: of a payload those of structure."""
    is_payload = reader is Reader.PAYLOAD
    return [rule for rule in REPORTED if not is_payload or rule.startswith(("3.3.3", "3.3.4"))]


def as_expected(verdict: Verdict, answer: Answer) -> str:
    """Say what of an answer is not as the engine expects; "" is nothing."""
    if answer.code == verdict.code and answer.offset == verdict.offset:
        # A frame that a client ignores is one that it does not refuse.
        is_right = answer.verdict in ((ACCEPTED, IGNORED) if verdict.code is None else (REFUSED,))
        return "" if is_right else VERDICT
    if verdict.code is None or answer.code is None:
        return VERDICT
    return CODE if answer.code != verdict.code else OFFSET


def expectation(verdict: Verdict) -> Answer:
    if verdict.code is None:
        return Answer(ACCEPTED)
    return Answer(REFUSED, verdict.code, verdict.offset)


def unlike(ours: Answer, theirs: Answer) -> str:
    """Say what differs before any value is looked at; "" is nothing."""
    if ours.verdict != theirs.verdict:
        return VERDICT
    if ours.code != theirs.code:
        return CODE
    if ours.offset != theirs.offset:
        return OFFSET
    return OPCODE if ours.opcode != theirs.opcode else ""


def unlike_values(reader: Reader, ours: Answer, theirs: Answer, hello: Hello) -> str:
    """Say what differs of two acceptances; "" is nothing."""
    if reader is not Reader.PAYLOAD:
        hello = hello._replace(is_lossy=False)  # a frame has no float
    is_same = ours.value == theirs.value
    if not is_same and settled(ours.value, hello) != settled(theirs.value, hello):
        return VALUE
    if ours.again == theirs.again or (reader is Reader.PAYLOAD and is_alike(ours, theirs, hello)):
        return ""
    return AGAIN


def settled(tagged: Any, hello: Hello) -> Any:
    try:
        return settle(tagged, hello.is_lossy, hello.is_unordered)
    except Exception:  # theirs may be anything
        return NO_VALUE


def is_alike(ours: Answer, theirs: Answer, hello: Hello) -> bool:
    """Say whether two payloads are one, but for a NaN's bits and what the hello takes out.

    Each must be its own shortest form.
    """
    try:
        packed = bytes.fromhex(theirs.again)
        if packb(unpackb(packed)) != packed:
            return False
        return bool(repacked(packed, hello) == repacked(bytes.fromhex(ours.again), hello))
    except Exception:  # theirs may be anything
        return False


def repacked(payload: bytes, hello: Hello) -> Any:
    return settled(tag(unpackb(payload)), hello)
