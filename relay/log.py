"""A room's recent past: the visible frames that a resume sends again, and late joiners hear."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from protocol import limits
from relay.tape import Addressees, Entry, Tape

SCAN = 4096
"""Frames that one read looks at, at most: most of a log may be for others."""

SLACK = 64
"""Part of the budget that is freed at once when it is used up."""


class Budget:
    """Bytes that the logs of all rooms may hold together.

    When there are more, the largest log gives: no room can take the past of smaller ones.
    """

    def __init__(self, limit: int = 256 * 1024 * 1024) -> None:
        self.limit = limit
        self.used = 0
        self._logs: set[Log] = set()

    def join(self, log: Log) -> None:
        """Take note of a log that has something to give."""
        self._logs.add(log)

    def make_room(self) -> None:
        """Have logs give what is too much together."""
        # A little more than need be, as looking for the largest takes a while.
        limit = self.limit - self.limit // SLACK
        while self.used > limit:
            able = (log for log in self._logs if len(log) > 1)
            largest = max(able, key=lambda log: log.size, default=None)
            if largest is None:
                return
            largest.give(self.used - limit)

    def shrink(self, log: Log, size: int) -> None:
        """Take note of bytes that a log has let go."""
        self.used -= size
        if not log.size:
            self._logs.discard(log)


class Log:
    """Visible frames in order of seq, as many as fit the bounds; the oldest go first.

    The newest stays, whatever its size, until it is too old.
    """

    def __init__(
        self,
        *,
        max_frames: int = 64 * 1024,
        max_bytes: int = 16 * 1024 * 1024,
        budget: Budget | None = None,
    ) -> None:
        self.max_frames = max_frames
        self.max_bytes = max_bytes
        self.size = 0
        """Bytes of all frames here."""
        self.grown = 0
        """Bytes of all frames that ever were."""
        self.trimmed = 0
        """The highest seq that is no longer here."""
        self._budget = budget or Budget()
        self._frames = Tape()
        self._marks: deque[tuple[float, int]] = deque()

    def __len__(self) -> int:
        return len(self._frames)

    def __iter__(self) -> Iterator[Entry]:
        return map(self._frames.entry, range(len(self)))

    def append(self, seq: int, to: Addressees, message: bytes) -> None:
        frames, size = self._frames, len(message)
        frames.append(seq, to, message)
        self.size += size
        self.grown += size
        budget = self._budget
        budget.used += size
        if self.size == size:  # its first
            budget.join(self)
        if budget.used > budget.limit:
            budget.make_room()
        if self.size > self.max_bytes or len(frames) > self.max_frames:
            self._trim()

    def _trim(self) -> None:
        while len(self) > 1 and (self.size > self.max_bytes or len(self) > self.max_frames):
            self._trim_one()

    def take_over(self, other: Log) -> None:
        """Go on from where another log is, which is let go."""
        self.trimmed = other.trimmed
        for entry in other:
            self.append(*entry)
        self.grown = other.grown
        other.clear()

    def reaches_back_to(self, seq: int) -> bool:
        """Whether everything after `seq` is still here."""
        return seq >= self.trimmed

    def read(
        self,
        seq: int,
        max_bytes: int,
        is_wanted: Callable[[Entry], bool],
        until: int = limits.MAX_INT,
    ) -> tuple[list[bytes], int] | None:
        """Return the wanted messages after `seq`, in order, and the seq up to which that is all.

        At least one frame is looked at, then as many as fit `max_bytes`, but none after `until`.
        None: trimmed.
        """
        if not self.reaches_back_to(seq):
            return None
        messages: list[bytes] = []
        start = self._frames.after(seq)
        for index in range(start, min(start + SCAN, len(self))):
            entry = self._frames.entry(index)
            if entry[0] > until:
                break
            seq, _, message = entry
            if is_wanted(entry):
                messages.append(message)
                max_bytes -= len(message)
                if max_bytes <= 0:
                    break
        return messages, seq

    def age(self, now: float, seconds: float, until: int) -> None:
        """Trim what was here already at a call `seconds` ago. Call it every few seconds.

        Args: until: the last seq that may go; what follows is kept, however old.
        """
        newest = self._frames.seq(-1) if len(self) else 0
        if newest > (self._marks[-1][1] if self._marks else self.trimmed):
            self._marks.append((now, newest))
        while self._marks and now - self._marks[0][0] >= seconds:
            seq = self._marks[0][1]
            while len(self) and self._frames.seq(0) <= min(seq, until):
                self._trim_one()
            if seq > max(until, self.trimmed):
                return
            self._marks.popleft()

    def give(self, size: int) -> None:
        """Trim the oldest frames, of so many bytes or a half of all; the newest stays."""
        floor = self.size - min(size, self.size // 2)
        self._trim_one()  # be it of no bytes: who gives, gives something
        while len(self) > 1 and self.size > floor:
            self._trim_one()

    def clear(self) -> None:
        """Give all bytes back to the budget."""
        while len(self):
            self._trim_one()

    def _trim_one(self) -> None:
        self.trimmed, size = self._frames.drop()
        self.size -= size
        self._budget.shrink(self, size)
