"""Messages from the codec lab's own writers, legal or damaged, with the answer that is right."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from random import Random

from hypothesis import reject
from hypothesis import strategies as st

from clients.fuzz.inputs.case import Case, Reader
from clients.fuzz.inputs.cases import case_of
from clients.fuzz.inputs.damages.deck import DAMAGES
from clients.fuzz.inputs.damages.harm import Damage
from clients.fuzz.inputs.judge import ACCEPTED
from clients.fuzz.inputs.writing.frames import message
from clients.fuzz.inputs.writing.nodes import Written

POOL = 1000
"""Legal messages of each reader. They are sorted, so that Hypothesis shrinks to a short one."""

LONGEST = 7000
"""Bytes of a message at most: Hypothesis prints what fails. `relay fuzz codec` has longer ones."""


@cache
def damage_names(reader: Reader) -> tuple[str, ...]:
    """Return the kinds of damage that messages of this reader can have.

    >>> "bad_utf8" in damage_names(Reader.PAYLOAD)
    True
    """
    return tuple(
        name
        for name, damage in DAMAGES.items()
        if reader in damage.readers
        and any(_case(Random(1), written, damage) for written in _pool(reader))
    )


@st.composite
def legal(draw: st.DrawFn, reader: Reader) -> Case:
    """Return messages that a reader must accept, with every form that is legal.

    Records have their keys in any order and unknown keys; a relay's frames may have fields that
    only a newer client knows.

    >>> from hypothesis import find
    >>> find(legal(Reader.CLIENT_FRAME), lambda case: True).data
    b'\\x91\\x08'
    """
    return Case(draw(st.sampled_from(_pool(reader))).data, reader, "none", "", ACCEPTED)


def damaged(reader: Reader, *kinds: str) -> st.SearchStrategy[Case]:
    """Return damaged messages. Each case says what a right codec answers, and by which rule.

    Some damage leaves a message legal: then the verdict has no code, and the message must be
    accepted.

    >>> from hypothesis import find
    >>> case = find(damaged(Reader.CLIENT_FRAME, "trailing"), lambda case: len(case.data) < 8)
    >>> case.verdict.code, case.rule
    ('TRAILING_BYTES', '3.3.4')

    Args:
        kinds: of these kinds only, by the names that `damage_names` gives; all if there are none.

    Raises:
        ValueError: messages of this reader have no such damage.
    """
    names = damage_names(reader)
    if unknown := [kind for kind in kinds if kind not in names]:
        raise ValueError(
            f"no damage of {reader.value} is called {', '.join(unknown)}; there are "
            f"{', '.join(names)}"
        )
    return _damaged(reader, tuple(DAMAGES[name] for name in kinds or names))


@st.composite
def _damaged(draw: st.DrawFn, reader: Reader, damages: tuple[Damage, ...]) -> Case:
    damage = draw(st.sampled_from(damages))
    fitting = _fitting(reader, damage)
    at = draw(st.integers(0, len(fitting) - 1))
    rng = Random(draw(st.integers(0, 2**32 - 1)))
    for written in fitting[at:] + fitting[:at]:
        if case := _case(rng, written, damage):
            return case
    reject()


@cache
def _fitting(reader: Reader, damage: Damage) -> list[Written]:
    """Return the messages that have room for a damage."""
    return [written for written in _pool(reader) if _case(Random(1), written, damage)]


def _case(rng: Random, written: Written, damage: Damage) -> Case | None:
    if damage.needs and damage.needs not in written.has:
        return None
    harm = damage.harm(rng, written)
    if harm is None:
        return None
    case = case_of(written, damage, harm)
    return case if len(case.data) <= LONGEST else None


@cache
def _pool(reader: Reader) -> list[Written]:
    rng = Random(1)
    pool = sorted((message(rng, reader) for _ in range(POOL)), key=lambda each: len(each.data))
    for one, other in pairwise([pool[-1], *pool]):
        other.neighbour = one.data
    return pool
