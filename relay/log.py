"""A room's recent past: the visible frames that a resume sends again, and late joiners hear."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterator

from protocol import limits
from relay.tape import FRAME_COST, Addressees, Entry, Tape

SCAN = 4096
"""Frames that one read looks at, at most: most of a log may be for others."""

SLACK = 64
"""Part of the budget that is freed at once when it is used up."""

LOOKS = 64
"""Logs that are looked at in search of the largest."""


class Budget:
    """Bytes that the logs of all rooms may hold together, with what keeping them costs.

    When there are more, a large log gives: no room can take the past of smaller ones.

    Logs stand in a heap by what they may cost at most, so that neither an append nor the search for
    a large one looks at all of them.
    """

    def __init__(self, limit: int = 256 * 1024 * 1024) -> None:
        self.limit = limit
        self.used = 0
        self._heap: list[tuple[int, int, Log]] = []
        self._entries = 0
        self._listed = 0
        """Logs that stand in the heap; of entries that no longer count there may be as many."""

    def enlist(self, log: Log, most: int) -> None:
        """Let a log stand as one that costs so much at most; where it stood before, it is not."""
        self._listed += not log.listed
        log.listed = most
        self._entries += 1  # a tie is never broken by comparing logs
        heapq.heappush(self._heap, (-most, self._entries, log))
        if len(self._heap) > 2 * self._listed + LOOKS:
            self._heap = [entry for entry in self._heap if entry[2].listed == -entry[0]]
            heapq.heapify(self._heap)

    def delist(self, log: Log) -> None:
        """Let a log stand nowhere: it has nothing to give, or is given up."""
        self._listed -= bool(log.listed)
        log.listed = 0

    def make_room(self) -> None:
        """Have logs give what is too much together."""
        # A little more than need be, so that the next append does not come here again.
        limit = self.limit - self.limit // SLACK
        while self.used > limit and (log := self._large()) is not None:
            log.give(self.used - limit)
            self.enlist(log, log.cost)

    def _large(self) -> Log | None:
        """Take the largest log that has something to give out of the heap.

        Of thousands that are about as large it may be another: only so many are looked at.
        """
        looks = 0
        while self._heap:
            most, _, log = heapq.heappop(self._heap)
            if -most != log.listed:
                continue  # it stands elsewhere
            self.delist(log)
            if len(log) <= 1:
                continue  # it stands here again when it grows
            if log.cost == -most or looks >= LOOKS:
                return log
            looks += 1
            self.enlist(log, log.cost)
        return None


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
        self.cost = 0
        """Bytes of memory that they take: beside their own, those of what is kept with each."""
        self.listed = 0
        """What the budget takes `cost` to be at most."""
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
        cost = frames.append(seq, to, message) + size + FRAME_COST
        self.size += size
        self.grown += size
        self.cost += cost
        budget = self._budget
        budget.used += cost
        if self.cost > self.listed:
            budget.enlist(self, 2 * self.cost)
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
        """Trim the oldest frames, that cost so many bytes or a half of all; the newest stays."""
        floor = self.cost - min(size, self.cost // 2)
        while len(self) > 1 and self.cost > floor:
            self._trim_one()

    def clear(self) -> None:
        """Give all bytes back to the budget."""
        while len(self):
            self._trim_one()
        self._budget.delist(self)

    def _trim_one(self) -> None:
        self.trimmed, size, cost = self._frames.drop()
        cost += size + FRAME_COST
        self.size -= size
        self.cost -= cost
        self._budget.used -= cost
