"""A relay may tell as much before LIVE as its room can hold, and not one frame or byte more."""

from __future__ import annotations

import pytest

from clients.python.core.before_live import (
    HEAD_BYTES,
    HELD_BYTES,
    HELD_FRAMES,
    MEANWHILE_BYTES,
    MEANWHILE_FRAMES,
    BeforeLive,
)
from protocol import limits
from protocol.codec import encode
from protocol.errors import RemoteProtocolError
from protocol.frames import (
    Frame,
    Joined,
    Limits,
    PlayerInfo,
    PresenceChanged,
    PresenceState,
    Property,
    Snapshot,
)

ANNOUNCED = Limits(history_frames=3, history_bytes=500)
FRAMES = 3 + HELD_FRAMES + MEANWHILE_FRAMES
BYTES = 500 + HELD_BYTES + MEANWHILE_BYTES


def test_one_frame_more_than_a_room_can_hold_is_refused() -> None:
    told = BeforeLive(ANNOUNCED)
    for _ in range(FRAMES):
        told.count(0)
    with pytest.raises(RemoteProtocolError, match="more before LIVE than a room can hold"):
        told.count(0)


def test_one_byte_more_than_a_room_can_hold_is_refused() -> None:
    BeforeLive(ANNOUNCED).count(BYTES)
    with pytest.raises(RemoteProtocolError, match="more before LIVE than a room can hold"):
        BeforeLive(ANNOUNCED).count(BYTES + 1)


def test_a_new_stream_counts_anew() -> None:
    for _ in range(2):
        BeforeLive(ANNOUNCED).count(BYTES)


LAST = limits.MAX_INT
NAME = "\N{GRINNING FACE}" * (limits.MAX_NAME // 4)
KEY = "k" * limits.MAX_WORD


@pytest.mark.parametrize(
    ("frame", "counted_apart"),
    [
        (Joined(LAST, limits.MAX_PLAYER, PlayerInfo(NAME, "spectator", can_host=False)), 0),
        (PresenceChanged(LAST, limits.MAX_PLAYER, PresenceState.LAGGING), 0),
        (
            Property(LAST, limits.MAX_PLAYER, KEY, bytes(60_000), LAST, limits.MAX_PLAYER),
            len(KEY) + 60_000,
        ),
        (Snapshot(LAST, 14, 15, bytes(60_000)), 60_000),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_longest_head_of_each_fact_has_its_place(frame: Frame, counted_apart: int) -> None:
    assert len(encode(frame)) - counted_apart <= HEAD_BYTES
