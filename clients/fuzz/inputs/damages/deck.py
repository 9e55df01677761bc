"""All damages, and how often each is drawn for which reader."""

from __future__ import annotations

from functools import cache
from random import Random
from types import ModuleType
from typing import Final

from clients.fuzz.inputs.case import Reader
from clients.fuzz.inputs.damages import (
    bombs,
    cuts,
    envelope,
    fields,
    forms,
    heads,
    keys,
    lengths,
    records,
    splices,
    texts,
)
from clients.fuzz.inputs.damages.harm import (
    ALL,
    USUAL,
    Damage,
    Harm,
    damage,
    edited,
    together,
)
from clients.fuzz.inputs.writing.heads import pick
from clients.fuzz.inputs.writing.nodes import Written

FAMILIES: Final = (
    *(envelope, cuts, heads, lengths, bombs, texts, keys, fields, records, forms, splices),
)


def damages_of(family: ModuleType) -> list[Damage]:
    return [each for each in vars(family).values() if isinstance(each, Damage)]


SIMPLE: Final = {each.name: each for family in FAMILIES for each in damages_of(family)}
"""Damages that do one thing, by name."""


@damage(ALL, 12 * USUAL)
def several_faults(rng: Random, written: Written) -> Harm | None:
    """Damage a message in two to four ways at once: the first of SPEC 3.3's order decides."""
    deck = deck_of(written.reader, known=True)
    harms = []
    for _ in range(2 + int(rng.random() ** 2 * 3)):
        harm = pick(rng, deck).harm(rng, written)
        if harm is not None and not harm.alone:
            harms.append(harm)
    return together(harms) if len(harms) > 1 else None


@damage(ALL, 2 * USUAL, judged=True)
def damaged_and_cut(rng: Random, written: Written) -> Harm | None:
    """Damage a message, then cut it anywhere."""
    harm = pick(rng, deck_of(written.reader, known=True)).harm(rng, written)
    if harm is None or harm.alone:
        return None
    data = edited(written.data, harm.edits)
    size = int(rng.random() * len(data))
    return harm._replace(
        edits=(harm.edits[0]._replace(start=0, stop=len(written.data), new=data[:size]),),
        fault=None,
    )


DAMAGES: Final = {
    **SIMPLE,
    several_faults.name: several_faults,
    damaged_and_cut.name: damaged_and_cut,
}
"""All damages by name."""


@cache
def deck_of(reader: Reader, known: bool = False) -> tuple[Damage, ...]:
    """Return the damages that a reader's messages may take, each as often as its share.

    Args:
        known: only those of one thing, whose fault is known without the judge.
    """
    damages = SIMPLE if known else DAMAGES
    return tuple(
        each
        for each in damages.values()
        if reader in each.readers and not (known and each.judged)
        for _ in range(each.share)
    )
