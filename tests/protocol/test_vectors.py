"""The vectors hold every implementation to the same bytes; here, this one."""

from __future__ import annotations

from typing import Any

import pytest

from protocol.codec import FRAMES, Role, decode, encode, pack, unpack
from protocol.error_codes import ErrorCode
from protocol.errors import RemoteProtocolError
from protocol.frames import Unknown
from protocol.opcodes import Opcode
from tests.helpers import vectors

Vector = dict[str, Any]


def cases(name: str, key: str = "vectors") -> pytest.MarkDecorator:
    loaded = vectors.load(name, key)
    return pytest.mark.parametrize("vector", loaded, ids=[vector["note"] for vector in loaded])


@cases("valid")
def test_a_valid_vector_is_its_frame_both_ways(vector: Vector) -> None:
    message, frame = vectors.message(vector["hex"]), vectors.frame(vector)
    assert decode(message, vectors.role(vector)) == frame
    assert encode(frame) == message
    assert vector["canonical"] is True


@cases("legal")
def test_a_legal_vector_is_encoded_anew_in_its_shortest_form(vector: Vector) -> None:
    message = vectors.message(vector["hex"])
    frame = decode(message, vectors.role(vector))
    if vector["canonical"] is None:
        assert frame == Unknown(message[1])
    else:
        canonical = vectors.message(vector["canonical"])
        assert encode(frame) == canonical != message
        assert decode(canonical, vectors.role(vector)) == frame


@cases("malformed")
def test_a_malformed_vector_is_refused_as_it_says(vector: Vector) -> None:
    if vector["code"] == "TOO_BIG":
        assert len(vectors.message(vector["hex"])) == vector["limit"] + 1
        return
    with pytest.raises(RemoteProtocolError) as caught:
        decode(vectors.message(vector["hex"]), vectors.role(vector))
    assert told(caught.value, vector) == expected(vector)


@cases("values", "accepted")
def test_an_accepted_value_is_what_it_says(vector: Vector) -> None:
    value = unpack(vectors.message(vector["hex"]))
    assert repr(value) == repr(vectors.value(vector["value"]))  # nan, -0.0, and 3.0 that is not 3
    assert repr(unpack(pack(value))) == repr(value)
    if "packed_by_javascript" in vector:
        assert unpack(vectors.message(vector["packed_by_javascript"])) == value


@cases("values", "rejected")
def test_a_rejected_value_is_refused_as_it_says(vector: Vector) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        unpack(vectors.message(vector["hex"]))
    assert told(caught.value, vector) == expected(vector)


def told(error: RemoteProtocolError, vector: Vector) -> tuple[str, int | None, int | None]:
    return error.code.name, error.offset, error.limit


def expected(vector: Vector) -> tuple[str, int | None, int | None]:
    return vector["code"], vector["offset"], vector.get("limit")


def test_the_vectors_cover_every_frame_and_every_error() -> None:
    valid = {(vectors.role(vector), Opcode[vector["frame"]]) for vector in vectors.load("valid")}
    assert valid == {(by, Opcode(opcode)) for by in Role for opcode in FRAMES[by]}
    codes = {vector["code"] for vector in vectors.load("malformed")}
    assert codes == {code.name for code in ErrorCode if code < 32}


def test_the_values_cover_every_head() -> None:
    heads = {vectors.message(v["hex"])[0] for v in vectors.load("values", "accepted")}
    assert heads >= {0xC0, 0xC2, 0xC3, *range(0xC4, 0xC7), *range(0xCA, 0xD4), *range(0xD9, 0xE0)}


@pytest.mark.parametrize("name", ["valid", "legal", "malformed"])
def test_no_vector_is_there_twice(name: str) -> None:
    seen = [(vector["by"], vectors.message(vector["hex"])) for vector in vectors.load(name)]
    assert len(seen) == len(set(seen))
    notes = [vector["note"] for vector in vectors.load(name)]
    assert len(notes) == len(set(notes))
