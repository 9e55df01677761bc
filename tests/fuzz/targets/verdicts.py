"""The codec's verdicts, held against the lab's judge, which knows SPEC 3.3 and no code of ours.

It takes longer than the other checks of the codec, so that it is a target of its own.
"""

from __future__ import annotations

from clients.fuzz.codec.sides import ours
from clients.fuzz.codec.sides.answer import REFUSED
from clients.fuzz.inputs.case import Verdict
from clients.fuzz.inputs.judge import ACCEPTED, judge
from tests.fuzz.targets.codec import READERS, mutated, seeds

__all__ = ["check", "mutated", "seeds"]


def check(data: bytes) -> None:
    """The codec says what SPEC says: which error, and where."""
    if not data:
        return
    reader, message = READERS[data[0] % len(READERS)], data[1:]
    said, _, _ = ours.read(message, reader)
    verdict = Verdict(said.code, said.offset) if said.verdict == REFUSED else ACCEPTED
    rule, right = judge(message, reader)
    assert verdict == right, f"the codec: {verdict}, SPEC {rule}: {right}"
