"""Which messages count, whatever else is wrong with them."""

from __future__ import annotations

import pytest

from protocol.codec import FRAMES, Role
from protocol.opcodes import COUNTED, Opcode, is_counted


@pytest.mark.parametrize("opcode", Opcode)
def test_an_opcode_is_one_byte(opcode: Opcode) -> None:
    assert 0 < opcode < 0x7E


def test_only_frames_of_clients_are_counted() -> None:
    assert set(FRAMES[Role.CLIENT]) >= COUNTED


@pytest.mark.parametrize(
    ("message", "counts"),
    [
        (b"\x93\x10\xc0\xc4\x00", True),
        (b"\x93\x10\xc1", True),
        (b"\xff\x10", True),
        (b"\x9f\x30" + bytes(9), True),
        (b"\x94\x12\x00\xc0\xc4\x00", False),
        (b"\x92\x05\x10", False),
        (b"\x10", False),
        (b"", False),
    ],
)
def test_the_second_byte_decides_well_formed_or_not(message: bytes, counts: bool) -> None:
    assert is_counted(message) == counts
