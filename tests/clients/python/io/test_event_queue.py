from hypothesis import given
from hypothesis import strategies as st

from clients.python.core.room_state import RoomState
from clients.python.events import (
    Event,
    Joined,
    Live,
    Message,
    Player,
    PropertyChanged,
    Resumed,
    SnapshotReceived,
    SnapshotWanted,
    Updated,
)
from clients.python.io.event_queue import BYTES, MESSAGES, PAST_MESSAGES, EventQueue

EMPTY = RoomState()


def filled(*events: Event, seq: int = 0) -> EventQueue:
    queue = EventQueue()
    queue.put(events, EMPTY, seq)
    return queue


def test_events_come_out_in_order() -> None:
    queue = filled(Live(1), Message(2, 1, b"a"), Updated(0, 1, b"v"), Message(3, 1, b"b"))
    assert [queue.pop() for _ in range(5)] == [
        Live(1),
        Message(2, 1, b"a"),
        Updated(0, 1, b"v"),
        Message(3, 1, b"b"),
        None,
    ]


def test_a_newer_volatile_value_takes_the_place_of_an_unread_one() -> None:
    queue = filled(Updated(0, 1, b"old"), Message(1, 1, b""), Updated(0, 1, b"new"))
    assert queue.take()[0] == [Updated(0, 1, b"new"), Message(1, 1, b"")]


def test_values_of_other_keys_and_senders_are_others() -> None:
    events = [Updated(0, 1, b""), Updated(1, 1, b""), Updated(0, 2, b"")]
    assert filled(*events).take()[0] == events


def test_a_value_that_was_read_is_not_replaced() -> None:
    queue = filled(Updated(0, 1, b"old"))
    queue.pop()
    queue.put([Updated(0, 1, b"new")], EMPTY)
    assert queue.pop() == Updated(0, 1, b"new")


def test_what_comes_after_a_return_stays_after_it() -> None:
    events: list[Event] = [
        Updated(0, 1, b"old"),
        Resumed(False, ""),
        Updated(0, 1, b"of a stranger"),
    ]
    assert filled(*events).take()[0] == events


def test_the_room_that_goes_with_the_events_is_the_newest() -> None:
    queue, later = filled(Live(1)), RoomState(term=2)
    queue.put([Live(2)], later)
    assert queue.take() == ([Live(1), Live(2)], later)


def test_volatile_values_never_fill_it() -> None:
    assert not filled(*(Updated(n % 256, 1, bytes(99)) for n in range(5 * MESSAGES))).is_full


def test_messages_fill_it_until_half_of_them_are_read() -> None:
    queue = filled(Live(0), *(Message(n, 1, b"") for n in range(MESSAGES - 1)))
    assert queue.is_full
    queue.pop()
    assert not queue.is_full
    assert not queue.is_low
    while not queue.is_low:
        queue.pop()
    assert len(queue) == MESSAGES // 2


def test_large_messages_fill_it_sooner() -> None:
    queue = filled(Live(0), *(Message(n, 1, bytes(BYTES // 4)) for n in range(4)))
    assert queue.is_full
    queue.take()
    assert queue.is_low


def test_properties_are_as_heavy_as_messages() -> None:
    assert filled(Live(0), PropertyChanged(0, "map", bytes(BYTES), 1, 1, 1)).is_full


class TestThePast:
    """What comes before LIVE has nobody to read it yet."""

    def test_it_never_fills_it(self) -> None:
        past = [Message(n, 1, bytes(64), is_history=True) for n in range(65536)]
        queue = filled(SnapshotReceived(1, bytes(BYTES)), *past)
        assert not queue.is_full
        queue.put([Live(65536)], EMPTY)
        assert not queue.is_full
        queue.put([Message(n, 1, b"") for n in range(MESSAGES)], EMPTY)
        assert queue.is_full

    def test_what_comes_after_it_is_low_while_the_past_still_waits(self) -> None:
        queue = filled(*(Message(n, 1, b"", is_history=True) for n in range(2 * MESSAGES)), Live(1))
        assert queue.is_low
        queue.pop()
        assert queue.is_low

    def test_a_fresh_stream_is_told_though_older_events_wait(self) -> None:
        queue = filled(Live(0), *(Message(n, 1, b"") for n in range(MESSAGES)))
        assert queue.is_full
        queue.put([Resumed(False, "")], EMPTY)
        assert not queue.is_full
        queue.put([Live(9)], EMPTY)
        assert queue.is_full

    def test_a_resume_waits_for_the_program(self) -> None:
        queue = filled(Live(0), Resumed(True, ""), *(Message(n, 1, b"") for n in range(MESSAGES)))
        assert queue.is_full

    def test_nobody_need_read_a_past_before_another_one_may_come_but_not_a_third(self) -> None:
        past = [Message(n, 1, b"", is_history=True) for n in range(PAST_MESSAGES // 2 + 1)]
        queue = filled(*past, Live(1))
        assert queue.has_room_for_a_past
        queue.put([Resumed(False, ""), *past, Live(1)], EMPTY)
        assert not queue.has_room_for_a_past
        for _ in past:
            queue.pop()
        assert queue.has_room_for_a_past


class TestWhereTheRoomStands:
    """`seq` is what a snapshot holds if nothing else is said: too high a one loses messages for
    those who join, and too low a one has them hear messages twice."""

    def test_it_follows_the_events_that_were_taken_not_those_that_came(self) -> None:
        queue = filled(Live(3), Message(7, 1, b"a"), Message(9, 1, b"b"), seq=9)
        assert queue.seq == 0
        for seq in (3, 7, 9):
            queue.pop()
            assert queue.seq == seq

    def test_nothing_is_known_before_live(self) -> None:
        queue = filled(
            Joined(Player(5), 40), SnapshotReceived(20, b""), Message(25, 1, b"", is_history=True)
        )
        while queue.pop():
            assert queue.seq == 0
        queue.put([Live(40)], EMPTY, 40)
        queue.pop()
        assert queue.seq == 40

    def test_who_has_taken_everything_is_where_the_relay_says(self) -> None:
        queue = filled(Live(3), seq=3)
        queue.take()
        queue.put([], EMPTY, 12)
        assert queue.seq == 12

    def test_who_is_behind_is_not(self) -> None:
        queue = filled(Live(3), Message(4, 1, b""), seq=4)
        queue.pop()
        queue.put([], EMPTY, 12)
        assert queue.seq == 3

    def test_values_and_wishes_say_nothing_about_it(self) -> None:
        queue = filled(Live(3), Updated(9, 1, b""), SnapshotWanted(8), Message(4, 1, b""), seq=8)
        for _ in range(3):
            queue.pop()
        assert queue.seq == 3

    def test_a_room_that_is_told_anew_begins_anew(self) -> None:
        queue = filled(
            Live(30), Message(31, 1, b""), Resumed(False, ""), Live(2), Message(3, 1, b"")
        )
        steps = []
        while queue:
            queue.pop()
            steps.append(queue.seq)
        assert steps[:4] == [30, 31, 0, 2]

    def test_what_was_missed_is_taken_in_its_order(self) -> None:
        queue = filled(Live(30), Resumed(True, ""), Message(31, 1, b""), Live(32), seq=32)
        for seq in (30, 30, 31, 32):
            queue.pop()
            assert queue.seq == seq


updates = st.builds(
    Updated, st.integers(0, 2), st.integers(1, 2), st.binary(min_size=1, max_size=1)
)
messages = st.builds(Message, st.integers(0, 9), st.integers(1, 2), st.binary(max_size=1))


@given(st.lists(updates | messages | st.none()))
def test_no_message_is_lost_and_of_each_slot_the_newest_arrives(steps: list[Event | None]) -> None:
    """None stands for the reader taking one."""
    queue, read = EventQueue(), []
    for step in steps:
        if step is None:
            read.append(queue.pop())
        else:
            queue.put([step], EMPTY)
    read += queue.take()[0]
    put = [step for step in steps if step is not None]
    assert [e for e in read if isinstance(e, Message)] == [e for e in put if isinstance(e, Message)]
    for slot in {(e.sender, e.key) for e in put if isinstance(e, Updated)}:
        mine = [e for e in put if isinstance(e, Updated) and (e.sender, e.key) == slot]
        seen = [e for e in read if isinstance(e, Updated) and (e.sender, e.key) == slot]
        assert seen[-1] == mine[-1]
    assert len(queue) == 0
