"""Of snapshots the newest whole one counts, and the host is asked for it in time."""

from __future__ import annotations

import pytest

from protocol.codec import Role, decode
from protocol.error_codes import ErrorCode
from protocol.frames import Snapshot
from protocol.limits import SNAPSHOT_BYTES, SNAPSHOT_PARTS
from relay.history.history import History
from relay.history.memory_budget import SNAPSHOTS, Account
from relay.history.ws_frame import unwrap
from relay.room.refusals import Refusal
from relay.room.snapshots import Complete, Snapshots

HOST, OTHER = 1, 2


class Room:
    """Snapshots beside the history that they save from."""

    def __init__(self, *, max_frames: int = 100, max_bytes: int = 1000) -> None:
        self.account = Account()
        self.snapshots = Snapshots(self.account)
        self.history = History(max_frames=max_frames, max_bytes=max_bytes)
        self.seq = 0

    def goes_on(self, frames: int = 1, size: int = 0) -> Room:
        for _ in range(frames):
            self.seq += 1
            self.history.append(self.seq, HOST, bytes(size))
        return self

    def takes(self, *parts: Snapshot, giver: int = HOST) -> Room:
        for part in parts:
            self.snapshots.add(part, giver, self.seq, self.history)
        return self

    def refuses(self, part: Snapshot, giver: int = HOST) -> ErrorCode:
        with pytest.raises(Refusal) as refused:
            self.takes(part, giver=giver)
        return refused.value.code

    @property
    def newest(self) -> Complete:
        assert self.snapshots.newest is not None
        return self.snapshots.newest

    @property
    def is_due(self) -> bool:
        return self.snapshots.is_due(self.seq, self.history)


def parts(seq: int, *payloads: bytes) -> list[Snapshot]:
    return [
        Snapshot(seq, number, len(payloads), payload) for number, payload in enumerate(payloads)
    ]


# Parts.


def test_the_last_part_makes_it_whole() -> None:
    room = Room().goes_on(9)
    first, second, third = parts(7, b"a", b"b", b"c")
    room.takes(first, second)
    assert room.snapshots.newest is None
    room.takes(third)
    assert (room.newest.seq, room.newest.giver) == (7, HOST)
    told = [decode(unwrap(part), Role.RELAY) for part in room.newest.parts]
    assert told == [first, second, third]


def test_it_stays_the_newest_until_the_next_is_whole() -> None:
    room = Room().goes_on(9).takes(*parts(3, b"old"))
    first, second = parts(5, b"a", b"b")
    room.takes(first)
    assert room.newest.seq == 3
    room.takes(second)
    assert room.newest.seq == 5


def test_part_0_begins_anew() -> None:
    room = Room().goes_on(9)
    room.takes(parts(3, b"a", b"b")[0], *parts(4, b"c", b"d"))
    assert (room.newest.seq, len(room.newest.parts)) == (4, 2)
    room.takes(parts(5, b"a", b"b")[0])
    room.takes(*parts(6, b"e"), giver=OTHER)
    assert (room.newest.seq, room.newest.giver) == (6, OTHER)


@pytest.mark.parametrize(
    ("part", "giver"),
    [
        (Snapshot(3, 2, 3, b""), HOST),
        (Snapshot(4, 1, 3, b""), HOST),
        (Snapshot(3, 1, 2, b""), HOST),
        (Snapshot(3, 1, 3, b""), OTHER),
    ],
    ids=["one is missing", "of another seq", "of another number", "of another giver"],
)
def test_a_part_that_does_not_follow_is_refused(part: Snapshot, giver: int) -> None:
    room = Room().goes_on(9).takes(Snapshot(3, 0, 3, b""))
    assert room.refuses(part, giver) == ErrorCode.NOT_AVAILABLE
    room.takes(Snapshot(3, 1, 3, b""), Snapshot(3, 2, 3, b""))
    assert room.newest.seq == 3


def test_a_part_without_a_beginning_is_refused() -> None:
    room = Room().goes_on(9)
    assert room.refuses(Snapshot(0, 1, 2, b"")) == ErrorCode.NOT_AVAILABLE
    room.takes(*parts(3, b"a"))
    assert room.refuses(Snapshot(3, 1, 2, b"")) == ErrorCode.NOT_AVAILABLE


def test_it_is_of_the_present_or_of_what_came_since_the_last() -> None:
    room = Room().goes_on(9)
    assert room.refuses(Snapshot(10, 0, 1, b"of the future")) == ErrorCode.OUT_OF_RANGE
    room.takes(*parts(9, b"now"))
    assert room.refuses(Snapshot(8, 0, 1, b"older")) == ErrorCode.OUT_OF_RANGE
    room.takes(*parts(9, b"better"))


def test_it_has_so_many_parts_and_bytes_at_most() -> None:
    room = Room().goes_on(9)
    assert room.refuses(Snapshot(1, 0, SNAPSHOT_PARTS + 1, b"")) == ErrorCode.NO_ROOM_LEFT
    half, rest = bytes(SNAPSHOT_BYTES // 2), bytes(SNAPSHOT_BYTES // 2 + 1)
    first, second = parts(1, half, rest)
    room.takes(first)
    assert room.refuses(second) == ErrorCode.NO_ROOM_LEFT
    room.takes(*parts(1, half, half))
    assert room.newest.seq == 1


# What it saves a joiner from.


def test_it_is_of_when_its_first_part_was_taken() -> None:
    room = Room().goes_on(9)
    first, last = parts(5, b"a", b"b")
    room.takes(first).goes_on(3).takes(last)
    assert (room.newest.seq, room.newest.giver, room.newest.at) == (5, HOST, 9)


def test_the_newest_and_the_parts_under_way_are_charged() -> None:
    room = Room().goes_on(9)
    assert room.account.used == 0
    first, second = parts(3, bytes(1000), bytes(2000))
    room.takes(first)
    assert 1000 < room.account.used < 1500
    room.takes(second)
    assert 3000 < room.account.used < 3500
    whole = room.account.used
    room.takes(parts(4, bytes(5000), b"")[0])
    assert whole + 5000 < room.account.used == room.account.kinds[SNAPSHOTS] < whole + 5500
    room.takes(*parts(4, b"", b""))
    assert room.account.used < 500


# When it is wanted.


def test_it_is_due_at_60_percent_of_what_the_log_can_hold() -> None:
    room = Room(max_frames=100).goes_on(59)
    assert not room.is_due
    assert room.goes_on().is_due
    heavy = Room(max_bytes=1000).goes_on(5, size=100)
    assert not heavy.is_due
    assert heavy.goes_on(1, size=100).is_due


def test_it_is_asked_for_again_while_none_comes() -> None:
    room = Room().goes_on(60)
    for _ in range(3):
        assert room.is_due
        room.snapshots.asked(room.seq, room.history)
        assert not room.goes_on(9).is_due
        room.goes_on()
    heavy = Room().goes_on(6, size=100)
    heavy.snapshots.asked(heavy.seq, heavy.history)
    assert not heavy.is_due
    assert heavy.goes_on(1, size=100).is_due


def test_with_one_the_count_begins_anew() -> None:
    room = Room().goes_on(60)
    room.snapshots.asked(room.seq, room.history)
    room.takes(*parts(50, b"state"))
    assert not room.goes_on(59).is_due
    assert room.goes_on().is_due
