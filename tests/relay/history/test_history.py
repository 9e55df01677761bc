"""A log keeps the newest frames within its bounds, and knows how far back it reaches."""

import gc
import time
from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import fast_path
from relay.history.history import SCAN, History
from relay.history.memory_budget import Memory
from relay.history.packed_frames import Addressees
from relay.history.ws_frame import split, unwrap, wrap

ROOMY = 1 << 20
ME, OTHER = 1, 2
FOR_OTHERS = frozenset((OTHER,))


def frame(seq: int, data: bytes = b"") -> bytes:
    return wrap(fast_path.deliver(seq, 9, fast_path.tail(data)))


HEAD = len(frame(1))


def log_of(
    *frames: tuple[Addressees, bytes], max_frames: int = ROOMY, max_bytes: int = ROOMY
) -> History:
    log = History(max_frames=max_frames, max_bytes=max_bytes)
    for seq, (to, data) in enumerate(frames, 1):
        log.append(seq, to, frame(seq, data))
    return log


def filled(memory: Memory, payer: str, frames: int, size: int = 100) -> History:
    log = History(account=memory.open(payer))
    for seq in range(1, frames + 1):
        log.append(seq, 0, frame(seq, bytes(size)))
    return log


def seqs(log: History) -> list[int]:
    return [entry[0] for entry in log]


def read(log: History, seq: int, max_bytes: int = ROOMY) -> tuple[list[int], int] | None:
    found = log.read(seq, max_bytes, ME)
    return found and (
        [fast_path.seq(unwrap(each)) for run in found[0] for each in split(run)],
        found[1],
    )


# Reading.


def test_what_follows_a_position_is_read_up_to_the_end() -> None:
    log = log_of((0, b"a"), (7, b"b"), (0, b"c"))
    assert read(log, 0) == ([1, 2, 3], 3)
    assert read(log, 1) == ([2, 3], 3)
    assert read(log, 3) == ([], 3)
    assert read(log, 9) == ([], 9)


def test_what_was_for_others_is_read_past() -> None:
    log = log_of((0, b"a"), (ME, b"b"), (0, b"c"), (FOR_OTHERS, b"d"))
    assert read(log, 0) == ([1, 3], 4)


def test_a_batch_ends_with_the_frame_that_fills_it() -> None:
    log = log_of(*((0, b"1234") for _ in range(5)))
    size = HEAD + 4
    assert read(log, 0, 2 * size) == ([1, 2], 2)
    assert read(log, 2, 2 * size + 1) == ([3, 4, 5], 5)
    assert read(log, 0, 1) == ([1], 1)


def test_a_read_looks_at_so_many_frames_and_no_more() -> None:
    """Most of a log may be for others: who reads past that takes turns with them too."""
    log = log_of(*((ME, b"") for _ in range(SCAN + 2)))
    assert read(log, 1) == ([], SCAN + 1)
    assert read(log, SCAN + 1) == ([], SCAN + 2)


def test_what_is_trimmed_cannot_be_read() -> None:
    log = log_of((0, b"a"), (0, b"b"), (0, b"c"), max_frames=1)
    assert read(log, 1) is None
    assert read(log, 2) == ([3], 3)


# Bounds.


def test_the_oldest_frames_go_first_when_there_are_too_many() -> None:
    log = log_of((0, b"a"), (0, b"b"), (0, b"c"), max_frames=2)
    assert (seqs(log), log.trimmed) == ([2, 3], 1)
    assert (log.size, log.grown) == (2 * (HEAD + 1), 3 * (HEAD + 1))


def test_the_oldest_frames_go_first_when_they_are_too_large() -> None:
    log = log_of((0, b"aa"), (0, b"b"), (0, b"ccc"), max_bytes=2 * HEAD + 4)
    assert seqs(log) == [2, 3]


def test_a_frame_larger_than_the_log_stays_alone() -> None:
    """Or an outbox that falls behind with it could never be told."""
    log = log_of((0, b"a"), (0, b"large"), max_bytes=HEAD + 4)
    assert (seqs(log), log.trimmed) == ([2], 1)
    log.append(3, 0, frame(3, b"next"))
    assert seqs(log) == [3]


def test_a_log_reaches_back_to_a_position_if_all_that_follows_is_here() -> None:
    log = log_of(*((0, b"") for _ in range(8)), max_frames=3)
    assert [seq for seq in range(10) if log.reaches_back_to(seq)] == [5, 6, 7, 8, 9]
    assert History().reaches_back_to(0)


def test_other_bounds_count_at_once() -> None:
    log = log_of(*((0, b"") for _ in range(8)))
    log.bound(3, ROOMY)
    assert seqs(log) == [6, 7, 8]
    log.bound(3, HEAD)
    assert seqs(log) == [8]


# The memory of all rooms.


def test_the_largest_log_gives_when_all_together_hold_too_much() -> None:
    memory = Memory(30_000)
    large, small = filled(memory, "a", 200), filled(memory, "b", 10)
    for seq in range(11, 61):
        small.append(seq, 0, frame(seq, bytes(100)))
        assert memory.used <= 30_000 + 500  # what was appended since it was charged
    assert small.trimmed == 0
    assert large.trimmed >= 20


def test_a_log_may_have_all_that_no_other_needs() -> None:
    memory = Memory(30_000)
    log = filled(memory, "a", 500)
    assert 24_000 < memory.used <= 30_500
    assert log.trimmed + len(log) == 500


def test_room_is_made_for_a_large_frame_by_as_many_logs_as_it_takes() -> None:
    memory = Memory(30_000)
    logs = [filled(memory, payer, 80) for payer in "abc"]
    logs[0].append(81, 0, frame(81, bytes(25_000)))
    assert memory.used <= 30_000
    assert all(len(log) for log in logs)
    assert seqs(logs[0])[-1] == 81


def test_the_newest_frame_of_a_log_is_never_given() -> None:
    memory = Memory(1000)
    logs = [filled(memory, payer, 1, 900) for payer in "ab"]
    assert [len(log) for log in logs] == [1, 1]


def test_a_log_of_a_room_that_ends_takes_nothing() -> None:
    memory = Memory(30_000)
    ended, other = filled(memory, "a", 100), filled(memory, "b", 99)
    ended.account.close()
    assert memory.used == other.account.used > 9900
    for seq in range(100, 190):
        other.append(seq, 0, frame(seq, bytes(100)))
    assert other.trimmed == 0


@pytest.fixture
def no_collections() -> Iterator[None]:
    """Collect no garbage meanwhile: that looks at all that there is."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collections")
def test_one_append_among_ten_thousand_logs_takes_no_longer() -> None:
    """It was a second, when all logs were looked at for each that gave."""
    memory = Memory()
    logs = [filled(memory, str(number), 5) for number in range(10_000)]
    memory.limit = memory.used
    numbers, worst = count(6), 0.0
    for log in logs[:2000]:
        seq = next(numbers)
        began = time.process_time()
        log.append(seq, 0, frame(seq, bytes(1000)))
        worst = max(worst, time.process_time() - began)
    assert memory.used <= memory.limit + 2000
    assert worst < 0.1  # seconds: far more than it takes, and a tenth of what it took


# Ageing.


def test_what_was_here_so_long_ago_goes() -> None:
    log = log_of((0, b"a"), (0, b"b"))
    log.age(100, 10, until=99)
    log.append(3, 0, frame(3))
    log.age(105, 10, until=99)
    assert len(log) == 3
    log.age(110, 10, until=99)
    assert (seqs(log), log.trimmed) == ([3], 2)
    log.age(115, 10, until=99)
    assert (len(log), log.trimmed, log.size) == (0, 3, 0)
    log.age(200, 10, until=99)
    log.append(4, 0, frame(4))
    assert seqs(log) == [4]


def test_what_late_joiners_need_is_kept_however_old() -> None:
    log = log_of((0, b"a"), (0, b"b"), (0, b"c"))
    for seq, now in enumerate((100, 110, 120), 4):
        log.age(now, 10, until=1)
        log.append(seq, 0, frame(seq))
    assert seqs(log) == [2, 3, 4, 5, 6]
    log.age(125, 10, until=4)
    assert seqs(log) == [5, 6]
    log.age(130, 10, until=5)
    assert seqs(log) == [6]


def test_a_log_that_was_trimmed_otherwise_ages_too() -> None:
    log = log_of((0, b"a"), (0, b"b"), max_frames=1)
    log.age(100, 10, until=0)
    log.append(3, 0, frame(3))
    log.age(110, 10, until=0)
    log.append(4, 0, frame(4))
    log.age(120, 10, until=9)
    assert seqs(log) == [4]


# Against a list.

FRAMES = st.lists(
    st.tuples(st.integers(0, 3) | st.frozensets(st.integers(1, 3)), st.binary(max_size=8)),
    max_size=30,
)


@given(
    FRAMES,
    st.integers(1, 10),
    st.integers(1, 99),
    st.integers(0, 30),
    st.integers(1, 3),
    st.integers(1, 60),
)
def test_what_a_log_gives_is_what_was_for_a_player_or_it_says_that_it_cannot(
    steps: list[tuple[Addressees, bytes]],
    frames: int,
    size: int,
    seq: int,
    player: int,
    batch: int,
) -> None:
    all_frames = [(seq, to, unwrap(frame(seq, data))) for seq, (to, data) in enumerate(steps, 1)]
    log = log_of(*steps, max_frames=frames, max_bytes=size)
    kept = list(log)
    assert len(kept) == len(log) <= frames
    assert sum(len(wrap(message)) for _, _, message in kept) == log.size
    assert log.size <= size or len(log) == 1
    missed = [each for each in all_frames if each[0] > seq]
    assert log.reaches_back_to(seq) == all(each in kept for each in missed)
    told: list[bytes] = []
    while (found := log.read(seq, batch, player)) is not None:
        messages, reached = found
        told += [unwrap(each) for run in messages for each in split(run)]
        if reached == seq:
            break
        seq = reached
    if log.reaches_back_to(seq):
        assert told == [message for _, to, message in missed if was_for(player, to)]


def was_for(player: int, to: Addressees) -> bool:
    return to != player if isinstance(to, int) else player in to
