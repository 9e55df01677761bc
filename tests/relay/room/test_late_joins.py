"""A late joiner hears the facts, and of the past what the room keeps for it."""

import pytest

from protocol.frames import (
    Deliver,
    Frame,
    Host,
    Joined,
    Left,
    LeftReason,
    Live,
    Notice,
    NoticeDetail,
    NoticeKind,
    Property,
    Set,
    Snapshot,
)
from relay.delivery.outbox import BATCH_BYTES
from relay.history.history import History
from relay.room.effects import Admit
from relay.room.entries import Detach, Evict, Join
from tests.helpers.playbook import Witness, a_room, asks, enters, key, room_of, sends


def witness_of(**options: str) -> Witness:
    """A room of two whose past, from 4 to 9, holds every kind of frame."""
    witness = room_of(2, **options).witness
    for entry in (
        sends(2, None, b"4"),
        sends(1, 2, b"5 for one"),
        asks(2, Set(0, "k", b"6")),
        sends(1, True, b"7"),
        sends(1, None, b"8"),
        sends(2, None, b"9"),
    ):
        witness.apply(entry)
    witness.hear()
    return witness


FACTS = (Joined(1, 1), Host(2, 1, 1), Joined(3, 2), Property(6, 0, "k", b"6", 6, 2), Joined(10, 3))


def joins(witness: Witness, attachment: int = 3) -> list[Frame]:
    witness.apply(Join(attachment, key(3)))
    return witness.hear()[attachment]


def test_a_room_without_history_tells_its_facts_alone() -> None:
    assert joins(witness_of()) == [*FACTS, Live(10)]
    assert joins(witness_of(history="snapshot")) == [*FACTS, Live(10)]


def test_full_history_follows_the_facts() -> None:
    assert joins(witness_of(history="full")) == [
        *FACTS,
        Deliver(4, 2, b"4"),
        Deliver(7, 1, b"7"),
        Deliver(8, 1, b"8"),
        Deliver(9, 2, b"9"),
        Live(10),
    ]


@pytest.mark.parametrize("history", ["snapshot", "full"])
def test_a_snapshot_stands_for_what_it_covers(history: str) -> None:
    witness = witness_of(history=history)
    parts = Snapshot(4, 0, 2, b"the state"), Snapshot(4, 1, 2, b"of the game")
    for part in parts:
        witness.apply(asks(1, part))
    witness.apply(sends(1, None, b"10"))
    assert joins(witness) == [
        *FACTS[:-1],
        Joined(11, 3),
        *parts,
        Deliver(7, 1, b"7"),
        Deliver(9, 2, b"9"),
        Deliver(10, 1, b"10"),
        Live(11),
    ]


def test_what_happens_while_a_joiner_reads_history_follows_it() -> None:
    witness = witness_of(history="full")
    witness.apply(Join(3))
    witness.apply(sends(1, 3, b"for the joiner"))
    witness.apply(sends(1, 2, b"not for the joiner"))
    witness.apply(Evict(2))
    heard = witness.hear()[3]
    assert heard[-4:] == [
        Deliver(9, 2, b"9"),
        Deliver(11, 1, b"for the joiner"),
        Left(13, 2, LeftReason.LEFT),
        Live(13),
    ]


def test_a_reloaded_page_has_history_its_own_frames_among_it() -> None:
    witness = witness_of(history="full")
    witness.apply(enters(12, 2))
    assert witness.hear()[12] == [
        *FACTS[:-1],
        *(Deliver(seq, sender, b"%d" % seq) for seq, sender in ((4, 2), (7, 1), (8, 1), (9, 2))),
        Live(9),
    ]


def test_a_resume_is_told_no_history() -> None:
    witness = witness_of(history="full")
    witness.apply(asks(1, Snapshot(4, 0, 1, b"state")))
    witness.apply(enters(12, 2, at=7))
    assert witness.hear()[12] == [Deliver(8, 1, b"8"), Live(9)]


@pytest.mark.parametrize(
    ("history", "frames", "expected"),
    [("none", 100, 13), ("full", 100, 0), ("full", 4, 9), ("snapshot", 100, 13)],
)
def test_a_joiner_is_told_from_where_on_the_past_is_complete(
    history: str, frames: int, expected: int
) -> None:
    room = a_room(history=history)
    room.history = History(max_frames=frames)
    room.apply(Join(1))
    for number in range(10):
        room.apply((1, None, b"\xc4\x01%c" % number))
    *_, admit = room.apply(Join(2))
    assert isinstance(admit, Admit)
    assert admit.stream is not None
    assert admit.stream.complete_from == expected


def test_history_begins_where_the_log_does_when_it_is_read() -> None:
    witness = room_of(2, history="full").witness
    witness.room.history = History(max_frames=4)
    for number in range(4, 12):
        witness.apply(sends(1, None, b"%d" % number))
    witness.apply(Join(3))
    witness.apply(sends(1, None, b"13"))
    heard = witness.hear()[3]
    assert [frame.seq for frame in heard if isinstance(frame, Deliver)] == [10, 11, 13]
    assert heard[-1] == Live(13)


def test_a_joiner_is_told_what_was_forgotten_while_it_was_read_and_goes_on() -> None:
    witness = room_of(2, history="full").witness
    for number in range(4, 12):
        witness.apply(sends(1, None, b"%d" % number))
    witness.apply(Join(3))
    witness.room.history.bound(3, 1 << 20)
    heard = witness.hear()[3]
    assert heard[-4:] == [
        Notice(NoticeKind.TRIMMED, NoticeDetail(seq=9)),
        Deliver(10, 1, b"10"),
        Deliver(11, 1, b"11"),
        Live(12),
    ]


def test_each_gap_in_a_history_is_told_where_it_is() -> None:
    witness = room_of(2, history="full").witness
    payload = bytes(BATCH_BYTES // 2)
    for _ in range(8):
        witness.apply(sends(1, None, payload))
    witness.apply(Join(3))
    outbox = witness.outboxes[3]
    told: list[int | str] = []
    for kept in (100, 100, 4, 1, 1):
        witness.room.history.bound(kept, 1 << 30)
        for frame in witness.take_one(3):
            if isinstance(frame, Deliver):
                told.append(frame.seq)
            elif isinstance(frame, Notice):
                told.append(f"from {frame.detail.seq}")
    assert told == [4, 5, 6, 7, "from 8", 9, 10, "from 11"]
    assert not outbox.is_lost


def test_who_was_too_slow_for_what_followed_history_is_lost() -> None:
    """Of that nothing may be missing."""
    witness = room_of(2, history="full").witness
    witness.apply(Join(3))
    witness.apply(sends(1, None, b"5"))
    witness.apply(sends(1, None, b"6"))
    witness.room.history.bound(1, 1 << 20)
    outbox = witness.outboxes[3]
    while outbox.is_waiting:
        outbox.take()
    assert outbox.is_lost


def test_a_long_stream_comes_in_batches_and_others_in_between() -> None:
    witness = room_of(2, history="full").witness
    payload = bytes(BATCH_BYTES // 4)
    for _ in range(40):
        witness.apply(sends(1, None, payload))
    witness.apply(Detach(2))
    witness.apply(enters(12, 2, at=3))
    witness.apply(Join(3))
    for attachment, least in ((12, 40), (3, 40)):
        outbox = witness.outboxes[attachment]
        batches = 0
        while outbox.is_waiting:
            batch = outbox.take()
            assert sum(map(len, batch)) <= BATCH_BYTES + 2 * len(payload)
            batches += 1
        assert batches >= least // 4


def test_what_late_joiners_need_is_what_a_log_must_not_let_go_for_its_age() -> None:
    assert witness_of().room.history_from == 9
    assert witness_of(history="full").room.history_from == 0
    witness = witness_of(history="snapshot")
    assert witness.room.history_from == 9
    witness.apply(asks(1, Snapshot(7, 0, 1, b"state")))
    assert witness.room.history_from == 7
