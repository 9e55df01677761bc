"""The lab's inputs, without an end: the same seed gives the same ones."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Final

from clients.fuzz.inputs.case import Case as Case
from clients.fuzz.inputs.case import Reader as Reader
from clients.fuzz.inputs.case import Verdict as Verdict
from clients.fuzz.inputs.damages.deck import deck_for
from clients.fuzz.inputs.damages.harm import Damage, Harm, edited, offset_of
from clients.fuzz.inputs.judge import ACCEPTED, judge
from clients.fuzz.inputs.writing.frames import frame, message
from clients.fuzz.inputs.writing.heads import pick
from clients.fuzz.inputs.writing.nodes import Written
from protocol.frames import Frame

OF_EACH: Final = 16
"""Damages that each legal message takes, one after another."""

READERS: Final = tuple(Reader)


def cases(seed: int, reader: Reader | None = None) -> Iterator[Case]:
    """Yield inputs for ever, of one reader or of all.

    Of every 17 one is legal, and the others are damaged forms of it.
    """
    rng = Random(seed)
    neighbours = {each: message(rng, each).data for each in READERS}
    while True:
        reads = reader or pick(rng, READERS)
        written = message(rng, reads)
        written.neighbour = neighbours[reads]
        neighbours[reads] = written.data
        yield from forms(rng, written)


def cases_of(seed: int, reader: Reader, *classes: type[Frame]) -> Iterator[Case]:
    """Yield inputs for ever that are, or began as, frames of these classes."""
    rng = Random(seed)
    neighbour = b""
    while True:
        written = frame(rng, reader, pick(rng, classes))
        written.neighbour = neighbour
        neighbour = written.data
        yield from forms(rng, written)


def forms(rng: Random, written: Written) -> Iterator[Case]:
    """Yield a legal message, and damaged forms of it."""
    yield Case(written.data, written.reader, "none", "", ACCEPTED)
    deck = deck_for(written)
    for _ in range(OF_EACH):
        yield damaged(rng, written, deck)


def damaged(rng: Random, written: Written, deck: tuple[Damage, ...]) -> Case:
    """Damage a message in one of the ways of a deck that it has room for."""
    while True:
        damage = pick(rng, deck)
        harm = damage.harm(rng, written)
        if harm is not None:
            return case_of(written, damage, harm)


def case_of(written: Written, damage: Damage, harm: Harm) -> Case:
    """Return what a harm makes of a message, and the right answer to it."""
    data = edited(written.data, harm.edits)
    if damage.judged:
        rule, verdict = judge(data, written.reader)
        return Case(data, written.reader, damage.name, rule, verdict)
    fault = harm.fault
    if fault is None or fault.code is None:
        return Case(data, written.reader, damage.name, "", ACCEPTED)
    verdict = Verdict(fault.code, offset_of(fault, harm.edits, len(data)))
    return Case(data, written.reader, damage.name, fault.rule, verdict)
