"""A tape is a list of frames, of which the oldest go; and nothing for the garbage collector."""

import gc

from hypothesis import given
from hypothesis import strategies as st

from relay.tape import Addressees, Entry, Tape

FRAMES = st.tuples(
    st.integers(1, 3),  # the gap to the next seq
    st.integers(0, 2**53) | st.frozensets(st.integers(1, 3)),
    st.binary(max_size=8),
)
STEPS = st.lists(FRAMES | st.just("drop"), max_size=60)


@given(STEPS)
def test_it_is_a_list_at_each_step(steps: list[tuple[int, Addressees, bytes] | str]) -> None:
    tape, frames, seq = Tape(), list[Entry](), 0
    for step in steps:
        if not isinstance(step, str):
            gap, to, message = step
            seq += gap
            tape.append(seq, to, message)
            frames.append((seq, to, message))
        elif frames:
            oldest, _, message = frames.pop(0)
            seq_of_it, size, _ = tape.drop()
            assert (seq_of_it, size) == (oldest, len(message))
        assert [tape.entry(index) for index in range(len(tape))] == frames
        assert [tape.seq(index) for index in range(len(tape))] == [each[0] for each in frames]
        assert not frames or tape.seq(-1) == frames[-1][0]
        for wanted in range(seq + 2):
            assert tape.after(wanted) == sum(each[0] <= wanted for each in frames)


def test_a_frame_is_no_object_that_a_collector_looks_at() -> None:
    tape = Tape()
    gc.collect()
    before = len(gc.get_objects())
    for seq in range(1, 1001):
        tape.append(seq, 0, bytes(64))
    assert len(gc.get_objects()) - before < 10
    assert sum(len(gc.get_referents(part)) for part in gc.get_referents(tape)) < 10


def test_a_few_large_ones_that_went_take_none_either() -> None:
    tape = Tape()
    for seq in range(1, 11):
        tape.append(seq, 0, bytes(64_000))
    for seq in range(11, 1001):
        tape.append(seq, 0, b"small")
    for _ in range(10):
        tape.drop()
    assert len(tape._data) == 990 * len(b"small")


def test_what_went_takes_no_memory() -> None:
    tape = Tape()
    for seq in range(1, 10_001):
        tape.append(seq, 0, bytes(64))
        if seq > 100:
            tape.drop()
    held = sum(map(len, (bytes(tape._data), tape._seqs, tape._to, tape._edges)))
    assert held < 2 * 100 * 64 + 3 * 250
