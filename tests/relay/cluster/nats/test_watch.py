"""When a log counts as in trouble, and when another server is tried."""

from __future__ import annotations

import pytest

from relay.cluster.nats.watch import (
    CHANCE_SECONDS,
    FULL_SECONDS,
    SILENCE_SECONDS,
    TROUBLE_SECONDS,
    Shortage,
    Watch,
)

LATE = TROUBLE_SECONDS + 0.01


@pytest.fixture
def watch() -> Watch:
    watch = Watch()
    watch.connected(0)
    return watch


def test_one_acknowledgement_at_a_time_is_asked_for(watch: Watch) -> None:
    assert watch.wants("A", 0)
    assert not watch.wants("A", 0.5)
    assert watch.wants("B", 0.5)
    watch.acknowledged("A", 0.6)
    assert watch.wants("A", 0.6)


def test_a_stream_that_answers_in_time_is_in_no_trouble(watch: Watch) -> None:
    for second in range(10):
        assert watch.wants("A", second)
        watch.acknowledged("A", second + 0.9)
        assert not watch.troubled(second + 0.95)


def test_a_stream_is_in_trouble_until_it_acknowledges(watch: Watch) -> None:
    watch.wants("A", 0)
    watch.wants("B", 0)
    watch.acknowledged("B", 0.1)
    assert not watch.troubled(TROUBLE_SECONDS)
    assert watch.troubled(LATE) == {"A"}
    assert watch.wants("A", LATE)
    watch.refused("A", LATE)
    assert watch.troubled(LATE) == {"A"}
    watch.acknowledged("A", LATE)
    assert not watch.troubled(LATE)


def test_a_stream_that_owes_nothing_is_in_no_trouble(watch: Watch) -> None:
    assert not watch.troubled(1000)
    assert not watch.should_move(1000)


def test_a_server_that_answers_nothing_is_left(watch: Watch) -> None:
    at = CHANCE_SECONDS + 1
    watch.wants("A", at)
    assert not watch.should_move(at + SILENCE_SECONDS)
    assert watch.should_move(at + SILENCE_SECONDS + 0.01)


def test_a_server_that_says_nobody_leads_is_kept(watch: Watch) -> None:
    for tenth in range(200):
        watch.wants("A", 100 + tenth / 10)
        watch.refused("A", 100 + tenth / 10)
        assert not watch.should_move(100 + tenth / 10)


def test_a_server_with_another_stream_that_works_is_kept(watch: Watch) -> None:
    watch.wants("A", 100)
    for second in range(101, 120):
        watch.wants("B", second)
        watch.acknowledged("B", second)
        assert not watch.should_move(second)
    assert watch.troubled(120) == {"A"}


def test_a_new_server_gets_a_chance(watch: Watch) -> None:
    watch.wants("A", 100)
    watch.cut(103)
    watch.connected(103)
    assert not watch.should_move(103 + CHANCE_SECONDS)
    assert watch.should_move(103 + CHANCE_SECONDS + 0.01)


def test_an_answer_that_was_on_its_way_when_the_connection_ended_is_asked_for_again(
    watch: Watch,
) -> None:
    watch.wants("A", 0)
    watch.cut(0.1)
    watch.connected(0.2)
    assert watch.wants("A", 0.3)


def test_a_cut_counts_after_a_while(watch: Watch) -> None:
    watch.cut(10)
    assert not watch.is_cut(10 + TROUBLE_SECONDS)
    assert watch.is_cut(10 + LATE)
    assert not watch.should_move(20)
    watch.connected(20)
    assert not watch.is_cut(30)


def test_a_room_of_a_full_stream_waits_until_its_entry_is_heard() -> None:
    shortage = Shortage()
    shortage.published("A", "BEFORE", "id", 0)
    shortage.refused("A", 0)
    for room, stream in (("ROOM", "A"), ("ROLLING", "A"), ("ELSEWHERE", "B")):
        shortage.published(stream, room, f"{room} 1", 0)
        shortage.published(stream, room, f"{room} 2", 0.5)
    shortage.heard("ROLLING", "ROLLING 1")
    shortage.heard("ROOM", "ROOM 2")
    assert not shortage.look(TROUBLE_SECONDS)
    assert shortage.look(LATE)
    assert [
        room for room in ("BEFORE", "ROOM", "ROLLING", "ELSEWHERE") if shortage.waits(room, LATE)
    ] == ["ROOM"]
    shortage.heard("ROOM", "ROOM 1")
    assert not shortage.look(LATE)


def test_a_stream_that_refuses_nothing_any_more_is_not_full() -> None:
    shortage = Shortage()
    shortage.refused("A", 0)
    shortage.published("A", "ROOM", "1", 0)
    assert shortage.look(FULL_SECONDS)
    assert not shortage.look(FULL_SECONDS + 0.01)
    assert not shortage.waits("ROOM", FULL_SECONDS + 0.01)
