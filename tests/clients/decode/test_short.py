"""The short form of frames, and JSON that cannot be encoded."""

from __future__ import annotations

from typing import Any

import pytest

from protocol import codec
from protocol.frames import (
    Ack,
    Frame,
    Hello,
    HelloOptions,
    Kick,
    Presence,
    PresenceChanged,
    RoomOptions,
    Send,
    Set,
    Subscribe,
    Taken,
    Tick,
)
from roomwire.decoded import NotEncodable, as_json, decode, encode

PACKED = codec.pack({"say": "hi"})
SEAT = bytes(range(16))
HELLO = {"version": 1, "options": {"seat": {"$hex": SEAT.hex()}, "create": {"history": "full"}}}


@pytest.mark.parametrize(
    ("told", "frame"),
    [
        ({"frame": "SEND", "target": True, "payload": {"say": "hi"}}, Send(True, PACKED)),
        ({"frame": "SEND", "target": [2, 3], "payload": {"$hex": "CAFE"}},
         Send((2, 3), b"\xca\xfe")),
        ({"frame": "SEND", "target": -7, "payload": [{"$hex": "CAFE"}]},
         Send(-7, codec.pack([b"\xca\xfe"]))),
        ({"frame": "SET", "scope": 0, "key": "k", "value": False}, Set(0, "k", False)),
        ({"frame": "SET", "scope": 0, "key": "k", "value": {"say": "hi"}}, Set(0, "k", PACKED)),
        ({"frame": "KICK", "player": 3, "reason": "afk"}, Kick(3, "afk")),
        ({"frame": "SUBSCRIBE", "add": [1, 2]}, Subscribe((1, 2))),
        ({"frame": "HELLO", **HELLO},
         Hello(1, HelloOptions(seat=SEAT, create=RoomOptions(history="full")))),
        ({"frame": "ACK", "seq": 5}, Ack(5)),
        ({"frame": "ACK", "taken": 1, "seq": 5}, Taken(1, 5)),
        ({"frame": "PRESENCE", "state": 1}, Presence(1)),
        ({"frame": "PRESENCE", "seq": 1, "player": 2, "state": 3}, PresenceChanged(1, 2, 3)),
    ],
)  # fmt: skip
def test_a_frame_is_written_as_the_codec_writes_it(told: dict[str, Any], frame: Frame) -> None:
    assert encode(told) == codec.encode(frame)


def test_a_ticks_inputs_are_pairs() -> None:
    told = {"frame": "TICK", "seq": 1, "tick": 2, "inputs": [[1, {"$hex": "01"}]]}
    assert encode(told) == codec.encode(Tick(1, 2, ((1, b"\x01"),)))


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"frame": "SHOUT"}, 'no frame is called "SHOUT"'),
        ({"frame": "SEND", "from": "relay"}, 'no frame of the relay is called "SEND"'),
        ({"frame": "SEND", "from": "me"}, '"from" is client or relay'),
        ({"frame": "SEND", "target": 1}, "SEND needs payload"),
        ({"frame": "SEND", "to": 1, "payload": 1}, "SEND has no to; it has target, payload"),
        ({"frame": "KICK", "player": "Ada"}, "expected=int"),
        ({"frame": "KICK", "player": 0}, "out_of_range"),
        ({"frame": "HELLO", "version": 1, "options": {"pass": "x"}}, "HelloOptions has no pass"),
        ({"frame": "SEND", "target": 1, "payload": {"$hex": "XY"}}, "holds no hex"),
        ({"frame": "SEND", "target": 1, "payload": {"a": 2**60}}, "out_of_range"),
        ({"tree": []}, "not one whole value"),
        ({"tree": [{"type": "int"}]}, "no value of a tree"),
        ({"tree": [{"type": "what"}]}, "no value of a tree"),
        ({"tree": [{"type": "map", "of": [{"type": "nil"}]}]}, "a key without a value"),
        ([], "a message is an object"),
        ({}, "no frame is called"),
    ],
)  # fmt: skip
def test_what_cannot_be_encoded_says_why(told: Any, why: str) -> None:
    with pytest.raises(NotEncodable, match=why.replace("[", r"\[")):
        encode(told)


def test_what_is_torn_is_not_encoded() -> None:
    for torn in (codec.encode(Send(None, b"hello"))[:-1], b"\x91\x08\x00", b"\x92\x08\xc1"):
        with pytest.raises(NotEncodable, match="whole"):
            encode(as_json(decode(torn)))


def test_a_value_of_the_tree_may_be_changed() -> None:
    told = as_json(decode(codec.encode(Send(True, PACKED))))
    told["tree"][0]["of"][2]["packed"]["of"][1]["value"] = "hello"
    assert encode(told) == codec.encode(Send(True, codec.pack({"say": "hello"})))


def test_a_long_form_of_a_payload_stays_as_it_is() -> None:
    """Other packers write floats of 32 bits, and longer heads."""
    data = codec.encode(Send(True, b"\xca\x3f\x80\x00\x00"))
    assert encode(as_json(decode(data))) == data
