"""How a room stands: what a newcomer is told instead of all that happened."""

from __future__ import annotations

from collections.abc import Iterator

Fact = tuple[int | str, ...]
"""What a fact is about, as in (Opcode.PRESENCE, player): a newer one of the same overrules it."""


class Standing:
    """The facts that are true now, as they were told, in order of their seq.

    It is to the log what a summary is to a story: whoever hears these facts, and then what follows
    the newest of them, knows the same as who heard everything.
    """

    def __init__(self) -> None:
        self._facts: dict[Fact, bytes] = {}

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._facts.values())

    def tell(self, fact: Fact, message: bytes) -> None:
        """Take a fact whose seq is higher than any before."""
        # A dict keeps the order of insertion, so the overruled one must go first.
        self._facts.pop(fact, None)
        self._facts[fact] = message

    def forget(self, fact: Fact) -> None:
        """Drop what is no longer true, or never was."""
        self._facts.pop(fact, None)
