"""What frames say is shown in one line, whatever a stranger has put into them."""

from __future__ import annotations

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import fast_path
from protocol.codec import encode
from protocol.frames import Joined, PlayerInfo, Property
from relay.inspect.printable import printable, said


@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        (msgpack.packb({"say": "hi", "to": [1, None]}), '{"say": "hi", "to": [1, null]}'),
        (msgpack.packb({1: b"\x00\xff"}), '{"1": "00 ff"}'),
        (msgpack.packb("höhle"), '"höhle"'),
        (msgpack.packb({(1, 2): 3}), "{(1, 2): 3}"),
        (b"hello", '"hello"'),
        (b"\xff\x00\x01", "ff 00 01"),
        (b"two\nlines", "74 77 6f 0a 6c 69 6e 65 73"),
        (b"", '""'),
    ],
)
def test_a_payload_is_shown_as_what_it_is(payload: bytes, shown: str) -> None:
    assert said(fast_path.deliver(1, 1, fast_path.tail(payload))) == shown


def test_other_frames_are_shown_by_their_fields() -> None:
    assert said(encode(Property(5, 0, "map", b"cave", 5, 1))) == '0 "map" "cave" 5 1'
    assert '"name": "Bob"' in said(encode(Joined(1, 2, PlayerInfo("Bob"))))


@given(st.binary(max_size=300))
def test_nothing_is_beyond_it(data: bytes) -> None:
    assert isinstance(printable(data), str)


@pytest.mark.parametrize("head", [b"\x91", b"\x81\xa1k"])
def test_not_even_what_is_nested_deeply(head: bytes) -> None:
    assert printable(head * 900 + b"\xc0")
    assert printable(head * 5000 + b"\xc0")
