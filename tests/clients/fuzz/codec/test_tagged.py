"""Tagged JSON: each value of the wire has one form of its own."""

from __future__ import annotations

import math
import struct

import pytest

from clients.fuzz.codec.sides.tagged import settle, tag, tag_frame
from protocol.frames import Hello, HelloOptions, Kick, Leave, Presence, RoomOptions, Tick

VALUES = [
    (None, None),
    (True, True),
    (1, {"i": "1"}),
    (-(2**53) + 1, {"i": "-9007199254740991"}),
    (1.0, {"f": "3ff0000000000000"}),
    (-0.0, {"f": "8000000000000000"}),
    (math.inf, {"f": "7ff0000000000000"}),
    (math.nan, {"f": "7ff8000000000000"}),
    ("é", {"s": "é"}),
    (b"\x00\xff", {"b": "00ff"}),
    ([1, [False]], [{"i": "1"}, [False]]),
    ({"b": 1, "a": {}}, {"m": [["b", {"i": "1"}], ["a", {"m": []}]]}),
    ({b"k": None}, {"m": [[{"b": "6b"}, None]]}),
]


@pytest.mark.parametrize(("value", "tagged"), VALUES)
def test_a_value_has_one_form(value: object, tagged: object) -> None:
    assert tag(value) == tagged


def test_every_nan_is_the_same() -> None:
    (other,) = struct.unpack(">d", bytes.fromhex("fff8000000000001"))
    assert tag(other) == tag(math.nan)


def test_a_frame_has_its_fields_by_name() -> None:
    assert tag_frame(Leave()) == {"frame": "LEAVE", "fields": {}}
    assert tag_frame(Kick(7, "x")) == {
        "frame": "KICK",
        "fields": {"player": {"i": "7"}, "reason": {"s": "x"}},
    }
    assert tag_frame(Presence(1))["frame"] == "PRESENCE"
    assert tag_frame(Tick(1, 2, ((3, b"\x01"),)))["fields"]["inputs"] == [[{"i": "3"}, {"b": "01"}]]


def test_a_record_has_the_keys_that_are_not_at_their_default() -> None:
    options = HelloOptions(name="Ada", create=RoomOptions(hold=0, tags={"b": "1", "a": "2"}))
    assert tag_frame(Hello(1, options))["fields"]["options"] == {
        "m": [
            ["name", {"s": "Ada"}],
            [
                "create",
                {
                    "m": [
                        ["hold", {"i": "0"}],
                        ["tags", {"m": [["b", {"s": "1"}], ["a", {"s": "2"}]]}],
                    ]
                },
            ],
        ]
    }
    assert tag_frame(Hello(1))["fields"]["options"] == {"m": []}


@pytest.mark.parametrize(
    ("value", "same"),
    [(3.0, 3), (-0.0, 0), (2.0**53, None), (1.5, None), (math.inf, None), (math.nan, None)],
)
def test_lossy_floats_are_ints_where_javascript_cannot_tell(value: float, same: int | None) -> None:
    wanted = tag(value if same is None else same)
    assert settle([tag(value)], True, False) == [wanted]
    assert settle([tag(value)], False, False) == [tag(value)]


def test_unordered_maps_are_alike_in_any_order() -> None:
    one, other = tag([{"a": 1, "b": {"x": 1.0, "y": 2}}]), tag([{"b": {"y": 2, "x": 1.0}, "a": 1}])
    assert settle(one, False, True) == settle(other, False, True)
    assert settle(one, False, False) != settle(other, False, False)
