"""A room's present state: what a newcomer is told instead of all that happened."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from relay.history.memory_budget import FACTS, OBJECT_BYTES, Account
from relay.history.ws_frame import unwrap, wrap

Fact = tuple[int | str, ...]
"""What a fact is about, as in (Opcode.PRESENCE, player): a newer one of the same overrules it."""

FACT_BYTES = 200
"""Bytes of memory that a fact takes beside its message."""


class CurrentFacts:
    """The facts that are true now, as they were told, in order of their seq.

    A player who hears these facts, and then what follows the newest of them, knows the same as a
    player who heard everything.
    """

    def __init__(self, account: Account | None = None) -> None:
        """Args: account: is charged for them."""
        self._account = account or Account()
        self._facts: dict[Fact, bytes] = {}

    def __iter__(self) -> Iterator[bytes]:
        return map(unwrap, self._facts.values())

    def told(self) -> Collection[bytes]:
        """Return the facts as they go out, wrapped: the same bytes for every newcomer."""
        return self._facts.values()

    def tell(self, fact: Fact, message: bytes) -> None:
        """Take a fact whose seq is higher than any before."""
        # A dict keeps the order of insertion, so the overruled one must go first.
        self.forget(fact)
        wrapped = wrap(message)
        self._facts[fact] = wrapped
        self._account.charge(FACTS, len(wrapped) + OBJECT_BYTES + FACT_BYTES)

    def forget(self, fact: Fact) -> None:
        """Drop what is no longer true, or never was."""
        wrapped = self._facts.pop(fact, None)
        if wrapped is not None:
            self._account.charge(FACTS, -(len(wrapped) + OBJECT_BYTES + FACT_BYTES))
