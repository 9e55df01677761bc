"""What is held against one client: bad frames, and being too fast for long."""

from __future__ import annotations

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.codec import encode
from protocol.frames import Error, ErrorDetail, Hello, HelloOptions, RoomOptions
from relay.policy.conduct import (
    BAD_FRAMES_SECONDS,
    CALM_SECONDS,
    KEPT_BYTES,
    MAX_BAD_FRAMES,
    THROTTLED_SECONDS,
    Conduct,
    open_part,
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
        b"\x93\x10\xc3\xc4\x09my-ticket",
        b"\x93\x10" + bytes(range(16)),
    ],
    ids=["nothing", "a ticket", "a seat"],
)
def test_what_may_tell_a_secret_is_not_kept(message: bytes) -> None:
    conduct = Conduct()
    conduct.secrets = (b"my-ticket", bytes(range(16)))
    conduct.keep_frame(REFUSED, 1, message)
    assert conduct.frames == ()


# What of a HELLO is kept.

SECRET = "pw-42-pw-42"
HELLO = Hello(
    1,
    HelloOptions(
        seat=SECRET.encode() + bytes(5),
        position=(bytes(8), 3),
        name="Ann",
        app="duel",
        ticket=SECRET,
        password=SECRET,
        create=RoomOptions(title="Mine", capacity=3, password=SECRET),
    ),
)


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (encode(Hello(1, HelloOptions(name="Ann", can_host=False))), None),
        (bytes.fromhex("93010181A46E616D65A35A6FC3AB"), None),
        (encode(Hello(1, HelloOptions(create=RoomOptions(capacity=3)))) + b"\xc0", None),
        (b"\x93\x01\x01" + msgpack.packb({"name": [1], "create": {"capacity": "3"}}), None),
        (b"\x93\x01\x01" + msgpack.packb(["Ann", SECRET]), 4),
        (b"\x93\x01\x01" + msgpack.packb({"pasword": SECRET}), 5),
        (b"\x93\x01\x01" + msgpack.packb({"name": {"pasword": SECRET}}), 10),
        (b"\x93\x01\x01" + msgpack.packb({"name": "Ann", "password": SECRET}), 14),
        (b"\x00\x00\x00\x20" + encode(HELLO), 1),
        (b'{"password": "pw-42"}', 1),
        (b"\x93", None),
        (b"", None),
    ],
)
def test_a_hello_is_kept_up_to_where_a_secret_may_stand(message: bytes, told: int | None) -> None:
    assert open_part(message) == message[:told]
    conduct = Conduct()
    conduct.keep_frame(REFUSED, 1, message, is_first=True)
    assert [(frame.data, frame.size) for frame in conduct.frames] == (
        [(message[:told], len(message))] if message else []
    )


WORDS = b"pw-42-pw-42"


@given(st.data())
def test_no_damage_lets_a_secret_out(data: st.DataObject) -> None:
    hello = bytearray(encode(HELLO))
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(hello)))
        how = data.draw(st.sampled_from(("put", "drop", "set")))
        byte = data.draw(st.binary(min_size=1, max_size=1))
        hello[at : at + (how != "put")] = b"" if how == "drop" else byte
    told = open_part(bytes(hello))
    assert not any(WORDS[at : at + 2] in told for at in range(0, len(WORDS) - 1, 2))


def test_a_malformed_frame_gets_its_number_once_it_is_counted() -> None:
    conduct = Conduct()
    conduct.keep_frame(REFUSED, 1, b"\x93\x10", is_first=True)
    conduct.note_refusal(REFUSED, 1)
    conduct.keep_frame(REFUSED, 1, b"\x93\x10one", is_counted=True)
    conduct.keep_frame(REFUSED, 2, b"\x93\x10two", is_counted=True)
    for number in (7, 8):
        conduct.note_refusal(Error(5, 6, "no", ErrorDetail(op=0x10, offset=2, frame=number)), 3)
    assert [frame.refused.frame for frame in conduct.frames] == [None, 7, 8]
    assert [(each.refused.frame, each.data[2:]) for each in conduct.kept()] == [
        (None, b""),
        (7, b"one"),
        (8, b"two"),
    ]


def test_a_ping_that_is_late_is_remembered() -> None:
    conduct, at = Conduct(), 10**15
    for gap in (0, 0.1, 0.1, 5, 6, 5):
        at += int(gap * 1e6)
        conduct.ping(at)
    assert conduct.late_ping == (0.0, 0), "the first ones are quick, and timers of pages are coarse"
    for gap in (11, 0.01, 5, 5):
        at += int(gap * 1e6)
        conduct.ping(at)
    assert conduct.late_ping == (11.0, at - 10_010_000)


def test_one_that_always_pings_seldom_is_not_late() -> None:
    conduct = Conduct()
    for number in range(1, 9):
        conduct.ping(number * 30_000_000)
    assert conduct.late_ping == (30.0, 60_000_000)
