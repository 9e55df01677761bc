"""Bounds that must fit each other."""

from __future__ import annotations

import re

from protocol import limits
from protocol.codec import Role, decode, encode
from protocol.fields.records import RoomOptions, Session
from protocol.frames import Deliver, Frame, Send, Subscribe, Tick, Welcome
from protocol.scan import scan
from tests.helpers.spec import section


def test_a_default_client_takes_what_a_default_relay_passes_on() -> None:
    assert limits.FRAME_IN + limits.HEAD_ROOM <= limits.FRAME_OUT


def test_acknowledgements_come_before_the_window_is_full() -> None:
    assert limits.ACK_FRAMES < limits.WINDOW


def test_the_fullest_frames_are_within_the_bounds_of_a_message() -> None:
    """Nothing that a frame may hold makes a message that the other side must refuse."""
    everyone = tuple(range(1, limits.MAX_CAPACITY + 1))
    tags = {f"{number:064}": "v" * limits.MAX_WORD for number in range(limits.MAX_TAGS)}
    ignored = ("i" * limits.MAX_WORD,) * limits.MAX_IGNORED
    groups = tuple(range(1, limits.MAX_GROUP + 1))
    fullest: list[tuple[Frame, Role]] = [
        (Send(everyone, b""), Role.CLIENT),
        (Subscribe(groups, groups), Role.CLIENT),
        (Tick(1, 1, tuple((player, b"") for player in everyone)), Role.RELAY),
        (Deliver(1, 1, bytes(limits.FRAME_IN_MAX)), Role.RELAY),
        (
            Welcome(
                1, 1, 0, Session(bytes(8), "R", options=RoomOptions(tags=tags), ignored=ignored)
            ),
            Role.RELAY,
        ),
    ]
    for frame, by in fullest:
        message = encode(frame)
        scan(message)
        assert decode(message, by) == frame


def test_long_lists_cost_what_the_code_charges() -> None:
    (listed,) = re.findall(r"one message more for every full (\d+) players or groups", section(19))
    assert int(listed) == limits.LISTED
