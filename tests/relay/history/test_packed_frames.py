"""A tape is a list of frames, of which the oldest go; and nothing for the garbage collector."""

import gc
import sys

from hypothesis import given
from hypothesis import strategies as st

from protocol import fast_path
from protocol.codec import encode
from protocol.frames import Host
from protocol.limits import MAX_INT, MAX_PLAYER
from relay.history import packed_frames as module
from relay.history.packed_frames import (
    BLOCK_FRAMES,
    NOBODY,
    Addressees,
    PackedFrames,
    StoredFrame,
)
from relay.history.ws_frame import split, unwrap, wrap

Step = tuple[Addressees, bytes] | int

PLAYER = st.integers(1, 3) | st.just(MAX_PLAYER)
STEPS: st.SearchStrategy[list[Step]] = st.lists(
    st.tuples(PLAYER | st.just(0) | st.frozensets(PLAYER), st.binary(max_size=8))
    | st.integers(1, 3),
    max_size=60,
)
"""A payload, or so many that go."""


def payload(seq: int, data: bytes) -> bytes:
    return wrap(fast_path.deliver(seq, 9, fast_path.tail(data)))


@given(STEPS, st.integers(0, 5), st.integers(1, 40))
def test_it_is_a_list_at_each_step(steps: list[Step], start: int, size: int) -> None:
    tape, frames, seq = PackedFrames(), list[StoredFrame](), start
    for step in steps:
        if isinstance(step, int):
            gone, frames = frames[:step], frames[step:]
            last = gone[-1][0] if gone else 0
            assert tape.drop(last) == sum(len(wrap(message)) for _, _, message in gone)
        else:
            seq += 1
            message = payload(seq, step[1])
            if tape.append(seq, step[0], message):
                tape.settle()
            frames.append((seq, step[0], unwrap(message)))
            if len(frames) % 5 == 4:
                tape._close()
        assert list(tape) == frames
        assert len(tape) == len(frames)
        for player in (1, 2, MAX_PLAYER):
            wanted = [unwrap(wrap(m)) for _, to, m in frames if is_for(player, to)]
            assert told(tape, frames, size, but=player, player=player) == wanted
            to_all = [m for _, to, m in frames if isinstance(to, int) and to != player]
            assert told(tape, frames, size, but=player, player=NOBODY) == to_all
        assert tape.taken >= sum(len(message) for _, _, message in frames)


def is_for(player: int, to: Addressees) -> bool:
    return to != player if isinstance(to, int) else player in to


def told(
    tape: PackedFrames, frames: list[StoredFrame], size: int, *, but: int, player: int
) -> list[bytes]:
    """Read all, a batch at a time."""
    found: list[bytes] = []
    seq = frames[0][0] - 1 if frames else 0
    while frames and seq < frames[-1][0]:
        runs, reached = tape.read(seq, MAX_INT, size, 4, but, player)
        assert seq < reached <= seq + 4
        found += [unwrap(each) for run in runs for each in split(run)]
        seq = reached
    return found


def test_what_is_no_payload_is_no_history() -> None:
    tape = PackedFrames()
    fact = wrap(encode(Host(1, 2, 3)))
    tape.append(1, 0, fact)
    tape.append(2, 0, payload(2, b""))
    assert tape.read(0, MAX_INT, 99, 99, NOBODY, NOBODY) == ([payload(2, b"")], 2)
    assert tape.read(0, MAX_INT, 99, 99, 7, 7) == ([fact + payload(2, b"")], 2)


def test_a_set_of_addressees_is_kept_once() -> None:
    """Or each frame to a group of many takes many times what was sent."""
    tape, many = PackedFrames(), frozenset(range(1, 2041))
    for seq in range(1, 1001):
        if tape.append(seq, frozenset(many) if seq % 2 else many, payload(seq, b"x")):
            tape.settle()
    assert tape.taken < 2 * 2040 * 4 + 1000 * 64
    assert all(entry[1] == many for entry in tape)


def test_what_it_says_it_takes_is_what_it_takes() -> None:
    tapes = [PackedFrames() for _ in range(20)]
    for tape in tapes:
        for seq in range(1, 5001):
            to: Addressees = frozenset((1, 2, seq)) if seq % 50 == 0 else 1
            if tape.append(seq, to, payload(seq, bytes(seq % 7))):
                tape.settle()
        tape.drop(2500)
    real = sum(map(size_of, tapes))
    counted = sum(tape.taken for tape in tapes)
    assert real / 1.3 < counted < 1.3 * real


def size_of(tape: PackedFrames) -> int:
    blocks = [*tape._blocks, tape._open()]
    parts = [part for block in blocks for part in (block.data, block.ends, block.codes)]
    sets = [each for block in blocks for each in (block.sets, *block.sets)]
    known = [*tape._known, tape._known]
    return sum(map(sys.getsizeof, [*blocks, *parts, *sets, *known]))


def test_a_frame_is_no_object_that_a_collector_looks_at() -> None:
    tape = PackedFrames()
    gc.collect()
    before = len(gc.get_objects())
    for seq in range(1, 10 * BLOCK_FRAMES):
        if tape.append(seq, 0, payload(seq, b"")):
            tape.settle()
    assert len(gc.get_objects()) - before < 100


def test_what_went_takes_no_memory() -> None:
    tape = PackedFrames()
    for seq in range(1, 11):
        tape.append(seq, 1, bytes(64_000))
        tape.settle()
    for seq in range(11, 1001):
        tape.append(seq, 1, payload(seq, b"small"))
        tape.settle()
    tape.drop(10)
    assert size_of(tape) < 990 * 64
    for seq in range(1001, 10_001):
        tape.append(seq, 1, payload(seq, b"small"))
        tape.settle()
        tape.drop(seq - 100)
    assert size_of(tape) < 2 * module.BLOCK_FRAMES * 40
    tape.drop(10_000)
    assert (tape.taken, len(tape)) == (0, 0)


def test_what_is_for_others_takes_nothing_of_a_batch() -> None:
    tape = PackedFrames()
    for seq in range(1, 41):
        if tape.append(seq, 1 if seq % 10 else 2, payload(seq, bytes(5000))):
            tape.settle()
    size = len(payload(1, bytes(5000)))
    found, reached = tape.read(0, MAX_INT, 2 * size, 99, 1, 1)
    assert [fast_path.seq(unwrap(each)) for run in found for each in split(run)] == [10, 20]
    assert reached == 20
    assert tape.read(0, MAX_INT, 2 * size, 15, 1, 1)[1] == 15
