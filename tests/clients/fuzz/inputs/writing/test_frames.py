"""Legal messages are legal, of every kind, and their nodes say where everything lies."""

from __future__ import annotations

from itertools import islice
from random import Random

import msgpack
import pytest

from clients.fuzz.inputs.case import Reader, Verdict
from clients.fuzz.inputs.writing.frames import FRAMES, frame, keys_of, message
from clients.fuzz.inputs.writing.heads import Kind, heads, ints
from clients.fuzz.inputs.writing.numbers import TURNS
from protocol.codec import decode, encode
from protocol.fields.schema import record_fields
from protocol.frames import Hello, Ping, Unknown, Welcome
from tests.helpers.answers import ROLES, answer

TYPES = {
    Kind.NIL: type(None),
    Kind.BOOL: bool,
    Kind.INT: int,
    Kind.FLOAT: float,
    Kind.STR: str,
    Kind.BIN: bytes,
    Kind.ARRAY: list,
    Kind.MAP: dict,
}


def test_every_declared_frame_is_written_and_read_as_itself() -> None:
    rng = Random(1)
    for reader, several in FRAMES.items():
        for cls in several * 30:
            data = frame(rng, reader, cls).data
            assert type(decode(data, ROLES[reader])) is cls, data.hex()


@pytest.mark.parametrize("reader", Reader)
def test_messages_are_legal(reader: Reader) -> None:
    rng = Random(2)
    for _ in range(400):
        written = message(rng, reader)
        assert answer(written.data, reader) == Verdict(None, None), written.data.hex()


@pytest.mark.parametrize("reader", Reader)
def test_nodes_lie_where_their_values_do(reader: Reader) -> None:
    rng = Random(3)
    for _ in range(100):
        written = message(rng, reader)
        assert written.nodes[0].end == len(written.data)
        for number, node in enumerate(written.nodes, 1):
            value = msgpack.unpackb(written.data[node.start : node.end], strict_map_key=False)
            assert type(value) is TYPES[node.kind]
            assert node.number == number
            within = [each for each in written.nodes if each.start < node.start < each.end]
            assert node.depth == len([each for each in within if each.children])


@pytest.mark.parametrize("reader", FRAMES)
def test_some_messages_are_in_their_shortest_form_and_some_are_not(reader: Reader) -> None:
    rng = Random(4)
    shortest = 0
    for _ in range(200):
        data = message(rng, reader).data
        read = decode(data, ROLES[reader])
        shortest += not isinstance(read, Unknown) and encode(read) == data
    assert 40 < shortest < 160


def test_fields_and_keys_are_all_written() -> None:
    """Each key of a record is there, and is absent, in some HELLO and some WELCOME."""
    rng = Random(5)
    for reader, cls in ((Reader.CLIENT_FRAME, Hello), (Reader.RELAY_FRAME, Welcome)):
        record = record_fields(cls)[-1].field_type
        names = {name for name, _, _ in record_fields(record.cls)}  # type: ignore[attr-defined]
        seen = [
            {
                written.data[key.body : key.end].decode()
                for key in written.fields[len(record_fields(cls)) - 1].children[::2]
            }
            for written in (frame(rng, reader, cls) for _ in range(60))
        ]
        assert names <= set().union(*seen)
        assert any(name not in keys for keys in seen for name in names)


def test_frames_with_records_are_drawn_more_often() -> None:
    assert keys_of(Ping) == 0
    assert keys_of(Hello) > 25


def test_every_head_of_a_number_or_length_means_the_same() -> None:
    for number in TURNS:
        forms = ints(number)
        assert forms[0] == msgpack.packb(number)
        assert {msgpack.unpackb(form) for form in forms} == {number}
        assert len(set(forms)) == len(forms)
    for length in (0, 15, 16, 31, 32, 255, 256, 65535, 65536):
        for form in heads(Kind.BIN, length):
            assert msgpack.unpackb(form + bytes(length)) == bytes(length)
        for form in heads(Kind.STR, length):
            assert msgpack.unpackb(form + b"s" * length) == "s" * length
        for form in heads(Kind.ARRAY, length):
            assert len(msgpack.unpackb(form + b"\xc0" * length)) == length


def test_the_same_dice_write_the_same_message() -> None:
    def some(seed: int) -> list[bytes]:
        rng = Random(seed)
        return [message(rng, reader).data for reader in islice([*Reader] * 9, 20)]

    assert some(1) == some(1) != some(2)
