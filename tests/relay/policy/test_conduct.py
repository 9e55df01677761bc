"""What is held against one client: bad frames, and being too fast for long."""

from __future__ import annotations

import pytest

from protocol.frames import Error, ErrorDetail
from relay.policy.conduct import (
    BAD_FRAMES_SECONDS,
    CALM_SECONDS,
    KEPT_BYTES,
    MAX_BAD_FRAMES,
    THROTTLED_SECONDS,
    Conduct,
)


def test_bad_frames_are_too_many_only_within_a_short_time() -> None:
    quick, slow = Conduct(), Conduct()
    assert [quick.add_bad_frame(5.0) for _ in range(MAX_BAD_FRAMES)].index(True) == (
        MAX_BAD_FRAMES - 1
    )
    pace = 1.01 * BAD_FRAMES_SECONDS / (MAX_BAD_FRAMES - 1)
    assert not any(slow.add_bad_frame(number * pace) for number in range(10 * MAX_BAD_FRAMES))


def test_bad_frames_may_be_few_or_without_end() -> None:
    strict, patient = Conduct(1), Conduct(None)
    assert strict.add_bad_frame(5.0)
    assert not any(patient.add_bad_frame(5.0) for _ in range(1000))
    assert not patient._bad  # nothing is kept of them


def test_one_who_pauses_again_and_again_is_too_fast_once() -> None:
    conduct = Conduct()
    assert conduct.add_pause(0.5, 1.0)
    assert not conduct.add_pause(0.5, 1.5)
    assert not conduct.add_pause(0.5, 2.0 + CALM_SECONDS)
    assert conduct.add_pause(0.5, 2.6 + 2 * CALM_SECONDS)


def test_one_who_never_slows_down_is_found_out() -> None:
    conduct, now = Conduct(), 100.0
    conduct.add_pause(0.5, now)
    while not conduct.never_slows_down(now):
        now += 0.5
        conduct.add_pause(0.5, now)
    assert now == 100.5 + THROTTLED_SECONDS


def test_one_who_slows_down_begins_anew() -> None:
    conduct = Conduct()
    conduct.add_pause(0.5, 0.0)
    later = THROTTLED_SECONDS + 2 * CALM_SECONDS
    conduct.add_pause(0.5, later)
    assert not conduct.never_slows_down(later)


# What was refused.

REFUSED = Error(0, 6, "no", ErrorDetail(op=0x10, offset=2))


def test_the_last_refused_frames_are_kept_and_little_of_each() -> None:
    conduct = Conduct()
    for number in range(10):
        conduct.keep_frame(REFUSED, number, bytes([0x93, 0x10, number]) + bytes(10_000))
    assert [frame.refused.at for frame in conduct.frames] == [6, 7, 8, 9]
    assert [frame.data[2] for frame in conduct.frames] == [6, 7, 8, 9]
    assert {(len(frame.data), frame.size) for frame in conduct.frames} == {(KEPT_BYTES, 10_003)}


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x93\x01\x01\x80",
        b"\x01\x01\x80",
        b"\x93\x10\xc3\xc4\x09my-ticket",
        b"\x93\x10" + bytes(range(16)),
    ],
    ids=["nothing", "HELLO", "HELLO without its head", "a ticket", "a seat"],
)
def test_what_may_tell_a_secret_is_not_kept(message: bytes) -> None:
    conduct = Conduct()
    conduct.secrets = (b"my-ticket", bytes(range(16)))
    conduct.keep_frame(REFUSED, 1, message)
    assert conduct.frames == ()
