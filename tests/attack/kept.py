"""C6: the start of a relay that reads the rooms of a large one."""

from __future__ import annotations

import re
import tempfile
import time
from pathlib import Path

from protocol.frames import RoomOptions, Set
from relay.history.history import History
from relay.persistence.file import StateFile
from relay.room.room import Room
from tests.attack.stage import MEBIBYTE, Scale, Stage, stage
from tests.attack.verdict import Check, Row, Timing
from tests.helpers.playbook import asks, enters, sends

ROOMS = 16
PAYLOAD = bytes(32)
HIGH_WATER = re.compile(r"VmHWM:\s*(\d+) kB")
START_SECONDS = 2.0
FRAME_SECONDS = 10e-6
"""The bound of memory for each frame of the file, at a start."""
SLACK_MEBIBYTES = 8.0
"""Bytes that any process needs for a moment when it starts, with rooms or without."""


async def c6(scale: Scale) -> Row:
    """Args: scale: `many` is the frames of all rooms together."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rooms.state"
        StateFile(file).write([lived_in(number, scale.many // ROOMS) for number in range(ROOMS)], 0)
        size = file.stat().st_size / MEBIBYTE
        began = time.monotonic()
        with stage("--state", str(file), is_forked=False) as on:
            took = time.monotonic() - began
            back = on.relay.log.count(f"{ROOMS} rooms are back")
            passing = high_water(on) - (on.memory + on.mapped) / MEBIBYTE
        left = StateFile(file).take()
        frames = sum(len(room.history) for room in left.rooms)
    return Row(
        "C6",
        f"A start with {ROOMS} rooms, {scale.many} frames, {size:.1f} MiB",
        [
            Timing("until it serves", took, START_SECONDS + scale.many * FRAME_SECONDS, "s"),
            Check("memory that only loading takes", passing, SLACK_MEBIBYTES + size / 4, "MiB"),
            Check("starts without the rooms", 1 - back, 0),
            Check("frames that are gone at its end", scale.many - frames, 0),
        ],
    )


def lived_in(number: int, frames: int) -> Room:
    """Make a room with this many frames of history: to all, to some, and of properties."""
    options = RoomOptions(keep=3600, history="full")
    room = Room(f"ROOM{number}", b"an epoch", options, history=History())
    for player in (1, 2, 3):
        room.apply(enters(player))
    for turn in range(frames):
        player = 1 + turn % 3
        match turn % 4:
            case 0:
                room.apply(asks(player, Set(0, "score", turn.to_bytes(4))))
            case 1:
                room.apply(sends(player, (1, 2), PAYLOAD))
            case _:
                room.apply(sends(player, None, PAYLOAD))
    return room


def high_water(on: Stage) -> float:
    """Return the most mebibytes that were resident at any time."""
    found = HIGH_WATER.search(Path(f"/proc/{on.process.pid}/status").read_text())
    assert found
    return int(found[1]) / 1024
