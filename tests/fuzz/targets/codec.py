"""The codec: frames of both directions, and payloads.

The first byte says what the rest is read as.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from random import Random

from clients.fuzz.codec.sides import ours
from clients.fuzz.codec.sides.answer import ACCEPTED, FAILED
from clients.fuzz.inputs import corpus
from clients.fuzz.inputs.case import Case, Reader
from tests.fuzz.mutating.messages import another

READERS = tuple(Reader)


def check(data: bytes) -> None:
    """Only our own error may come out, what is accepted can be encoded anew, and the quick way of
    reading takes nothing that the slow one does not."""
    if not data:
        return
    reader, message = READERS[data[0] % len(READERS)], data[1:]
    said, value, again = ours.read(message, reader)
    assert said.verdict != FAILED, said.text
    wrong = list(ours.contradictions(message, reader, (said, value, again)))
    assert not wrong, wrong
    if said.verdict == ACCEPTED and again != message:
        assert repr(value) == repr(ours.read(again, reader)[1])


@cache
def cases() -> tuple[Case, ...]:
    """Return the lab's corpus, which three targets begin with."""
    return tuple(case for _, _, case in corpus.inputs())


def seeds() -> Iterator[bytes]:
    for case in cases():
        yield bytes([READERS.index(case.reader)]) + case.data


def mutated(rng: Random, data: bytes, size: int) -> bytes:
    """Damage a message with the lab's engine."""
    which = data[0] % len(READERS) if data else rng.randrange(len(READERS))
    return bytes([which]) + another(rng, data[1:], READERS[which])[: size - 1]
