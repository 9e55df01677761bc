"""The lab's engine as a mutator: it damages what a fuzzer found worth keeping."""

from __future__ import annotations

from random import Random

from clients.fuzz.inputs.case import Reader
from clients.fuzz.inputs.cases import READERS
from clients.fuzz.inputs.damages import splices
from clients.fuzz.inputs.damages.deck import damages_of, deck_for
from clients.fuzz.inputs.damages.harm import Damage, edited
from clients.fuzz.inputs.judge import ACCEPTED, judge
from clients.fuzz.inputs.writing.frames import message
from clients.fuzz.inputs.writing.heads import pick
from clients.fuzz.inputs.writing.nodes import Written
from tests.fuzz.mutating.reading import written

FRESH = 0.1
"""How often an input is written anew."""

BLIND = tuple(
    damage
    for damage in damages_of(splices)
    # These look for values.
    if damage not in (splices.grafted, splices.other_head, splices.value_moved)
)
"""Damages that need no legal message."""

neighbours = {reader: message(Random(1), reader).data for reader in READERS}
"""The last legal message of each reader, to splice with."""


def another(rng: Random, data: bytes, reader: Reader) -> bytes:
    """Return another message: mostly this one with a damage, now and then a legal one."""
    if rng.random() < FRESH:
        return message(rng, reader).data
    if judge(data, reader)[1] == ACCEPTED and (known := legal(data, reader)):
        return damaged(rng, known, deck_for(known))
    return damaged(rng, Written(reader, None, data or b"\x90", [], neighbours[reader]), BLIND)


def legal(data: bytes, reader: Reader) -> Written | None:
    """Return what is known of a legal message; None of one that only a newer relay sends."""
    known = written(data, reader)
    if known.frame is None and reader is not Reader.PAYLOAD:
        return None
    known.neighbour, neighbours[reader] = neighbours[reader], data
    return known


def damaged(rng: Random, known: Written, deck: tuple[Damage, ...]) -> bytes:
    while True:
        if harm := pick(rng, deck).harm(rng, known):
            return edited(known.data, harm.edits)
