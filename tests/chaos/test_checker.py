"""The checker finds nothing wrong with a perfect room, and every deliberate damage to one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import TypeVar

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from protocol.fields.numbers import NoticeKind
from tests.chaos.checker import check
from tests.chaos.journal import (
    Announced,
    Began,
    Delivered,
    GivenUp,
    Heard,
    Journal,
    Live,
    Noticed,
    Reached,
    Refused,
    Sent,
    Updated,
)
from tests.chaos.perfect import PerfectRoom

Steps = list[tuple[str, int, object]]

STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["send"] * 8
            + ["join", "leave", "cut", "resume", "subscribe", "transfer", "nonsense", "trim"]
        ),
        st.integers(0, 7),
        st.sampled_from([None, True, 0, 1, 2, 3, (1, 2), (2, 3, 4), (), -1, -2]),
    ),
    max_size=60,
)


def play(
    steps: Steps,
    *,
    crash_at: int | None = None,
    has_history: bool = False,
    remembers: int | None = None,
) -> list[Journal]:
    """Return the journals of a perfect room in which all this happened."""
    room = PerfectRoom(has_history=has_history, remembers=remembers)
    for _ in range(3):
        room.join()
    for index, (what, who, detail) in enumerate(steps):
        if index == crash_at:
            room.crash()
        if not room.members:
            room.join()
        _step(room, what, who, detail)
    return room.finish()


def _step(room: PerfectRoom, what: str, who: int, detail: object) -> None:
    member = room.members[who % len(room.members)]
    match what:
        case "join":
            room.join()
        case "send":
            room.send(member, detail)  # type: ignore[arg-type]
        case "nonsense":
            room.send_nonsense(member)
        case "subscribe":
            room.subscribe(member, 1 + who % 2)
        case _:
            getattr(room, what)(member)


@given(STEPS, st.none() | st.integers(0, 60), st.booleans(), st.none() | st.integers(0, 5))
def test_a_perfect_room_is_clean(
    steps: Steps, crash_at: int | None, has_history: bool, remembers: int | None
) -> None:
    journals = play(steps, crash_at=crash_at, has_history=has_history, remembers=remembers)
    report = check(journals, has_history=has_history)
    assert report.violations == []
    assert report.acknowledged + report.given_up >= report.sent - 60


# Damage.

SOMETHING_OF_ALL: Steps = [
    ("trim", 1, None),
    ("nonsense", 0, None),
    ("join", 0, None),
    ("send", 0, None),
    ("send", 0, True),
    ("send", 1, (1, 2)),
    ("send", 1, True),
]
"""Follows what was drawn, so that each damage finds its place."""

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
    """Whether more than one heard it, so that its place is known without the one."""
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
        # Missing the last thing before a reset is what a reset announces.
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
    """Let one receiver hear two frames in the places of each other."""
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
    """Let one hear what was for others, at its proper place in the order."""
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
    """Return where a fact would stand between two facts of a stream that was live."""
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
    """Draw where to do the damage; histories without such a place do not count."""
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


# Damage to what late joiners hear of the past.

SOMETHING_OF_THE_PAST: Steps = [
    ("join", 0, None),
    ("send", 0, (2, 3)),
    ("send", 0, None),
    ("send", 1, True),
    ("join", 0, None),
]


def past(journals: list[Journal]) -> Places:
    """Find all deliveries before LIVE by others than the hearer, which somebody heard in time."""
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
    """Let one who joins late hear what was for others alone."""
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


# Cases that no perfect room shows.


def a_room_of_two() -> tuple[PerfectRoom, Journal, Journal]:
    room = PerfectRoom()
    room.join()
    room.join()
    one, other = room.journals
    return room, one, other


def test_an_acknowledged_frame_that_nobody_heard_is_lost() -> None:
    room, _, other = a_room_of_two()
    room.send(room.members[0], 2)
    room.finish()
    other.heard.pop()
    assert check(room.journals).violations == [
        "lost: p1 (player 2) never heard number 1 of p0 to 2"
    ]


def test_an_older_volatile_value_may_not_follow_a_newer_one() -> None:
    room, _, other = a_room_of_two()
    other.heard += [Updated(1, "p0", 2), Updated(2, "p0", 1), Updated(1, "p0", 2)]
    assert check(room.finish()).is_clean
    other.heard.append(Updated(1, "p0", 1))
    assert check(room.journals).reordered == 1


def test_a_position_that_was_promised_too_early_shows() -> None:
    room, journal, _ = a_room_of_two()
    room.send(room.members[1], 1)
    room.finish()
    journal.heard.insert(-1, Reached(room.seq))
    assert check(room.journals).reordered == 1


def test_frames_are_given_up_only_with_the_seat_and_in_so_many_words() -> None:
    room, journal, _ = a_room_of_two()
    room.cut(room.members[0])
    room.send(room.members[0], None)
    room.crash()
    assert check(room.finish()).is_clean
    journal.heard = [each for each in journal.heard if not isinstance(each, Announced)]
    assert check(room.journals).unexplained == 1
    journal.said = [each for each in journal.said if not isinstance(each, GivenUp)]
    assert check(room.journals).lost == 1


def test_an_acknowledged_frame_is_not_given_up() -> None:
    room, journal, _ = a_room_of_two()
    room.send(room.members[0], None)
    room.crash()
    room.finish()
    journal.said.append(GivenUp((1,)))
    journal.heard.append(Announced((1,)))
    assert check(room.journals).unexplained == 1


def test_a_notice_may_come_before_any_stream() -> None:
    room, journal, _ = a_room_of_two()
    journal.heard.insert(0, Noticed(NoticeKind.DRAIN))
    report = check(room.finish())
    assert (report.violations, report.notices) == ([], Counter(DRAIN=1))


def test_reports_add_up() -> None:
    room, _, other = a_room_of_two()
    room.send(room.members[0], 2)
    clean = check(room.finish())
    other.heard.pop()
    both = clean + check(room.journals)
    assert (both.sent, both.delivered, both.lost, both.is_clean) == (2, 1, 1, False)


def test_only_a_frame_to_somebody_unheard_of_may_be_refused() -> None:
    room, _, journal = a_room_of_two()
    room.send_nonsense(room.members[1])
    room.finish()
    sent = journal.said[1]
    assert isinstance(sent, Sent)
    journal.said[1] = replace(sent, target=(1, 3), expected="taken")
    assert check(room.journals).is_clean
    journal.said[1] = replace(sent, target=(1, 2), expected="taken")
    assert check(room.journals).unexplained == 1
