"""The checker finds every deliberate damage to the journals of a perfect room."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import TypeVar

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.chaos.checker import check
from tests.chaos.journal import Began, Delivered, Heard, Journal, Live, Refused, Sent
from tests.chaos.steps import STEPS, Steps, play

SOMETHING_OF_ALL: Steps = [
    ("trim", 1, None),
    ("nonsense", 0, None),
    ("join", 0, None),
    ("send", 0, None),
    ("send", 0, True),
    ("send", 1, (1, 2)),
    ("send", 1, True),
]
"""Draws where to do the damage."""

Site = TypeVar("Site")
Places = list[tuple[Journal, int, Delivered]]


def deliveries(journals: list[Journal]) -> Places:
    """Find all deliveries: the journal, the index in it, and the fact."""
    return [
        (journal, index, fact)
        for journal in journals
        for index, fact in enumerate(journal.heard)
        if isinstance(fact, Delivered)
    ]


def is_witnessed(journals: list[Journal], fact: Heard) -> bool:
    """Whether others heard it, too, so that its place is known without this hearer."""
    return sum(fact in journal.heard for journal in journals) > 1


def sent_by(journals: list[Journal], fact: Delivered) -> Sent:
    said = next(journal.said for journal in journals if journal.label == fact.label)
    return next(each for each in said if isinstance(each, Sent) and each.number == fact.number)


def is_for_group(journals: list[Journal], fact: Delivered) -> bool:
    target = sent_by(journals, fact).target
    return isinstance(target, int) and target < 0


def skip(journals: list[Journal], draw: st.DataObject) -> None:
    sites = [
        (journal, index)
        for journal, index, fact in deliveries(journals)
        if journal.is_complete
        and is_witnessed(journals, fact)
        and not is_for_group(journals, fact)
        # The last fact before a reset may be missing: the reset announces that.
        and not any(isinstance(heard, Began) for heard in journal.heard[index:])
    ]
    journal, index = pick(draw, sites)
    del journal.heard[index]


def double(journals: list[Journal], draw: st.DataObject) -> None:
    journal, index, fact = pick(draw, deliveries(journals))
    journal.heard.insert(index + 1, fact)


def swap(journals: list[Journal], draw: st.DataObject) -> None:
    places = deliveries(journals)
    sites = [
        (journal, index)
        for (journal, index, _), (other, following, _) in pairwise(places)
        if journal is other and following == index + 1
    ]
    journal, index = pick(draw, sites)
    heard = journal.heard
    heard[index], heard[index + 1] = heard[index + 1], heard[index]


def renumber(journals: list[Journal], draw: st.DataObject) -> None:
    """Swap two frames for one receiver."""
    places = [place for place in deliveries(journals) if is_witnessed(journals, place[2])]
    sites = [
        (journal, one, other, first, second)
        for journal, one, first in places
        for again, other, second in places
        if journal is again and one < other
    ]
    journal, one, other, first, second = pick(draw, sites)
    journal.heard[one] = replace(second, seq=first.seq)
    journal.heard[other] = replace(first, seq=second.seq)


def misdeliver(journals: list[Journal], draw: st.DataObject) -> None:
    """Let one player hear a frame that was for others, at its proper place in the order."""
    sites = [
        (journal, index, fact)
        for _, _, fact in deliveries(journals)
        for journal in journals
        if fact not in journal.heard and not is_for_group(journals, fact)
        and (index := place_for(journal, fact)) is not None
    ]  # fmt: skip
    journal, index, fact = pick(draw, sites)
    journal.heard.insert(index, fact)


def place_for(journal: Journal, fact: Delivered) -> int | None:
    """Return where a fact would be between two facts of a live stream."""
    for index, (one, other) in enumerate(pairwise(journal.heard)):
        match one, other:
            case ((Live(seq=low) | Delivered(seq=low)), Delivered(seq=high)) if (
                low < fact.seq < high
            ):
                return index + 1
    return None


def forge(journals: list[Journal], draw: st.DataObject) -> None:
    journal, index, fact = pick(draw, deliveries(journals))
    journal.heard[index] = replace(fact, number=10**6)


def forget_reason(journals: list[Journal], draw: st.DataObject) -> None:
    sites = [
        (journal, index, heard)
        for journal in journals
        for index, heard in enumerate(journal.heard)
        if isinstance(heard, Began) and heard.reason
    ]
    journal, index, began = pick(draw, sites)
    journal.heard[index] = replace(began, reason="")


def skip_refusal(journals: list[Journal], draw: st.DataObject) -> None:
    sites = [
        (journal, heard)
        for journal in journals
        for heard in journal.heard
        if isinstance(heard, Refused)
        and journal.is_complete
        and sum(isinstance(each, Began) for each in journal.heard) == 1
    ]
    journal, refused = pick(draw, sites)
    journal.heard.remove(refused)


def refuse_twice(journals: list[Journal], draw: st.DataObject) -> None:
    sites = [
        (journal, index, heard)
        for journal in journals
        for index, heard in enumerate(journal.heard)
        if isinstance(heard, Refused)
    ]
    journal, index, refused = pick(draw, sites)
    journal.heard.insert(index + 1, replace(refused, seq=10**6))


def pick(draw: st.DataObject, sites: list[Site]) -> Site:
    """Draw where to do the damage. A history without such a place does not count."""
    assume(sites)
    return draw.draw(st.sampled_from(sites))


Damage = Callable[[list[Journal], st.DataObject], None]


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (skip, "lost"),
        (double, "doubled"),
        (swap, "reordered"),
        (renumber, "reordered"),
        (misdeliver, "misdelivered"),
        (forge, "unexplained"),
        (forget_reason, "unexplained"),
        (skip_refusal, "lost"),
        (refuse_twice, "doubled"),
    ],
)
@given(steps=STEPS, draw=st.data())
def test_damage_is_found(damage: Damage, kind: str, steps: Steps, draw: st.DataObject) -> None:
    journals = play(steps + SOMETHING_OF_ALL)
    damage(journals, draw)
    report = check(journals)
    assert getattr(report, kind) > 0, report
    assert not report.is_clean


# Damage to the past that late joiners hear.

SOMETHING_OF_THE_PAST: Steps = [
    ("join", 0, None),
    ("send", 0, (2, 3)),
    ("send", 0, None),
    ("send", 1, True),
    ("join", 0, None),
]


def past(journals: list[Journal]) -> Places:
    """Find all deliveries before LIVE, of others than the hearer, that somebody heard in time."""
    sites: Places = []
    for journal in journals:
        is_live = False
        for index, heard in enumerate(journal.heard):
            if isinstance(heard, Began | Live):
                is_live = isinstance(heard, Live)
            elif isinstance(heard, Delivered) and not is_live and heard.label != journal.label:
                sites.append((journal, index, heard))
    return [site for site in sites if is_witnessed(journals, site[2])]


def skip_past(journals: list[Journal], draw: st.DataObject) -> None:
    journal, index, _ = pick(draw, past(journals))
    del journal.heard[index]


def double_past(journals: list[Journal], draw: st.DataObject) -> None:
    journal, index, fact = pick(draw, past(journals))
    journal.heard.insert(index + 1, fact)


def swap_past(journals: list[Journal], draw: st.DataObject) -> None:
    sites = [
        (journal, index)
        for (journal, index, _), (other, following, _) in pairwise(past(journals))
        if journal is other and following == index + 1
    ]
    journal, index = pick(draw, sites)
    heard = journal.heard
    heard[index], heard[index + 1] = heard[index + 1], heard[index]


def tell_secrets(journals: list[Journal], draw: st.DataObject) -> None:
    """Let a late joiner hear a frame that was for others alone."""
    directed = [
        fact
        for _, _, fact in deliveries(journals)
        if isinstance(sent_by(journals, fact).target, tuple)
    ]
    sites = [
        (journal, index, fact)
        for fact in directed
        for journal, index, after in past(journals)
        if fact.seq < after.seq and fact not in journal.heard
    ]
    journal, index, fact = pick(draw, sites)
    journal.heard.insert(index, fact)


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (skip_past, "lost"),
        (double_past, "doubled"),
        (swap_past, "reordered"),
        (tell_secrets, "misdelivered"),
    ],
)
@given(steps=STEPS, draw=st.data())
def test_damage_to_the_past_is_found(
    damage: Damage, kind: str, steps: Steps, draw: st.DataObject
) -> None:
    journals = play(steps + SOMETHING_OF_THE_PAST, has_history=True)
    damage(journals, draw)
    report = check(journals, has_history=True)
    assert getattr(report, kind) > 0, report
    assert not report.is_clean


@given(steps=STEPS)
def test_a_past_that_is_cut_without_a_word_is_found(steps: Steps) -> None:
    journals = play(steps + SOMETHING_OF_THE_PAST, has_history=True, remembers=1)
    joined_last = journals[-1].heard
    live = next(heard for heard in joined_last if isinstance(heard, Live))
    assume(any(fact.seq == live.complete_from for _, _, fact in deliveries(journals)))
    joined_last[joined_last.index(live)] = replace(live, complete_from=0)
    assert check(journals, has_history=True).lost > 0
