"""The order of each node's parcels, whatever order a log has stored them in.

A node numbers its parcels for a room 1, 2, 3, ... A log may store a parcel twice, or a later one
first: the node sends again what it has not seen come back. Here each parcel comes out once, in the
order of its node. Parcels of a node that was taken for dead do not come out. Every replica decides
all this alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from relay.cluster.replicas.parcels import NOBODY, Parcel

WINDOW: Final = 32
"""A node sends no parcel as long as the one this many numbers before has not come back."""

STASH: Final = 2 * WINDOW
"""How far ahead of its turn a parcel may come. Nodes send none so far ahead."""

MOST_DEAD: Final = 256
"""Incarnations that are remembered as dead. Older ones have lost their seats anyway."""


class Lost(Exception):
    """The log has forgotten entries that are needed."""


class Sequencer:
    """Each node's parcels in its order, once."""

    def __init__(self) -> None:
        self._next: dict[int, int] = {}
        self._stash: dict[int, dict[int, Parcel]] = {}
        self._dead: dict[int, None] = {}

    def expected(self, incarnation: int) -> int:
        """Return the number of the parcel that follows."""
        return self._next.get(incarnation, 1)

    def is_dead(self, incarnation: int) -> bool:
        return incarnation in self._dead

    def take(self, parcel: Parcel) -> Sequence[Parcel]:
        """Take the next parcel of the log; return those whose turn it is.

        Raises:
            Lost: it comes after one that the log had, and has no more.
        """
        incarnation, number = parcel.incarnation, parcel.number
        if incarnation == NOBODY:
            return (parcel,)
        expected = self._next.get(incarnation, 1)
        if number < expected or incarnation in self._dead:
            return ()
        if number > expected:
            self._keep(parcel, expected)
            return ()
        following = [parcel, *self._following(incarnation, number + 1)]
        self._next[incarnation] = number + len(following)
        return following

    def fence(self, incarnation: int) -> None:
        """Take no more parcels of this incarnation."""
        self._next.pop(incarnation, None)
        self._stash.pop(incarnation, None)
        self._dead.pop(incarnation, None)
        self._dead[incarnation] = None
        if len(self._dead) > MOST_DEAD:
            del self._dead[next(iter(self._dead))]

    def summary(self) -> tuple[list[tuple[int, int]], list[Parcel], list[int]]:
        """Return plain values, equal on every replica; see `restore`."""
        stashed = [
            parcels[number]
            for _, parcels in sorted(self._stash.items())
            for number in sorted(parcels)
        ]
        return sorted(self._next.items()), stashed, list(self._dead)

    def restore(
        self, following: Iterable[tuple[int, int]], stashed: Iterable[Parcel], dead: Iterable[int]
    ) -> None:
        """Take up where a `summary` left off."""
        self._next = dict(following)
        self._dead = dict.fromkeys(dead)
        self._stash = {}
        for parcel in stashed:
            self._stash.setdefault(parcel.incarnation, {})[parcel.number] = parcel

    def _keep(self, parcel: Parcel, expected: int) -> None:
        if parcel.number - expected > STASH:
            if parcel.incarnation in self._next:
                raise Lost(f"parcel {parcel.number} came, and {expected} is missing")
            return  # of a node that has been dead for so long that nobody remembers
        self._stash.setdefault(parcel.incarnation, {})[parcel.number] = parcel

    def _following(self, incarnation: int, number: int) -> list[Parcel]:
        stash, found = self._stash.get(incarnation), []
        while stash and number in stash:
            found.append(stash.pop(number))
            number += 1
        if stash is not None and not stash:
            del self._stash[incarnation]
        return found
