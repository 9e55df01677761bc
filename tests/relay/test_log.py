"""A log keeps the newest frames within its bounds, and knows how far back it reaches."""

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from relay.log import Addressees, Log


def log_of(*frames: tuple[int, Addressees, bytes], **bounds: int) -> Log:
    log = Log(**bounds)
    for frame in frames:
        log.append(*frame)
    return log


def test_a_player_is_told_what_was_for_it_after_its_position() -> None:
    log = log_of(
        (1, 0, b"for all"),
        (2, 7, b"for all but 7"),
        (4, frozenset({7}), b"for 7"),
        (5, frozenset({7, 8}), b"for 7 and 8"),
        (9, frozenset(), b"for nobody"),
    )
    assert list(log.since(0, 7)) == [b"for all", b"for 7", b"for 7 and 8"]
    assert list(log.since(1, 8)) == [b"for all but 7", b"for 7 and 8"]
    assert list(log.since(3, 7)) == [b"for 7", b"for 7 and 8"]
    assert list(log.since(4, 7)) == [b"for 7 and 8"]
    assert list(log.since(9, 7)) == []


def test_the_oldest_frames_go_first_when_there_are_too_many() -> None:
    log = log_of((1, 0, b"a"), (2, 0, b"b"), (5, 0, b"c"), max_frames=2)
    assert list(log) == [(2, 0, b"b"), (5, 0, b"c")]
    assert log.trimmed == 1


def test_the_oldest_frames_go_first_when_they_are_too_large() -> None:
    log = log_of((1, 0, b"aa"), (2, 0, b"b"), (3, 0, b"ccc"), max_bytes=4)
    assert list(log) == [(2, 0, b"b"), (3, 0, b"ccc")]


def test_a_frame_larger_than_the_log_leaves_it_empty() -> None:
    log = log_of((1, 0, b"a"), (2, 0, b"large"), max_bytes=4)
    assert (list(log), log.trimmed) == ([], 2)
    log.append(3, 0, b"next")
    assert list(log) == [(3, 0, b"next")]


def test_a_log_reaches_back_to_a_position_if_all_that_follows_is_here() -> None:
    log = log_of((3, 0, b"a"), (5, 0, b"b"), (8, 0, b"c"), max_frames=1)
    assert [seq for seq in range(10) if log.reaches_back_to(seq)] == [5, 6, 7, 8, 9]
    assert Log().reaches_back_to(0)


FRAMES = st.lists(
    st.tuples(
        st.integers(1, 3),  # the gap to the next seq
        st.integers(0, 3) | st.frozensets(st.integers(1, 3)),
        st.binary(max_size=8),
    ),
    max_size=30,
)


@given(FRAMES, st.integers(1, 10), st.integers(1, 30), st.integers(0, 90), st.integers(1, 3))
def test_what_a_log_replays_is_what_was_addressed_or_it_says_that_it_cannot(
    steps: list[tuple[int, Addressees, bytes]], frames: int, size: int, seq: int, player: int
) -> None:
    seqs = accumulate(gap for gap, _, _ in steps)
    all_frames = [(seq, to, message) for seq, (_, to, message) in zip(seqs, steps, strict=True)]
    log = log_of(*all_frames, max_frames=frames, max_bytes=size)
    kept = list(log)
    assert len(kept) <= frames
    assert sum(len(message) for _, _, message in kept) <= size
    missed = [frame for frame in all_frames if frame[0] > seq]
    assert log.reaches_back_to(seq) == all(frame in kept for frame in missed)
    if log.reaches_back_to(seq):
        assert list(log.since(seq, player)) == [
            message for _, to, message in missed if was_for(player, to)
        ]


def was_for(player: int, to: Addressees) -> bool:
    return to != player if isinstance(to, int) else player in to
