"""How frames are declared."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import pytest

from protocol.codec import FRAMES, Role
from protocol.fields.schema import record_fields
from protocol.frames import CLIENT_FRAMES, RELAY_FRAMES, Frame, Leave, Ping
from protocol.opcodes import Opcode

EVERY = sorted({*CLIENT_FRAMES, *RELAY_FRAMES}, key=lambda cls: cls.__name__)


def test_every_opcode_has_its_frame() -> None:
    assert {cls.opcode for cls in EVERY} == set(Opcode)


@pytest.mark.parametrize("by", Role)
def test_no_opcode_has_two_frames_in_one_direction(by: Role) -> None:
    declared = CLIENT_FRAMES if by is Role.CLIENT else RELAY_FRAMES
    assert len(FRAMES[by]) == len(declared)


@pytest.mark.parametrize("cls", EVERY)
def test_a_frame_has_a_kind_for_each_field_and_fits_its_head(cls: type[Frame]) -> None:
    assert [each.name for each in record_fields(cls)] == [each.name for each in fields(cls)]  # type: ignore[arg-type]
    assert len(record_fields(cls)) < 15


def test_a_frame_never_changes() -> None:
    with pytest.raises(FrozenInstanceError):
        Ping(1).t = 2  # type: ignore[misc]


def test_frames_are_equal_by_what_they_say() -> None:
    assert Ping(1) == Ping(1) != Ping(2)
    assert Leave() == Leave()
    assert len({Ping(1), Ping(1), Leave()}) == 2
