"""Frames are read by their first two bytes."""

from __future__ import annotations

import msgpack
import pytest

from protocol.codec import CLIENT_READERS, FRAMES, RELAY_READERS, Role, decode, decode_slowly
from protocol.errors import RemoteProtocolError
from protocol.fields.schema import record_fields
from protocol.frames import Deliver, Send, Tick, Update, Volatile
from protocol.quick.frames import is_flat_type
from protocol.quick.generated import FLAT
from protocol.quick.values import DOUBTS

READERS = {Role.CLIENT: CLIENT_READERS, Role.RELAY: RELAY_READERS}


@pytest.mark.parametrize("by", Role)
def test_every_frame_has_a_reader_for_each_number_of_fields_that_it_may_have(by: Role) -> None:
    for opcode, cls in FRAMES[by].items():
        known = len(record_fields(cls))
        last = known if by is Role.CLIENT else 14
        arities = {head - 0x91 for head in READERS[by][opcode]}
        assert arities == {*range(known, last + 1)}


def test_payloads_travel_in_flat_frames() -> None:
    for cls in (Send, Deliver, Update, Volatile):
        types = [field_type for _, field_type, _ in record_fields(cls)]
        assert all(map(is_flat_type, types))
        assert len(types) < FLAT


FIELDS_MORE = {
    "an ext": b"\xd4\x05\x00",
    "0xC1": b"\xc1",
    "a key that is there twice": b"\x82\xa1a\xc0\xa1a\xc0",
    "an int too large": b"\xcf\x00\x20" + bytes(6),
    "what is too deep": b"\x91" * 17,
}


@pytest.mark.parametrize("more", FIELDS_MORE.values(), ids=FIELDS_MORE)
def test_fields_that_nobody_knows_are_looked_at_as_well(more: bytes) -> None:
    message = b"\x95\x11\x01\x02\xc4\x00" + more
    with pytest.raises(DOUBTS):
        RELAY_READERS[message[1]][message[0]](message)
    with pytest.raises(RemoteProtocolError):
        decode(message, Role.RELAY)


def test_an_ext_is_no_input_though_msgpack_makes_a_pair_of_it() -> None:
    ext = msgpack.ExtType(5, b"x")
    assert isinstance(ext, tuple)
    assert len(ext) == 2
    for inputs in ([ext], [[1, b""], ext], ext):
        with pytest.raises(RemoteProtocolError, match="forbidden_type"):
            decode(msgpack.packb([Tick.opcode, 1, 1, inputs]), Role.RELAY)


def test_a_field_with_a_default_may_not_be_left_out() -> None:
    with pytest.raises(RemoteProtocolError, match="arity"):
        decode(msgpack.packb([Tick.opcode, 1, 1]), Role.RELAY)


@pytest.mark.parametrize("count", [1, FLAT, FLAT + 1, 1024])
def test_a_target_may_name_as_many_as_ever(count: int) -> None:
    message = msgpack.packb([Send.opcode, [*range(1, count + 1)], b""])
    assert decode(message, Role.CLIENT) == decode_slowly(message, Role.CLIENT)
    assert decode(message, Role.CLIENT) == Send(tuple(range(1, count + 1)), b"")
