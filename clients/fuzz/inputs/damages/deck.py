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
    Edit,
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


@damage(ALL, 8 * USUAL)
def several_faults(rng: Random, written: Written) -> Harm | None:
    """Damage a message in two to four ways at once: the first of SPEC 3.3's order decides."""
    deck = deck_for(written, combined=True)
    drawn = (pick(rng, deck).harm(rng, written) for _ in range(2 + int(rng.random() * 3)))
    return together(harm for harm in drawn if harm is not None)


@damage(ALL, USUAL, judged=True)
def damaged_and_cut(rng: Random, written: Written) -> Harm | None:
    """Damage a message, then cut it anywhere."""
    harm = pick(rng, deck_for(written, combined=True)).harm(rng, written)
    if harm is None:
        return None
    data = edited(written.data, harm.edits)
    size = int(rng.random() * len(data))
    return Harm((Edit(0, len(written.data), data[:size]),), None)


DAMAGES: Final = {
    **SIMPLE,
    several_faults.name: several_faults,
    damaged_and_cut.name: damaged_and_cut,
}
"""All damages by name."""


def deck_for(written: Written, combined: bool = False) -> tuple[Damage, ...]:
    """Return the damages that a message has room for, each as often as its share.

    Args:
        combined: only those that may be combined with others.
    """
    return deck_of(written.reader, written.has, combined)


@cache
def deck_of(reader: Reader, has: frozenset[str], combined: bool) -> tuple[Damage, ...]:
    return tuple(
        each
        for each in (SIMPLE if combined else DAMAGES).values()
        if reader in each.readers
        and (not each.needs or each.needs in has)
        and not (combined and each.alone)
        for _ in range(each.share)
    )
