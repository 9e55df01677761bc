"""The loop: a batch of inputs, our answers and the adapters', and what differs.

While our codec works on a batch, so do the adapters. What costs time is done only where it can
still tell something: values are tagged once verdicts agree, and a line that an adapter wrote of
the same input before, and that was right then, is compared as bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain, islice

from clients.fuzz.codec.compare import (
    AGAIN,
    EXPECTED,
    Difference,
    as_expected,
    difference,
    expectation,
    unlike,
    unlike_values,
)
from clients.fuzz.codec.sides import ours
from clients.fuzz.codec.sides.adapter import Adapter, Line, framed, parsed
from clients.fuzz.codec.sides.answer import ACCEPTED, SKIPPED, Answer
from clients.fuzz.codec.tally import Tally
from clients.fuzz.inputs.case import Case
from clients.fuzz.inputs.shortest import again as shortest_of
from clients.fuzz.inputs.shortest import misread

BATCH = 512
"""Inputs of a batch."""
BATCH_BYTES = 1 << 20

SOME = 7
"""Of so many forms and one more, one is looked at."""

OURS = "ours"


class Batch:
    """Inputs that are given together, and what is remembered of them if they come again."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self.cases = cases
        self.reads: list[ours.Read] | None = None
        self.agreed: dict[str, list[Line]] = {}
        """By adapter, its lines of a time when all of them were right."""

    @cached_property
    def blobs(self) -> list[bytes]:
        """The inputs as adapters get them."""
        return [framed(case.reader, case.data) for case in self.cases]


def batches(cases: Iterable[Case]) -> Iterator[Batch]:
    """Cut a stream of inputs into batches; one of large inputs has few."""
    stream = iter(cases)
    while chunk := list(islice(stream, BATCH)):
        while chunk:
            size = fitting(chunk)
            yield Batch(chunk[:size])
            chunk = chunk[size:]


def fitting(cases: Sequence[Case]) -> int:
    """Return how many of the inputs make a batch, one at least."""
    room = BATCH_BYTES
    for index, case in enumerate(cases):
        room -= len(case.data)
        if room < 0:
            return max(index, 1)
    return len(cases)


def hunt(
    stream: Iterable[Batch], adapters: Sequence[Adapter], goes_on: Callable[[Tally], bool]
) -> None:
    """Judge batches as long as `goes_on`, which gets what each batch came to, says so."""
    for batch in stream:
        tally = Tally()
        for found in judged(batch, adapters):
            tally.note(found)
        tally.count(batch.cases)
        tally.skipped = Counter({each.command: each.skipped for each in adapters if each.skipped})
        for adapter in adapters:
            adapter.skipped = 0
        tally.worn_out = {adapter.command for adapter in adapters if adapter.is_worn_out}
        if not goes_on(tally) or tally.worn_out:
            return


def judged(batch: Batch, adapters: Sequence[Adapter]) -> Iterator[Difference]:
    """Yield what differs about a batch."""
    for adapter in adapters:
        adapter.begin(batch.blobs)
    # With adapters, a batch that comes again is for them: ours would say the same.
    if batch.reads is None or not adapters:
        batch.reads = [ours.read(case.data, case.reader) for case in batch.cases]
        for case, said in zip(batch.cases, batch.reads, strict=True):
            yield from faults(case, said)
    for adapter in adapters:
        yield from against(batch, batch.reads, adapter)


def faults(case: Case, said: ours.Read) -> Iterator[Difference]:
    """Yield where our codec does not do as is expected, or contradicts itself."""
    answer = said[0]
    if case.verdict is not None and (what := as_expected(case.verdict, answer)):
        left = (EXPECTED, expectation(case.verdict))
        yield difference(case, what, left, (OURS, ours.complete(*said)))
    elif answer.verdict == "failed":
        yield difference(case, "failed", (OURS, answer), (OURS, answer))
    elif answer.verdict == ACCEPTED and (wanted := other_form(case, said[2])):
        yield difference(case, AGAIN, (EXPECTED, wanted), (OURS, ours.complete(*said)))
    checks = ours.contradictions(case.data, case.reader, said)
    for check, other in chain(checks, ours.unchecked(case)):
        yield difference(case, check, (OURS, ours.complete(*said)), (check, other))


def other_form(case: Case, again: bytes) -> Answer | None:
    """Return what should be written of a legal message, where something else was.

    A form that came as it goes is looked at now and then: that it changes nothing says much.
    """
    if again == case.data and again[-1] & SOME:
        return None
    if not misread(case.data, again, case.reader):
        return None
    return Answer(ACCEPTED, again=shortest_of(case.data, case.reader).hex())


def against(batch: Batch, reads: Sequence[ours.Read], adapter: Adapter) -> Iterator[Difference]:
    """Yield where an adapter says something else than our codec does."""
    lines = adapter.finish()
    if lines == batch.agreed.get(adapter.command):
        return
    is_agreed = len(lines) == len(batch.cases)
    for case, said, line in zip(batch.cases, reads, lines, strict=False):
        if understood(line).verdict == SKIPPED:
            adapter.skipped += 1
            is_agreed = False  # so that they are counted when they come again
            continue
        found = compared(case, said, line, adapter)
        if found is not None:
            is_agreed = False
            yield found
    if is_agreed:
        batch.agreed[adapter.command] = lines


REFUSALS: dict[bytes, Answer] = {}
"""Answers by their lines, of those that come again and again."""
MOST_REFUSALS = 10_000


def understood(line: Line) -> Answer:
    """Read a line, once for all lines that are alike and short."""
    if not isinstance(line, bytes) or len(line) > 100:
        return parsed(line)
    answer = REFUSALS.get(line)
    if answer is None:
        answer = parsed(line)
        if len(REFUSALS) < MOST_REFUSALS:
            REFUSALS[line] = answer
    return answer


def compared(case: Case, said: ours.Read, line: Line, adapter: Adapter) -> Difference | None:
    theirs, answer = understood(line), said[0]
    what = unlike(answer, theirs)
    if not what and answer.verdict == ACCEPTED:
        answer = ours.complete(*said)
        what = unlike_values(case.reader, answer, theirs, adapter.hello)
    if not what:
        return None
    left = (OURS, ours.complete(*said))
    return difference(case, what, left, (adapter.hello.name, theirs))
