"""Which reason of a player stands first: an overview goes in, an order comes out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from protocol.frames import Subscribe
from relay.conditions.conditions import Conditions
from relay.conditions.profiles import PROFILES
from relay.conditions.shape import Shape
from relay.inspect.overview import RoomOverview, of_seat
from relay.inspect.why import explain
from relay.room.room import Room
from tests.helpers.playbook import asks, enters, room_of, sends


def both(conditions: Conditions | str) -> dict[str, Any]:
    way = PROFILES[conditions] if isinstance(conditions, str) else conditions
    return {"conditions": Shape(way, way, 1).plain()}


def order(room: Room, **fields: Any) -> list[str]:
    """Return the reasons of player 2, who is connected and well but for these fields."""
    well = {
        "attachment": 2,
        "link": "direct",
        "rtt_ms": 8.0,
        "outbox": {"mode": "flowing", "frames": 0, "bytes": 0},
    }
    known = replace(of_seat(room.seats[2]), **{**well, **fields})
    account = explain(room, 2, RoomOverview({2: known}, (), {}))
    return [each.reason for each in account.reasons]


def spoken_in() -> Room:
    """Return a room in which all has been told to all."""
    room = room_of(3).witness.room
    room.apply(sends(1, None, b"hi"))
    return room


def past_them() -> Room:
    """Return a room in which a group is spoken to that player 2 is not in."""
    room = room_of(3).witness.room
    room.apply(asks(3, Subscribe((7,), ())))
    room.apply(sends(1, -7, b"hi"))
    return room


SILENT = {"silent_ms": 15_000, "unanswered_ms": 14_000}
STALLED = {"blocked_ms": 9000, "outbox": {"mode": "following", "frames": 90, "bytes": 9000}}
BEHIND = {"behind": 50, "outbox": {"mode": "following", "frames": 90, "bytes": 9000}}
FROZEN = Conditions(freeze=True)
REFUSED = {"refusals": ({"op": "SEND", "code": "NO_SUCH_PLAYER", "text": "no"},)}


@pytest.mark.parametrize(
    ("fields", "reasons"),
    [
        ({}, ["all_well"]),
        (both("lan"), ["all_well", "conditions"]),
        ({**both("lan"), **SILENT}, ["silent", "conditions"]),
        ({**both("lan"), **STALLED}, ["following", "conditions"]),
        ({**both("lan"), **REFUSED}, ["refused", "conditions"]),
        ({**both("wifi"), **REFUSED}, ["refused", "conditions"]),
        (both("wifi"), ["conditions"]),
        (both("satellite"), ["conditions"]),
        ({**both("satellite"), **REFUSED}, ["conditions", "refused"]),
        ({**both("train-wifi"), **SILENT}, ["silent", "conditions"]),
        ({**both("hotel"), **STALLED}, ["following", "conditions"]),
        ({**both("hotel"), **BEHIND}, ["conditions", "following"]),
        ({**both(FROZEN), **BEHIND}, ["conditions", "following"]),
        ({**both(FROZEN), **SILENT}, ["conditions", "silent"]),
        (both(Conditions(loss=0.3)), ["conditions"]),
        ({"rtt_ms": 400.0, **SILENT}, ["silent"]),
    ],
)
def test_what_explains_most_comes_first(fields: dict[str, Any], reasons: list[str]) -> None:
    assert order(spoken_in(), **fields) == reasons


@pytest.mark.parametrize("conditions", ["lan", "wifi", "mobile-3g", "train-wifi"])
def test_a_bad_network_explains_no_message_to_others(conditions: str) -> None:
    assert order(past_them(), **both(conditions)) == ["not_addressed", "conditions", "no_history"]


def test_conditions_that_cut_explain_who_is_lost() -> None:
    lost = {"presence": "lost", "attachment": None, "link": None, "outbox": None}
    assert order(spoken_in(), **lost, **both("train-wifi"))[0] == "conditions"
    assert order(spoken_in(), **lost, **both("lan"))[0] == "lost"


def test_the_past_is_spoken_of_only_where_there_was_one_and_nothing_came_after() -> None:
    assert order(room_of(2).witness.room) == ["nothing_said"]
    assert "no_history" not in order(spoken_in())
    late = room_of(1).witness.room
    late.apply(sends(1, None, b"old"))
    late.apply(enters(2))
    assert order(late) == ["nothing_said", "no_history"]
    late.apply(sends(1, None, b"new"))
    assert order(late) == ["all_well"]
