"""A log keeps the newest frames within its bounds, and knows how far back it reaches."""

import sys
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from relay.log import LOOKS, SCAN, Budget, Log
from relay.tape import FRAME_COST, Addressees, Entry

ROOMY = 1 << 20


def log_of(
    *frames: tuple[int, Addressees, bytes], max_frames: int = ROOMY, max_bytes: int = ROOMY
) -> Log:
    log = Log(max_frames=max_frames, max_bytes=max_bytes)
    for frame in frames:
        log.append(*frame)
    return log


def filled(budget: Budget, frames: int, size: int = 10) -> Log:
    log = Log(budget=budget)
    for seq in range(1, frames + 1):
        log.append(seq, 0, bytes(size))
    return log


def anything(entry: Entry) -> bool:
    return True


# Reading.


def test_what_follows_a_position_is_read_up_to_the_end() -> None:
    log = log_of((1, 0, b"a"), (2, 7, b"b"), (5, 0, b"c"))
    assert log.read(0, ROOMY, anything) == ([b"a", b"b", b"c"], 5)
    assert log.read(1, ROOMY, anything) == ([b"b", b"c"], 5)
    assert log.read(3, ROOMY, anything) == ([b"c"], 5)
    assert log.read(5, ROOMY, anything) == ([], 5)
    assert log.read(9, ROOMY, anything) == ([], 9)


def test_what_is_not_wanted_is_read_past() -> None:
    log = log_of((1, 0, b"a"), (2, 7, b"b"), (5, 0, b"c"), (6, 7, b"d"))
    assert log.read(0, ROOMY, lambda entry: entry[1] == 0) == ([b"a", b"c"], 6)


def test_a_batch_ends_with_the_frame_that_fills_it() -> None:
    log = log_of(*((seq, 0, b"1234") for seq in range(1, 6)))
    assert log.read(0, 8, anything) == ([b"1234"] * 2, 2)
    assert log.read(2, 9, anything) == ([b"1234"] * 3, 5)
    assert log.read(0, 1, anything) == ([b"1234"], 1)


def test_a_read_looks_at_so_many_frames_and_no_more() -> None:
    """Most of a log may be for others: who reads past that takes turns with them too."""
    looked_at = []

    def is_wanted(entry: Entry) -> bool:
        looked_at.append(entry[0])
        return False

    log = log_of(*((seq, 0, b"") for seq in range(1, SCAN + 3)))
    assert log.read(1, ROOMY, is_wanted) == ([], SCAN + 1)
    assert looked_at == [*range(2, SCAN + 2)]
    assert log.read(SCAN + 1, ROOMY, is_wanted) == ([], SCAN + 2)


def test_what_is_trimmed_cannot_be_read() -> None:
    log = log_of((1, 0, b"a"), (4, 0, b"b"), (6, 0, b"c"), max_frames=1)
    assert log.read(3, ROOMY, anything) is None
    assert log.read(4, ROOMY, anything) == ([b"c"], 6)


# Bounds.


def test_the_oldest_frames_go_first_when_there_are_too_many() -> None:
    log = log_of((1, 0, b"a"), (2, 0, b"b"), (5, 0, b"c"), max_frames=2)
    assert list(log) == [(2, 0, b"b"), (5, 0, b"c")]
    assert (log.trimmed, log.size, log.grown) == (1, 2, 3)


def test_the_oldest_frames_go_first_when_they_are_too_large() -> None:
    log = log_of((1, 0, b"aa"), (2, 0, b"b"), (3, 0, b"ccc"), max_bytes=4)
    assert list(log) == [(2, 0, b"b"), (3, 0, b"ccc")]


def test_a_frame_larger_than_the_log_stays_alone() -> None:
    """Or an outbox that falls behind with it could never be told."""
    log = log_of((1, 0, b"a"), (2, 0, b"large"), max_bytes=4)
    assert (list(log), log.trimmed) == ([(2, 0, b"large")], 1)
    log.append(3, 0, b"next")
    assert list(log) == [(3, 0, b"next")]


def test_a_log_reaches_back_to_a_position_if_all_that_follows_is_here() -> None:
    log = log_of((3, 0, b"a"), (5, 0, b"b"), (8, 0, b"c"), max_frames=1)
    assert [seq for seq in range(10) if log.reaches_back_to(seq)] == [5, 6, 7, 8, 9]
    assert Log().reaches_back_to(0)


# The budget of all rooms.


COST = 10 + FRAME_COST
"""Bytes that one of these frames takes."""


def test_the_largest_log_gives_when_all_together_hold_too_much() -> None:
    budget = Budget(100 * COST)
    large, small = filled(budget, 80), filled(budget, 10)
    for seq in range(11, 31):
        small.append(seq, 0, bytes(10))
        assert budget.used == large.cost + small.cost <= 100 * COST
        assert large.size == 10 * len(large)
    assert small.trimmed == 0
    assert large.trimmed >= 10


def test_a_log_may_have_all_that_no_other_needs() -> None:
    budget = Budget(100 * COST)
    log = filled(budget, 500)
    assert 90 * COST < log.cost == budget.used <= 100 * COST
    assert log.trimmed + len(log) == 500


def test_room_is_made_for_a_large_frame_by_as_many_logs_as_it_takes() -> None:
    budget = Budget(100 * COST)
    logs = [filled(budget, 30) for _ in range(3)]
    large = bytes(90 * COST)
    logs[0].append(31, 0, large)
    assert budget.used == sum(log.cost for log in logs) <= 100 * COST
    assert all(len(log) for log in logs)
    assert list(logs[0]) == [(31, 0, large)]


def test_the_newest_frame_of_a_log_is_never_given() -> None:
    budget = Budget(100)
    logs = [filled(budget, 1, 60), filled(budget, 1, 60)]
    assert [len(log) for log in logs] == [1, 1]


def test_frames_without_a_byte_are_given_too() -> None:
    budget = Budget(2 * FRAME_COST)
    log = filled(budget, 5, 0)
    log.append(6, 0, bytes(8))
    log.append(7, 0, bytes(8))
    assert list(log) == [(7, 0, bytes(8))]


def test_addressees_are_counted_once_for_all_frames_that_share_them() -> None:
    budget = Budget()
    log = Log(budget=budget)
    everyone, few = frozenset(range(1000)), frozenset((1, 2))
    log.append(1, everyone, bytes(10))
    alone = budget.used
    assert alone > sys.getsizeof(everyone) + COST
    log.append(2, everyone, bytes(10))
    assert COST < budget.used - alone < COST + 300
    log.append(3, few, bytes(10))
    assert budget.used - alone < 2 * COST + 2 * 300 + 512
    log.give(1)
    log.give(1)
    assert [seq for seq, _, _ in log] == [3]
    assert log.cost == budget.used < COST + 700
    log.clear()
    assert log.cost == budget.used == 0


def test_of_thousands_of_logs_the_budget_looks_at_few() -> None:
    """A scan of all of them for each that gives held a relay up for a second."""
    looks = 0

    class Counting(Budget):
        def enlist(self, log: Log, most: int) -> None:
            nonlocal looks
            looks += 1
            super().enlist(log, most)

    many = 2000
    budget = Counting(many * 20 * COST)
    logs = [filled(budget, 20) for _ in range(many)]
    looks = 0
    logs[0].append(21, 0, bytes(10))
    assert budget.used <= budget.limit
    gave = sum(log.trimmed > 0 for log in logs)
    assert 0 < gave < many // 20
    assert looks <= (LOOKS + 1) * gave


def test_a_log_that_is_gone_is_not_kept_by_the_budget() -> None:
    budget = Budget()
    for _ in range(1000):
        filled(budget, 20).clear()
    assert len(budget._heap) < 200


def test_a_log_that_ends_gives_all_back() -> None:
    budget = Budget(100 * COST)
    ended, other = filled(budget, 50), filled(budget, 49)
    ended.clear()
    assert (len(ended), ended.trimmed, budget.used) == (0, 50, 49 * COST)
    for seq in range(50, 90):
        other.append(seq, 0, bytes(10))
    assert other.trimmed == 0


# Ageing.


def test_what_was_here_so_long_ago_goes() -> None:
    log = log_of((1, 0, b"a"), (2, 0, b"b"))
    log.age(100, 10, until=99)
    log.append(3, 0, b"c")
    log.age(105, 10, until=99)
    assert len(log) == 3
    log.age(110, 10, until=99)
    assert (list(log), log.trimmed) == ([(3, 0, b"c")], 2)
    log.age(115, 10, until=99)
    assert (len(log), log.trimmed, log.size) == (0, 3, 0)
    log.age(200, 10, until=99)


def test_what_late_joiners_need_is_kept_however_old() -> None:
    log = log_of((1, 0, b"a"), (2, 0, b"b"), (3, 0, b"c"))
    for now in (100, 110, 120):
        log.age(now, 10, until=1)
        log.append(now, 0, b"more")
    assert [entry[0] for entry in log] == [2, 3, 100, 110, 120]
    log.age(125, 10, until=110)
    assert [entry[0] for entry in log] == [110, 120]
    log.age(130, 10, until=110)
    assert [entry[0] for entry in log] == [120]


def test_a_log_that_was_trimmed_otherwise_ages_too() -> None:
    log = log_of((1, 0, b"a"), (2, 0, b"b"), max_frames=1)
    log.age(100, 10, until=0)
    log.append(3, 0, b"c")
    log.age(110, 10, until=0)
    log.append(4, 0, b"d")
    log.age(120, 10, until=9)
    assert [entry[0] for entry in log] == [4]


# Against a list.

FRAMES = st.lists(
    st.tuples(
        st.integers(1, 3),  # the gap to the next seq
        st.integers(0, 3) | st.frozensets(st.integers(1, 3)),
        st.binary(max_size=8),
    ),
    max_size=30,
)


@given(
    FRAMES,
    st.integers(1, 10),
    st.integers(1, 30),
    st.integers(0, 90),
    st.integers(1, 3),
    st.integers(1, 30),
)
def test_what_a_log_gives_is_what_was_wanted_or_it_says_that_it_cannot(
    steps: list[tuple[int, Addressees, bytes]],
    frames: int,
    size: int,
    seq: int,
    player: int,
    batch: int,
) -> None:
    seqs = accumulate(gap for gap, _, _ in steps)
    all_frames = [(seq, to, message) for seq, (_, to, message) in zip(seqs, steps, strict=True)]
    log = log_of(*all_frames, max_frames=frames, max_bytes=size)
    kept = list(log)
    assert len(kept) == len(log) <= frames
    assert sum(len(message) for _, _, message in kept) == log.size
    assert log.size <= size or len(log) == 1
    missed = [frame for frame in all_frames if frame[0] > seq]
    assert log.reaches_back_to(seq) == all(frame in kept for frame in missed)
    told = []
    while (found := log.read(seq, batch, lambda entry: was_for(player, entry[1]))) is not None:
        messages, reached = found
        told += messages
        if reached == seq:
            break
        seq = reached
    if log.reaches_back_to(seq):
        assert told == [message for _, to, message in missed if was_for(player, to)]


def was_for(player: int, to: Addressees) -> bool:
    return to != player if isinstance(to, int) else player in to
