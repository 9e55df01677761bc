from hypothesis import given
from hypothesis import strategies as st

from clients.python.events import Event, Live, Message, Resumed, Updated
from clients.python.inbox import BYTES, MESSAGES, Inbox
from clients.python.room_state import RoomState

EMPTY = RoomState()


def filled(*events: Event) -> Inbox:
    inbox = Inbox()
    inbox.put(events, EMPTY)
    return inbox


def test_events_come_out_in_order() -> None:
    inbox = filled(Live(1), Message(2, 1, b"a"), Updated(0, 1, b"v"), Message(3, 1, b"b"))
    assert [inbox.pop() for _ in range(5)] == [
        Live(1),
        Message(2, 1, b"a"),
        Updated(0, 1, b"v"),
        Message(3, 1, b"b"),
        None,
    ]


def test_a_newer_volatile_value_takes_the_place_of_an_unread_one() -> None:
    inbox = filled(Updated(0, 1, b"old"), Message(1, 1, b""), Updated(0, 1, b"new"))
    assert inbox.take()[0] == [Updated(0, 1, b"new"), Message(1, 1, b"")]


def test_values_of_other_keys_and_senders_are_others() -> None:
    events = [Updated(0, 1, b""), Updated(1, 1, b""), Updated(0, 2, b"")]
    assert filled(*events).take()[0] == events


def test_a_value_that_was_read_is_not_replaced() -> None:
    inbox = filled(Updated(0, 1, b"old"))
    inbox.pop()
    inbox.put([Updated(0, 1, b"new")], EMPTY)
    assert inbox.pop() == Updated(0, 1, b"new")


def test_what_comes_after_a_return_stays_after_it() -> None:
    events: list[Event] = [
        Updated(0, 1, b"old"),
        Resumed(False, ""),
        Updated(0, 1, b"of a stranger"),
    ]
    assert filled(*events).take()[0] == events


def test_the_room_that_goes_with_the_events_is_the_newest() -> None:
    inbox, later = filled(Live(1)), RoomState(term=2)
    inbox.put([Live(2)], later)
    assert inbox.take() == ([Live(1), Live(2)], later)


def test_volatile_values_never_fill_it() -> None:
    assert not filled(*(Updated(n % 256, 1, bytes(99)) for n in range(5 * MESSAGES))).is_full


def test_messages_fill_it_until_half_of_them_are_read() -> None:
    inbox = filled(*(Message(n, 1, b"") for n in range(MESSAGES)))
    assert inbox.is_full
    inbox.pop()
    assert not inbox.is_full
    assert not inbox.is_low
    while not inbox.is_low:
        inbox.pop()
    assert len(inbox) == MESSAGES // 2


def test_large_messages_fill_it_sooner() -> None:
    inbox = filled(*(Message(n, 1, bytes(BYTES // 4)) for n in range(4)))
    assert inbox.is_full
    inbox.take()
    assert inbox.is_low


updates = st.builds(
    Updated, st.integers(0, 2), st.integers(1, 2), st.binary(min_size=1, max_size=1)
)
messages = st.builds(Message, st.integers(0, 9), st.integers(1, 2), st.binary(max_size=1))


@given(st.lists(updates | messages | st.none()))
def test_no_message_is_lost_and_of_each_slot_the_newest_arrives(steps: list[Event | None]) -> None:
    """None stands for the reader taking one."""
    inbox, read = Inbox(), []
    for step in steps:
        if step is None:
            read.append(inbox.pop())
        else:
            inbox.put([step], EMPTY)
    read += inbox.take()[0]
    put = [step for step in steps if step is not None]
    assert [e for e in read if isinstance(e, Message)] == [e for e in put if isinstance(e, Message)]
    for slot in {(e.sender, e.key) for e in put if isinstance(e, Updated)}:
        mine = [e for e in put if isinstance(e, Updated) and (e.sender, e.key) == slot]
        seen = [e for e in read if isinstance(e, Updated) and (e.sender, e.key) == slot]
        assert seen[-1] == mine[-1]
    assert len(inbox) == 0
