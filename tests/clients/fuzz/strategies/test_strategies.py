"""Strategies of frames and values: what they draw is legal, and their examples are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from typing import Any

import msgpack
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

import clients.fuzz.strategies
from protocol.codec import FRAMES, Role, decode, encode, pack, unpack
from roomwire.testing import (
    Frame,
    Opcode,
    PlayerInfo,
    Send,
    encodings,
    frames,
    game_values,
    instances,
    messages,
    piles,
)

MODULES = [each.name for each in pkgutil.iter_modules(clients.fuzz.strategies.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_are_true(name: str) -> None:
    module = importlib.import_module(f"clients.fuzz.strategies.{name}")
    failed, _ = doctest.testmod(module)
    assert failed == 0


def test_most_modules_have_examples() -> None:
    found = doctest.DocTestFinder().find
    examples = [
        test
        for name in MODULES
        for test in found(importlib.import_module(f"clients.fuzz.strategies.{name}"))
        if test.examples
    ]
    assert len(examples) > 8


@pytest.mark.parametrize("by", Role)
def test_every_frame_is_drawn(by: Role) -> None:
    seen = set()

    @settings(max_examples=600, phases=[Phase.generate], derandomize=True)
    @given(frames(by))
    def see(frame: Frame) -> None:
        seen.add(type(frame))

    see()
    assert seen == set(FRAMES[by].values())


@given(frames(Role.CLIENT, Opcode.SEND, Opcode.LEAVE))
def test_only_the_opcodes_that_were_asked_for_are_drawn(frame: Frame) -> None:
    assert frame.opcode in (Opcode.SEND, Opcode.LEAVE)


def test_a_frame_that_this_side_never_sends_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^a client never sends WELCOME, LIVE$"):
        frames(Role.CLIENT, Opcode.WELCOME, Opcode.SEND, Opcode.LIVE)
    with pytest.raises(ValueError, match="a relay never sends SEND"):
        messages(Role.RELAY, Opcode.SEND)


@given(instances(Send), instances(PlayerInfo))
def test_instances_are_of_their_class(send: Send, info: PlayerInfo) -> None:
    assert decode(encode(send), Role.CLIENT) == send
    assert len(info.name.encode()) <= 64


@given(st.data(), game_values())
def test_every_form_of_a_payload_is_the_same_value(data: st.DataObject, value: Any) -> None:
    wordy = data.draw(encodings(value))
    assert repr(unpack(wordy)) == repr(value)
    assert len(wordy) >= len(pack(value))


def test_a_value_that_no_payload_holds_has_no_form() -> None:
    with pytest.raises(TypeError, match="no payload holds a set"):
        find(encodings({1}), lambda payload: True)


def test_longer_heads_come_up_at_every_depth() -> None:
    wanted = bytes.fromhex("dc0001de0001d90161c50001ff")
    found = find(encodings([{"a": b"\xff"}]), lambda payload: payload == wanted)
    assert msgpack.unpackb(found) == [{"a": b"\xff"}]


def test_piles_are_deep_and_broad() -> None:
    assert len(find(piles(), lambda pile: len(pile) > 4096)) > 4096
