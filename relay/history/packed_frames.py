"""Frames end to end in a few large objects, however many there are.

A history holds millions of frames. If each were an object, however small, the garbage collector's
rounds would take longer than a game's tick, and the objects more memory than their content. Frames
also lie here as they go over TCP (ws_frame.py), so that a run of them is one slice.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Final, NamedTuple

from protocol.opcodes import Opcode
from relay.history.ws_frame import opcode, unwrap

Addressees = int | frozenset[int]
"""Who a frame was for when it was ordered: these players, or all but one (0: all)."""

StoredFrame = tuple[int, Addressees, bytes]
"""One visible frame: its seq, who it was for, and its message, not wrapped."""

# Codes for addressees: 0 or more stand for a payload to all but one.
FACT: Final = -1
"""Something else than a payload, to all."""
ONE: Final = -2
"""Less the player: something to this player alone."""
SETS: Final = -(1 << 40)
"""Less an index: something to the players of this set of the block's."""

NOBODY: Final = -1
"""Is no code of 0 or more."""

BLOCK_BYTES: Final = 32 * 1024
BLOCK_FRAMES: Final = 1024
FRAME_BYTES: Final = 12
"""What a frame takes beside its message: where it ends, and its code."""
EMPTY_BYTES: Final = 512
"""What a block takes beside its frames."""
SET_BYTES: Final = 300
"""What a set takes beside its players."""
PLAYER_BYTES: Final = 4


class Block(NamedTuple):
    """Frames of which each has the seq after that of the one before."""

    first: int
    data: bytes | bytearray
    ends: array[int]
    codes: array[int]
    sets: list[array[int]]
    """Addressees that no number tells, sorted: each set once, however many frames are for it."""

    def start(self, index: int) -> int:
        return self.ends[index - 1] if index else 0

    def entry(self, index: int) -> StoredFrame:
        message = bytes(self.data[self.start(index) : self.ends[index]])
        return self.first + index, self._addressees(self.codes[index]), unwrap(message)

    def _addressees(self, code: int) -> Addressees:
        if code >= 0:
            return code
        if code == FACT:
            return 0
        return frozenset((ONE - code,)) if code > SETS else frozenset(self.sets[SETS - code])

    def codes_of(self, player: int) -> frozenset[int]:
        """Return the codes below 0 of what this player is to be told."""
        sets = [SETS - index for index, members in enumerate(self.sets) if _has(members, player)]
        return frozenset((FACT, ONE - player, *sets))

    def slices(self, start: int, stop: int, but: int, also: frozenset[int]) -> list[bytes]:
        """Return payloads to all but one, unless that one is `but`, and frames with these codes."""
        found: list[bytes] = []
        begin = NOBODY
        for index, code in enumerate(self.codes[start:stop], start):
            if (code != but) if code >= 0 else (code in also):
                if begin < 0:
                    begin = index
            elif begin >= 0:
                found.append(bytes(self.data[self.start(begin) : self.ends[index - 1]]))
                begin = NOBODY
        if begin >= 0:
            found.append(bytes(self.data[self.start(begin) : self.ends[stop - 1]]))
        return found

    def after(self, index: int, size: int) -> int:
        """Return the index behind the frame with which there are `size` bytes from `index` on."""
        return bisect_left(self.ends, self.start(index) + size, index) + 1


def _has(members: array[int], player: int) -> bool:
    at = bisect_left(members, player)
    return at < len(members) and members[at] == player


class PackedFrames:
    """Frames in order of seq: they come at one end and go at the other.

    They lie in blocks. All but the newest are full and are never written to again.

    Attributes:
        first: the seq of the oldest frame, or of the next one if there is none.
        last: the seq of the newest one, or that before the next.
    """

    __slots__ = (
        "_blocks",
        "_codes",
        "_data",
        "_due",
        "_ends",
        "_full_bytes",
        "_known",
        "_newest",
        "_newest_code",
        "_set_bytes",
        "_sets",
        "_start",
        "first",
        "last",
    )

    def __init__(self) -> None:
        self.first = 1
        self.last = 0
        self._blocks: list[Block] = []
        """Those that are full, oldest first."""
        self._full_bytes = 0
        """What they take."""
        # The newest block.
        self._start = 1
        self._data = bytearray()
        self._ends = array("I")
        self._codes = array("q")
        self._sets: list[array[int]] = []
        self._set_bytes = 0
        self._known: dict[bytes, int] = {}
        """The code of each set, by its bytes, and at hand that of the newest one."""
        self._newest: Addressees = 0
        self._newest_code = 0
        self._due = 0
        """Bytes in the newest block at which `append` asks for `settle`."""

    def __len__(self) -> int:
        return self.last - self.first + 1

    def __iter__(self) -> Iterator[StoredFrame]:
        return self.since(0)

    def since(self, seq: int) -> Iterator[StoredFrame]:
        """Yield the frames after this seq."""
        first = max(seq + 1, self.first)
        for block in self._from(first):
            for index in range(max(first - block.first, 0), len(block.codes)):
                yield block.entry(index)

    @property
    def taken(self) -> int:
        """Bytes of memory that all of it takes."""
        newest = len(self._data) + FRAME_BYTES * len(self._codes) + self._set_bytes
        return self._full_bytes + newest + (EMPTY_BYTES if newest else 0)

    def append(self, seq: int, to: Addressees, message: bytes) -> bool:
        """Add the newest frame, which is wrapped.

        Returns: whether to call `settle`, as more memory is taken by now.
        """
        if not isinstance(to, int):
            code = self._code_of(to)
        elif to == 0 and opcode(message) != Opcode.DELIVER:
            code = FACT
        else:
            code = to
        codes, data = self._codes, self._data
        if not codes:
            self._begin(seq)
        data += message
        end = len(data)
        self._ends.append(end)
        codes.append(code)
        self.last = seq
        return end >= self._due

    def _begin(self, seq: int) -> None:
        self._start = seq
        if not self._blocks:
            self.first = seq

    def _code_of(self, to: frozenset[int]) -> int:
        if len(to) == 1:
            (player,) = to
            return ONE - player
        if to is self._newest:
            return self._newest_code
        members = array("I", sorted(to))
        packed = members.tobytes()
        code = self._known.get(packed)
        if code is None:
            code = self._known[packed] = SETS - len(self._sets)
            self._sets.append(members)
            self._set_bytes += SET_BYTES + 2 * PLAYER_BYTES * len(members)
            self._due = 0
        self._newest, self._newest_code = to, code
        return code

    def settle(self) -> None:
        """Close the newest block if it is full."""
        size = len(self._data)
        if size >= BLOCK_BYTES or len(self._codes) >= BLOCK_FRAMES:
            self._close()
            size = 0
        self._due = size + max(256, size >> 3)

    def _close(self) -> None:
        # Copies are as large as they need to be.
        ends, codes = array("I", self._ends), array("q", self._codes)
        taken = self.taken
        self._blocks.append(Block(self._start, bytes(self._data), ends, codes, self._sets))
        self._full_bytes = taken
        self._clear()

    def _clear(self) -> None:
        self._data, self._ends, self._codes = bytearray(), array("I"), array("q")
        self._sets, self._known, self._set_bytes = [], {}, 0
        self._newest, self._newest_code, self._due = 0, 0, 0

    def read(
        self, seq: int, until: int, size: int, frames: int, but: int, player: int
    ) -> tuple[list[bytes], int]:
        """Return frames after `seq`, in order and in runs, and the seq up to which that is all.

        It returns payloads to all but one, unless that one is `but`. Of other frames it returns
        those that this player is to be told; none if it is `NOBODY`. It looks at one frame at
        least. It ends with `size` bytes found, `frames` looked at, or `until`.
        """
        found: list[bytes] = []
        last = min(until, self.last, seq + frames)
        for block in self._from(seq + 1):
            start = seq + 1 - block.first
            stop = min(len(block.codes), last + 1 - block.first)
            also = block.codes_of(player) if player != NOBODY else frozenset[int]()
            while start < stop and size > 0:
                end = min(stop, block.after(start, size))
                runs = block.slices(start, end, but, also)
                found += runs
                size -= sum(map(len, runs))
                start = end
                seq = block.first + end - 1
            if seq >= last or size <= 0:
                break
        return found, seq

    def drop(self, seq: int) -> int:
        """Let go of all frames up to this seq. Returns: the bytes of their messages."""
        gone = 0
        while self.first <= min(seq, self.last):
            block = self._oldest()
            index = self.first - block.first
            stop = min(seq + 1 - block.first, len(block.codes))
            gone += block.start(stop) - block.start(index)
            self.first = block.first + stop
            if stop == len(block.codes):
                self._forget(block)
            elif stop * 2 > len(block.codes) or 2 * block.start(stop) > len(block.data):
                self._cut(block, stop)
        return gone

    def after(self, size: int) -> int:
        """Return the seq of a frame up to which the oldest ones have so many bytes, if all have."""
        for block in self._from(self.first):
            index = self.first - block.first if block.first < self.first else 0
            left = block.start(len(block.codes)) - block.start(index)
            if size <= left:
                return block.first + bisect_left(block.ends, block.start(index) + size, index)
            size -= left
        return self.last

    def _oldest(self) -> Block:
        return self._blocks[0] if self._blocks else self._open()

    def _open(self) -> Block:
        """Return the newest block as it is now."""
        return Block(self._start, self._data, self._ends, self._codes, self._sets)

    def _from(self, seq: int) -> Iterator[Block]:
        """Yield the blocks from that one on in which this seq is."""
        index = max(bisect_right(self._blocks, seq, key=_first) - 1, 0)
        for block in self._blocks[index:]:
            if block.first + len(block.codes) > seq:
                yield block
        if self._codes:
            yield self._open()

    def _forget(self, block: Block) -> None:
        """Let go of the oldest block."""
        if self._blocks:
            del self._blocks[0]
            self._full_bytes -= _taken_by(block)
        else:
            self._clear()

    def _cut(self, block: Block, count: int) -> None:
        """Let go of the oldest frames of a block: each frame is moved once, on average."""
        start = block.start(count)
        ends = array("I", [end - start for end in block.ends[count:]])
        codes = block.codes[count:]
        if self._blocks:
            left = Block(block.first + count, block.data[start:], ends, codes, block.sets)
            self._blocks[0] = left
            self._full_bytes += _taken_by(left) - _taken_by(block)
        else:
            self._start += count
            self._data, self._ends, self._codes = self._data[start:], ends, codes
            self._due = 0


def _first(block: Block) -> int:
    return block.first


def _taken_by(block: Block) -> int:
    sets = sum(SET_BYTES + 2 * PLAYER_BYTES * len(members) for members in block.sets)
    return EMPTY_BYTES + len(block.data) + FRAME_BYTES * len(block.codes) + sets
