"""The judge against what it has not seen: the vectors, and the SPEC's own examples."""

from __future__ import annotations

from typing import Any

import pytest

from clients.fuzz.inputs.case import Reader, Verdict
from clients.fuzz.inputs.judge import ACCEPTED, HEADS, judge
from protocol.codec import Role
from tests.helpers import spec, vectors

READERS = {Role.CLIENT: Reader.CLIENT_FRAME, Role.RELAY: Reader.RELAY_FRAME}


def noted(loaded: list[dict[str, Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("vector", loaded, ids=[vector["note"] for vector in loaded])


@noted([each for each in vectors.load("malformed") if each["code"] != "TOO_BIG"])
def test_malformed_vectors_are_refused_as_they_say(vector: dict[str, Any]) -> None:
    _, verdict = judge(vectors.message(vector["hex"]), READERS[vectors.role(vector)])
    assert verdict == Verdict(vector["code"], vector["offset"])


@noted([*vectors.load("valid"), *vectors.load("legal")])
def test_legal_vectors_are_accepted(vector: dict[str, Any]) -> None:
    assert judge(vectors.message(vector["hex"]), READERS[vectors.role(vector)]) == ("", ACCEPTED)


def test_the_examples_of_the_spec_are_accepted() -> None:
    for example in spec.examples():
        assert judge(example.message, READERS[example.by]) == ("", ACCEPTED)


def test_every_byte_is_a_head() -> None:
    assert len(HEADS) == 256
    assert [HEADS[head].length for head in (0x7F, 0x8F, 0x9F, 0xBF, 0xE0, 0xFF)] == [
        *(127, 15, 15, 31, -32, -1)
    ]


def test_the_first_fault_in_the_order_of_the_spec_is_told() -> None:
    assert judge(b"\xc0", Reader.CLIENT_FRAME) == ("3.3.2", Verdict("TRUNCATED", 1))
    assert judge(b"\x92\x11\xc1\x00", Reader.CLIENT_FRAME)[0] == "3.3.3.3"
    assert judge(b"\x92\x11\x00\x00", Reader.CLIENT_FRAME)[0] == "3.3.4"
    assert judge(b"\x92\x11\x00", Reader.CLIENT_FRAME)[0] == "3.3.5"
    assert judge(b"\x92\x10\xa0", Reader.CLIENT_FRAME)[0] == "3.3.6"
    assert judge(b"\x93\x10\xa0\xa0", Reader.CLIENT_FRAME) == ("3.3.7.1", Verdict("WRONG_TYPE", 2))
