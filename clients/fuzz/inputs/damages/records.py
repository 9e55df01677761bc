"""Damage to records: keys that are missing, that are nil, or of which several are wrong."""

from __future__ import annotations

from dataclasses import MISSING
from functools import cache
from random import Random

from clients.fuzz.inputs.damages.harm import FRAMES, USUAL, Edit, Fault, Harm, damage
from clients.fuzz.inputs.damages.keys import added, key_of
from clients.fuzz.inputs.writing.fields import record_of
from clients.fuzz.inputs.writing.heads import NIL, Kind, heads, pick
from clients.fuzz.inputs.writing.misfit import Misfit
from clients.fuzz.inputs.writing.misfits import fitting, misfits
from clients.fuzz.inputs.writing.nodes import Node, Written
from protocol.fields.field_types import FieldType
from protocol.fields.schema import Record, record_fields

Chosen = tuple[int, bytes, FieldType]
"""A key of a record: its place in section 5, its name and its type."""


@damage(FRAMES, 2 * USUAL, needs="records")
def nil_for_default(rng: Random, written: Written) -> Harm | None:
    """Say nil where a key should be absent."""
    return _extra(rng, written, nil=True)


@damage(FRAMES, 2 * USUAL, needs="records")
def wrong_key_added(rng: Random, written: Written) -> Harm | None:
    """Add a known key, with a value that it may not have, after all others."""
    return _extra(rng, written, nil=False)


@damage(FRAMES, 4 * USUAL, needs="records")
def required_key_missing(rng: Random, written: Written) -> Harm | None:
    """Leave out a key that must be there."""
    node, record = _record(rng, written)
    if node is None or record is None:
        return None
    needed = [key for key in _keys(record) if key[0] in _required(record)]
    if not needed:
        return None
    index, name, _ = pick(rng, needed)
    pairs = zip(node.children[::2], node.children[1::2], strict=True)
    for key, value in pairs:
        if written.data[key.body : key.end] == name:
            head = heads(Kind.MAP, len(node.children) // 2 - 1)[0]
            edits = (Edit(node.start, node.body, head), Edit(key.start, value.end, b""))
            fault = Fault("3.3.7.3", "WRONG_TYPE", node.start, 0, (*node.place, index))
            return Harm(edits, fault)
    return None


@damage(FRAMES, 2 * USUAL, needs="records")
def several_wrong_keys(rng: Random, written: Written) -> Harm | None:
    """Write a record in which several keys are wrong: the one to blame is not the first to come,
    but the first in the order of section 5."""
    node, record = _record(rng, written)
    if node is None or record is None:
        return None
    chosen = [key for key in _keys(record) if misfits(key[2])]
    wrong = sorted(rng.sample(chosen, min(len(chosen), 2 + int(rng.random() * 2))))
    least = wrong[0][0]
    if any(index < least and not _plain(record, index) for index in _required(record)):
        return None
    return _written_anew(rng, node, record, wrong)


@damage(FRAMES, 2 * USUAL, needs="records")
def required_key_missing_and_worse(rng: Random, written: Written) -> Harm | None:
    """Leave out a key that must be there, and let another be wrong: each has its turn."""
    node, record = _record(rng, written)
    if node is None or record is None or not _required(record):
        return None
    missing = pick(rng, sorted(_required(record)))
    others = [key for key in _keys(record) if key[0] != missing and misfits(key[2])]
    wrong = [pick(rng, others)]
    harm = _written_anew(rng, node, record, wrong, missing)
    if wrong[0][0] < missing:
        return harm
    fault = Fault("3.3.7.3", "WRONG_TYPE", node.start, 0, (*node.place, missing))
    return harm._replace(fault=fault)


def _written_anew(
    rng: Random, node: Node, record: Record, wrong: list[Chosen], missing: int = -1
) -> Harm:
    bad = {index: pick(rng, misfits(field)) for index, _, field in wrong}
    needed = _required(record) - bad.keys() - {missing}
    good = [key for key in _keys(record) if key[0] in needed and _plain(record, key[0])]
    keys = [*wrong, *good]
    rng.shuffle(keys)
    new = heads(Kind.MAP, len(keys))[0]
    blame = Misfit(b"", "", "")
    for index, name, field in keys:
        new += key_of(rng, name)
        if index == wrong[0][0]:
            blame = bad[index]._replace(inner=len(new) + bad[index].inner)
        new += bad[index].new if index in bad else fitting(field)[0]
    place = (*node.place, wrong[0][0], *blame.place)
    fault = Fault(blame.rule, blame.code, node.start, blame.inner, place)
    return Harm((Edit(node.start, node.end, new),), fault)


def _extra(rng: Random, written: Written, nil: bool) -> Harm | None:
    node, record = _record(rng, written)
    if node is None or record is None:
        return None
    held = {written.data[key.body : key.end] for key in node.children[::2]}
    absent = [key for key in _keys(record) if key[1] not in held and misfits(key[2])]
    if not absent:
        return None
    index, name, field = pick(rng, absent)
    misfit = Misfit(NIL, "3.3.7.1", "WRONG_TYPE") if nil else pick(rng, misfits(field))
    key = key_of(rng, name)
    place = (*node.place, index, *misfit.place)
    fault = Fault(misfit.rule, misfit.code, node.end, len(key) + misfit.inner, place)
    return Harm(added(rng, node, key + misfit.new), fault)


def _record(rng: Random, written: Written) -> tuple[Node | None, Record | None]:
    node = pick(rng, written.records)
    return node, record_of(node.wants)


@cache
def _keys(record: Record) -> tuple[Chosen, ...]:
    return tuple(
        (index, name.encode(), field_type)
        for index, (name, field_type, _) in enumerate(record_fields(record.cls))
    )


@cache
def _required(record: Record) -> frozenset[int]:
    return frozenset(
        index
        for index, (_, _, default) in enumerate(record_fields(record.cls))
        if default is MISSING
    )


def _plain(record: Record, index: int) -> bool:
    """Say whether a key has a value that is written out."""
    return bool(fitting(record_fields(record.cls)[index].field_type))
