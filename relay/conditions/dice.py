"""Chance that can be repeated: the fate of a frame depends on its number, and on nothing else."""

from __future__ import annotations

from enum import StrEnum
from hashlib import blake2b
from typing import Final, NamedTuple

WHOLE: Final = 1 << 32


class Direction(StrEnum):
    """Whose frames a line carries."""

    DOWN = "down"
    """The relay's."""
    UP = "up"
    """The client's."""


class Fate(NamedTuple):
    """Four numbers from 0 to 1, one for each thing that may happen to a frame."""

    jitter: float
    loss: float
    duplication: float
    reordering: float


class Dice:
    """Rolls for the frames of one direction of one player."""

    def __init__(self, seed: int, player: int, direction: Direction) -> None:
        self._begun = blake2b(f"{seed}/{player}/{direction}/".encode(), digest_size=16)

    def roll(self, index: int, *, is_volatile: bool = False) -> Fate:
        """Return the fate of a frame. It is the same whenever it is asked.

        Args:
            index: its number among volatile values, or among the rest. So PINGs, which come with
                the clock, change no value's fate.
        """
        rolled = self._begun.copy()
        rolled.update(b"%c%d" % (b"v" if is_volatile else b"r", index))
        found = rolled.digest()
        parts = (found[at : at + 4] for at in range(0, 16, 4))
        return Fate(*(int.from_bytes(part, "big") / WHOLE for part in parts))
