"""A room's recent past: the visible frames that a resume sends again, and late joiners hear."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from protocol import limits
from relay.history.memory_budget import HISTORY, Account
from relay.history.packed_frames import (
    NOBODY,
    Addressees,
    PackedFrames,
    StoredFrame,
)

SCAN = 1024
"""Frames that one read looks at, at most: most of a history may be for others."""

MOST_LAG = 64
"""Trimmed frames that are let go of together, at most: a full history trims one at each append."""


class History:
    """Visible frames in order of seq, as many as fit the bounds; the oldest go first.

    Each frame has the seq after that of the one before. The newest stays, whatever its size, until
    it is too old.
    """

    def __init__(
        self,
        *,
        max_frames: int = 64 * 1024,
        max_bytes: int = 16 * 1024 * 1024,
        account: Account | None = None,
    ) -> None:
        """Args: account: of the room; it is charged for all that is kept here."""
        self.max_frames = max_frames
        self.max_bytes = max_bytes
        self.size = 0
        """Bytes of all frames here."""
        self.grown = 0
        """Bytes of all frames that ever were."""
        self.trimmed = 0
        """The highest seq that is no longer here."""
        self.account = account or Account()
        self.account.give = self.give
        self._lag = min(MOST_LAG, max_frames // MOST_LAG)
        self._charged = 0
        self._frames = PackedFrames()
        self._marks: deque[tuple[float, int]] = deque()

    def __len__(self) -> int:
        return self._frames.last - self.trimmed if len(self._frames) else 0

    def __iter__(self) -> Iterator[StoredFrame]:
        return self.since(0)

    def since(self, seq: int) -> Iterator[StoredFrame]:
        """Yield the frames after this seq that are still here."""
        return self._frames.since(max(seq, self.trimmed))

    def recent(self, max_bytes: int) -> int:
        """Return the seq after which there are so many bytes at most."""
        excess = self.size - max_bytes
        return max(self.trimmed, self._frames.after(excess)) if excess > 0 else self.trimmed

    def append(self, seq: int, to: Addressees, message: bytes) -> None:
        """Take the next frame, wrapped."""
        size = len(message)
        is_due = self._frames.append(seq, to, message)
        self.size += size
        self.grown += size
        if is_due:
            self._frames.settle()
            self._charge()
        trimmed = seq - self.max_frames
        if trimmed > self.trimmed:
            self.trimmed = trimmed
            if trimmed - self._frames.first >= self._lag:
                self._drop(trimmed)
        if self.size > self.max_bytes:
            self._trim(seq)

    def bound(self, max_frames: int, max_bytes: int) -> None:
        """Keep to other bounds from now on."""
        self.max_frames, self.max_bytes = max_frames, max_bytes
        self._lag = min(MOST_LAG, max_frames // MOST_LAG)
        self._trim(self._frames.last)

    def _trim(self, newest: int) -> None:
        last = max(newest - self.max_frames, self.trimmed)
        if self.size > self.max_bytes:
            last = max(last, self._frames.after(self.size - self.max_bytes))
        self._drop(min(last, newest - 1))

    def reaches_back_to(self, seq: int) -> bool:
        """Whether everything after `seq` is still here."""
        return seq >= self.trimmed

    def read(
        self, seq: int, max_bytes: int, player: int, until: int = limits.MAX_INT
    ) -> tuple[list[bytes], int] | None:
        """Return what was for a player after `seq`, in order, and the seq up to which that is all.

        Frames that follow each other come as one. At least one is looked at, then others until
        `max_bytes` are found, but none after `until`. What was for others does not count: a player
        who is told little would catch up slowly. None: trimmed.
        """
        if not self.reaches_back_to(seq):
            return None
        return self._frames.read(seq, until, max_bytes, SCAN, player, player)

    def read_history(
        self, seq: int, max_bytes: int, until: int, but: int = NOBODY
    ) -> tuple[list[bytes], int] | None:
        """Return payloads to all or to all others, as `read` does; none to all but `but`."""
        if not self.reaches_back_to(seq):
            return None
        return self._frames.read(seq, until, max_bytes, SCAN, but, NOBODY)

    def age(self, now: float, seconds: float, until: int) -> None:
        """Trim what was here already at a call `seconds` ago. Call it every few seconds.

        Args: until: the last seq that may go; what follows is kept, however old.
        """
        newest = self._frames.last if len(self) else 0
        if newest > (self._marks[-1][1] if self._marks else self.trimmed):
            self._marks.append((now, newest))
        while self._marks and now - self._marks[0][0] >= seconds:
            seq = self._marks[0][1]
            self._drop(min(seq, until))
            if seq > max(until, self.trimmed):
                break
            self._marks.popleft()

    def give(self, size: int) -> bool:
        """Trim the oldest frames to free so many bytes, or at most half of all; the newest stays.

        Returns: whether there was anything to give.
        """
        if len(self) < 2:
            return False
        taken = max(self._frames.taken, 1)
        share = min(self.size * min(size, taken) // taken, self.size // 2)
        self._drop(min(self._frames.after(share), self._frames.last - 1))
        return True

    def _drop(self, seq: int) -> None:
        if len(self._frames) and seq >= self._frames.first:
            self.size -= self._frames.drop(seq)
            self.trimmed = max(self._frames.first - 1, self.trimmed)
            if self._frames.taken < self._charged:
                self._charge()

    def _charge(self) -> None:
        """Charge for memory that is taken by now: in steps, as the history grows and shrinks."""
        taken = self._frames.taken
        grown = taken - self._charged
        if grown:
            self._charged = taken
            self.account.charge(HISTORY, grown)
