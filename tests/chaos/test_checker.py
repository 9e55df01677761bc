"""The checker finds no fault in a perfect room, and finds faults that no perfect room has."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from protocol.fields.numbers import NoticeKind
from tests.chaos.checker import check
from tests.chaos.journal import Announced, GivenUp, Journal, Noticed, Reached, Sent, Updated
from tests.chaos.perfect import PerfectRoom
from tests.chaos.steps import STEPS, Steps, play


@given(STEPS, st.none() | st.integers(0, 60), st.booleans(), st.none() | st.integers(0, 5))
@example([("cut", 1, None), ("send", 1, -2), ("subscribe", 1, None)], None, False, None)
def test_a_perfect_room_is_clean(
    steps: Steps, crash_at: int | None, has_history: bool, remembers: int | None
) -> None:
    journals = play(steps, crash_at=crash_at, has_history=has_history, remembers=remembers)
    report = check(journals, has_history=has_history)
    assert report.violations == []
    assert report.acknowledged + report.given_up >= report.sent - 60


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


def test_a_frame_of_one_who_left_may_be_on_its_way_as_the_run_ends() -> None:
    room, _, other = a_room_of_two()
    room.join()
    for member in (room.members[2], room.members[0]):
        room.send(member, None)
        room.finish()
        room.journals[2].is_complete = False  # the last one has left
        heard, other.heard = other.heard, other.heard[:-1]
        assert check(room.journals).lost == (member is room.members[0])
        other.heard = heard


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
