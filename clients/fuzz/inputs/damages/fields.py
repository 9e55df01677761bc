"""Fields that do not hold what the frame asks for; and all that they may hold, at its bounds."""

from __future__ import annotations

from functools import cache
from random import Random

from clients.fuzz.inputs.damages.harm import (
    FRAMES,
    THOUSANDS,
    USUAL,
    Edit,
    Fault,
    Harm,
    damage,
)
from clients.fuzz.inputs.writing.heads import pick
from clients.fuzz.inputs.writing.misfit import Misfit
from clients.fuzz.inputs.writing.misfits import (
    LENGTH,
    LONGEST,
    MANY,
    RANGE,
    TYPE,
    fitting,
    full,
    misfits,
)
from clients.fuzz.inputs.writing.nodes import Node, Written
from protocol.fields.field_types import FieldType


@damage(FRAMES, 2 * USUAL)
def wrong_type(rng: Random, written: Written) -> Harm | None:
    return _misfit(rng, written.asked, TYPE)


@damage(FRAMES, 3 * USUAL)
def out_of_range(rng: Random, written: Written) -> Harm | None:
    return _misfit(rng, written.asked, RANGE)


@damage(FRAMES, needs="lists")
def too_many_for_field(rng: Random, written: Written) -> Harm | None:
    return _misfit(rng, written.lists, MANY)


@damage(FRAMES, needs="lists")
def wrong_fixed_length(rng: Random, written: Written) -> Harm | None:
    return _misfit(rng, written.lists, LENGTH)


@damage(FRAMES, 2 * USUAL)
def at_bound(rng: Random, written: Written) -> Harm | None:
    """Put the least, the most or the longest that a field takes, under any head."""
    node = pick(rng, written.asked) if written.asked else None
    if node is None or node.is_key or node.wants is None:
        return None
    values = fitting(node.wants)
    if not values:
        return None
    return Harm((Edit(node.start, node.end, pick(rng, values)),), None)


@damage(FRAMES, needs="lists", alone=True)
def full_list(rng: Random, written: Written) -> Harm | None:
    """Give a list as many elements as the field takes."""
    node = pick(rng, written.lists) if written.lists else None
    if node is None or node.wants is None or not (values := full(node.wants)):
        return None
    if len(values[0]) > LONGEST and rng.random() > THOUSANDS:
        return None
    return Harm((Edit(node.start, node.end, pick(rng, values)),), None)


@damage(FRAMES, judged=True)
def swapped_fields(rng: Random, written: Written) -> Harm | None:
    """Swap two fields of a frame, or two values that stand elsewhere in it."""
    nodes = written.fields if rng.random() < 0.7 else written.values
    if len(nodes) < 2:
        return None
    one, other = sorted(rng.sample(nodes, 2), key=lambda node: node.start)
    if other.start < one.end:
        return None
    data = written.data
    edits = (
        Edit(one.start, one.end, data[other.start : other.end]),
        Edit(other.start, other.end, data[one.start : one.end]),
    )
    return Harm(edits, None)


def _misfit(rng: Random, nodes: list[Node], blame: tuple[str, str]) -> Harm | None:
    node = pick(rng, nodes) if nodes else None
    if node is None or node.wants is None or (node.is_key and blame != RANGE):
        return None
    found = blamed(node.wants, blame)
    if not found:
        return None
    misfit = pick(rng, found)
    place = (*node.place, *misfit.place)
    fault = Fault(misfit.rule, misfit.code, node.start, misfit.inner, place)
    return Harm((Edit(node.start, node.end, misfit.new),), fault)


@cache
def blamed(field: FieldType, blame: tuple[str, str]) -> tuple[Misfit, ...]:
    """Return the values that a field refuses by this rule, with this code."""
    return tuple(misfit for misfit in misfits(field) if (misfit.rule, misfit.code) == blame)
