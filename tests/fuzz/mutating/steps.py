"""Conversations as bytes: steps, each with a mark, a length in 4 bytes, and a message.

The form is that of the corpus. But a fuzzer writes what it likes, so each sequence of bytes means
something: a length beyond the end means all that is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from random import Random
from typing import Final

from clients.fuzz.inputs.case import Reader
from clients.fuzz.inputs.writing.frames import message
from clients.fuzz.inputs.writing.heads import pick
from tests.fuzz.mutating.messages import another

Step = tuple[int, bytes]
"""A mark, and what is said."""

HEAD: Final = 5


def read(data: bytes) -> Iterator[Step]:
    at = 0
    while at < len(data):
        end = at + HEAD + int.from_bytes(data[at + 1 : at + HEAD])
        yield data[at], data[at + HEAD : end]
        at = end


def join(steps: Iterable[Step]) -> bytes:
    return b"".join(bytes([mark]) + len(said).to_bytes(4) + said for mark, said in steps)


class Stirrer:
    """Changes conversations: a message of one, or which messages there are."""

    def __init__(self, marks: Sequence[int], reader: Callable[[int], Reader | None]) -> None:
        """
        Args:
            marks: those that mean something.
            reader: what a message with this mark is read as; None where it is none.
        """
        self._marks = marks
        self._reader = reader
        self._last: list[Step] = []

    def stirred(self, rng: Random, data: bytes, size: int) -> bytes:
        """Return another conversation, of at most `size` bytes."""
        steps = list(read(data))
        before, self._last = self._last, steps[:]
        for _ in range(1 + int(rng.random() * 3)):
            pick(rng, WAYS)(self, rng, steps, before)
        while len(join(steps)) > size:
            steps.pop(int(rng.random() * len(steps)))
        return join(steps)

    def _damage(self, rng: Random, steps: list[Step], before: list[Step]) -> None:
        if steps:
            at = int(rng.random() * len(steps))
            mark, said = steps[at]
            if reader := self._reader(mark):
                steps[at] = mark, another(rng, said, reader)

    def _add(self, rng: Random, steps: list[Step], before: list[Step]) -> None:
        mark = pick(rng, self._marks)
        reader = self._reader(mark)
        said = message(rng, reader).data if reader else b""
        steps.insert(int(rng.random() * (len(steps) + 1)), (mark, said))

    def _mark(self, rng: Random, steps: list[Step], before: list[Step]) -> None:
        if steps:
            at = int(rng.random() * len(steps))
            steps[at] = pick(rng, self._marks), steps[at][1]

    def _repeat(self, rng: Random, steps: list[Step], before: list[Step]) -> None:
        if steps:
            start = int(rng.random() * len(steps))
            again = steps[start : start + 1 + int(rng.random() * 4)]
            at = int(rng.random() * (len(steps) + 1))
            steps[at:at] = again * (1 + int(rng.random() * 3))

    def _drop(self, rng: Random, steps: list[Step], before: list[Step]) -> None:
        if steps:
            start = int(rng.random() * len(steps))
            del steps[start : start + 1 + int(rng.random() * 3)]

    def _swap(self, rng: Random, steps: list[Step], before: list[Step]) -> None:
        if steps:
            one, other = (int(rng.random() * len(steps)) for _ in range(2))
            steps[one], steps[other] = steps[other], steps[one]

    def _splice(self, rng: Random, steps: list[Step], before: list[Step]) -> None:
        """End as the conversation before this one did."""
        if before:
            steps[int(rng.random() * (len(steps) + 1)) :] = before[
                int(rng.random() * len(before)) :
            ]


Way = Callable[[Stirrer, Random, list[Step], list[Step]], None]

WAYS: Final[tuple[Way, ...]] = (
    *(Stirrer._damage, Stirrer._damage, Stirrer._add, Stirrer._add, Stirrer._mark),
    *(Stirrer._repeat, Stirrer._drop, Stirrer._swap, Stirrer._splice),
)
