"""Frames end to end in a few large objects, however many there are.

A log holds millions of frames. As objects of their own, be they as small as can be, they make the
garbage collector's rounds longer than a game's tick, and cost more memory than what they say.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from typing import Final

Addressees = int | frozenset[int]
"""Who a frame was for when it was ordered: these players, or all but one (0: all)."""

Entry = tuple[int, Addressees, bytes]
"""One visible frame: its seq, who it was for, and its message."""

FRAME_COST: Final = 24
"""Bytes that a frame costs beside its own: its seq, its addressees and its edge."""

SET_COST: Final = 256
MEMBER_COST: Final = 64
"""Bytes of a set of addressees, and of each of them at most."""
SEQ_COST: Final = 128
"""Bytes of the note that a frame has such a set."""

SEVERAL: Final = -1
"""Stands for addressees that no number tells."""


class Tape:
    """Frames in order of seq: they come at one end and go at the other."""

    __slots__ = ("_data", "_edges", "_end", "_first", "_seqs", "_sets", "_several", "_to")

    def __init__(self) -> None:
        self._seqs = array("Q")
        self._to = array("q")
        self._several: dict[int, frozenset[int]] = {}
        """By seq."""
        self._sets: dict[int, int] = {}
        """How many frames have a set of addressees, by its identity: it is there once for all."""
        self._data = bytearray()
        self._edges = array("Q", [0])
        """Where messages begin and end, counted in bytes since the first one ever."""
        self._end = 0
        """The last of them, at hand for each `append`."""
        self._first = 0
        """The index of the oldest frame."""

    def __len__(self) -> int:
        return len(self._seqs) - self._first

    def append(self, seq: int, to: Addressees, message: bytes) -> int:
        """Add the newest frame. Returns: the bytes that its addressees cost."""
        self._data += message
        self._end += len(message)
        self._edges.append(self._end)
        self._seqs.append(seq)
        if isinstance(to, int):
            self._to.append(to)
            return 0
        self._to.append(SEVERAL)
        self._several[seq] = to
        frames = self._sets.get(id(to), 0)
        self._sets[id(to)] = frames + 1
        return SEQ_COST if frames else SEQ_COST + _cost(to)

    def entry(self, index: int) -> Entry:
        """Return a frame, counted from the oldest one."""
        at, edges = self._first + index, self._edges
        seq, to, start = self._seqs[at], self._to[at], edges[0]
        message = bytes(self._data[edges[at] - start : edges[at + 1] - start])
        return seq, self._several[seq] if to == SEVERAL else to, message

    def seq(self, index: int) -> int:
        """Return the seq of a frame, counted from the oldest one, or from the newest one if below
        0."""
        return self._seqs[index if index < 0 else self._first + index]

    def after(self, seq: int) -> int:
        """Return the index of the first frame that follows `seq`, counted from the oldest one."""
        return bisect_right(self._seqs, seq, lo=self._first) - self._first

    def drop(self) -> tuple[int, int, int]:
        """Let the oldest frame go.

        Returns: its seq, the bytes of its message, and those that its addressees cost.
        """
        at = self._first
        seq, size = self._seqs[at], self._edges[at + 1] - self._edges[at]
        cost = self._let_go(self._several.pop(seq)) if self._to[at] == SEVERAL else 0
        self._first += 1
        # Forgotten in blocks: each frame is moved once, on average. By bytes as well, or a few
        # large ones would stay in memory until as many small ones had gone.
        gone = self._edges[at + 1] - self._edges[0]
        if self._first * 2 > len(self._seqs) or gone * 2 > len(self._data):
            self._forget(self._first)
        return seq, size, cost

    def _let_go(self, to: frozenset[int]) -> int:
        frames = self._sets[id(to)] - 1
        if frames:
            self._sets[id(to)] = frames
            return SEQ_COST
        del self._sets[id(to)]
        return SEQ_COST + _cost(to)

    def _forget(self, count: int) -> None:
        del self._data[: self._edges[count] - self._edges[0]]
        del self._edges[:count], self._seqs[:count], self._to[:count]
        self._first = 0


def _cost(to: frozenset[int]) -> int:
    return SET_COST + MEMBER_COST * len(to)
