"""An outbox holds no more than a share: who falls behind reads on in the log, or is lost."""

from __future__ import annotations

import pytest

from relay.delivery.outbox import Outbox
from tests.helpers.outboxes import MAX_BYTES, MAX_FRAMES, OTHERS, SIZE, Link, held, outlet, update

# Falling behind.


@pytest.mark.parametrize("count", [MAX_FRAMES, MAX_FRAMES + 1])
def test_who_has_too_many_frames_to_read_falls_behind(count: int) -> None:
    link = Link().is_live()
    for _ in range(count):
        link.tells()
    assert link.outbox.is_following == (count > MAX_FRAMES)


@pytest.mark.parametrize("more", [0, 1])
def test_who_has_too_many_bytes_to_read_falls_behind(more: int) -> None:
    link = Link().is_live()
    size = len(link.tells(bytes(MAX_BYTES // 2)))
    link.outbox.replace((1, 0), bytes(MAX_BYTES - size + more))
    assert link.outbox.is_following == bool(more)


def test_a_value_that_grows_in_its_place_can_be_too_much() -> None:
    link = Link().is_live()
    link.outbox.replace((1, 0), update(b""))
    told = link.tells(bytes(MAX_BYTES - 2 * SIZE))
    assert not link.outbox.is_following
    link.outbox.replace((1, 0), update(MAX_BYTES))
    assert link.outbox.is_following
    assert link.takes_all() == [told, update(MAX_BYTES)]


def test_one_message_alone_may_have_any_size() -> None:
    """Or a relay whose frames may be larger than its outboxes could never deliver one."""
    link = Link().is_live()
    link.outbox.replace((1, 0), bytes(MAX_BYTES + 1))
    link.outbox.replace((1, 0), bytes(MAX_BYTES + 2))
    assert link.outbox.take() == [bytes(MAX_BYTES + 2)]
    told = link.tells(bytes(MAX_BYTES + 1))
    assert link.outbox.take() == [told]
    link.outbox.say(bytes(MAX_BYTES + 1))
    assert link.outbox.take() == [bytes(MAX_BYTES + 1)]
    assert not link.outbox.is_following


def test_nobody_needs_to_listen() -> None:
    link = Link()
    link.outbox = Outbox(outlet(), max_frames=MAX_FRAMES)
    assert link.is_live().falls_behind() == link.takes_all()


def test_who_falls_behind_lets_go_and_reads_on_in_the_log() -> None:
    link = Link().is_live()
    link.tells()
    link.outbox.take()
    link.notes.clear()
    told = link.falls_behind()
    assert held(link.outbox) == 0
    told += [link.tells(b"more") for _ in range(20)]
    assert (link.notes, held(link.outbox)) == (["ready", "behind"], 0)
    assert link.takes_all() == told
    assert link.notes == ["ready", "behind", "caught up"]
    link.tells()
    assert link.notes[3:] == ["ready"]


def test_answers_stay_whole() -> None:
    link = Link().is_live()
    link.outbox.say(b"1")
    told = [link.tells(), link.tells()]
    link.outbox.say(b"2")
    told += link.falls_behind()
    link.outbox.say(b"3")
    assert link.takes_all() == [b"1", b"2", b"3", *told]


def test_the_newest_values_come_after_what_was_read() -> None:
    link = Link().is_live()
    link.outbox.replace((1, 0), update(b"old"))
    link.outbox.replace((2, 0), update(b"kept"))
    told = link.falls_behind()
    link.outbox.replace((1, 0), update(b"new"))
    link.outbox.replace((3, 0), update(b"more"))
    told.append(link.tells())
    assert link.takes_all() == [*told, update(b"kept"), update(b"new"), update(b"more")]
    assert link.outbox.dropped == 1


def test_values_are_dropped_rather_than_held_beyond_the_bound() -> None:
    link = Link().is_live()
    told = link.falls_behind()
    for key in range(100):
        link.outbox.replace((1, key), update(b"1234567890", key=key))
        assert held(link.outbox) <= MAX_BYTES
    link.outbox.replace((1, 0), update(MAX_BYTES))  # drops what it takes the place of, too
    kept = MAX_BYTES // len(update(b"1234567890")) - 1
    assert link.outbox.dropped == 101 - kept
    assert len(link.takes_all()) == len(told) + kept


def test_a_count_of_dropped_values_begins_with_each_fall() -> None:
    link = Link().is_live()
    for _ in range(2):
        link.falls_behind()
        for _ in range(3):
            link.outbox.replace((1, 0), update(b""))
        link.takes_all()
        assert link.outbox.dropped == 2


@pytest.mark.parametrize("is_behind", [False, True])
def test_no_value_of_a_player_is_told_after_that_player_left(is_behind: bool) -> None:
    link = Link().is_live()
    told = link.falls_behind() if is_behind else []
    link.outbox.replace((1, 0), update(b"gone"))
    link.outbox.replace((2, 0), update(b"here"))
    link.outbox.forget(1)
    if not is_behind:
        told = link.falls_behind()
    assert held(link.outbox) == len(update(b"here"))
    assert link.takes_all() == [*told, update(b"here")]


def test_a_value_of_a_player_who_left_keeps_its_place_before_that() -> None:
    link = Link().is_live()
    link.outbox.replace((1, 0), update(b"last"))
    link.outbox.forget(1)
    left = link.tells(b"left")
    assert link.outbox.take() == [update(b"last"), left]


def test_too_many_answers_make_one_fall_behind_and_then_end_it() -> None:
    link = Link().is_live()
    for _ in range(MAX_FRAMES + 1):
        link.outbox.say(b"1")
    assert link.notes == ["ready", "behind"]
    for _ in range(MAX_BYTES - MAX_FRAMES - 1):
        link.outbox.say(b"1")
    assert not link.outbox.is_lost
    for _ in range(2):
        link.outbox.say(b"1")
    assert link.outbox.is_lost
    assert link.notes == ["ready", "behind", "behind"]


def test_too_many_bytes_of_answers_make_one_fall_behind() -> None:
    link = Link().is_live()
    link.outbox.say(bytes(MAX_BYTES))
    link.outbox.say(b"1")
    assert link.outbox.is_following
    assert link.takes_all() == [bytes(MAX_BYTES), b"1"]
    assert link.notes == ["ready", "behind", "caught up"]


# Lost.


def test_who_reads_slower_than_the_log_forgets_is_lost() -> None:
    link = Link(max_frames=3).is_live()
    link.outbox.say(b"answer")
    link.falls_behind()
    link.outbox.replace((1, 0), update(b""))
    assert link.outbox.take() == [b"answer"]
    assert (link.outbox.is_lost, link.outbox.is_waiting, held(link.outbox)) == (True, False, 0)
    assert link.notes == ["ready", "behind", "behind"]
    link.tells()
    link.outbox.replace((1, 0), update(b""))
    assert not link.outbox.is_waiting
    link.outbox.say(b"the last")
    assert link.notes == ["ready", "behind", "behind", "ready"]
    assert link.takes_all() == [b"the last"]


def test_what_was_for_others_loses_nobody() -> None:
    """A log forgets what happened since the last take, but none of it was for this player."""
    link = Link(max_frames=20).is_live()
    link.outbox.say(b"answer")
    for _ in range(100):
        link.tells(to=OTHERS)
    told = link.falls_behind()
    assert link.takes_all() == [b"answer", *told]


def test_nobody_is_lost_who_has_nothing_to_read() -> None:
    link = Link(max_frames=1).is_live()
    for _ in range(10):
        link.tells(to=OTHERS)
    for key in range(MAX_FRAMES + 1):
        link.outbox.replace((1, key), update(b"", key=key))
    assert link.outbox.is_following
    assert len(link.takes_all()) == MAX_FRAMES + 1


def test_at_the_end_what_waits_is_the_last() -> None:
    link = Link().is_live()
    link.falls_behind()
    link.outbox.say(b"answer")
    link.outbox.replace((1, 0), update(b""))
    link.outbox.end()
    assert link.takes_all() == [b"answer"]
