"""A room's recent past: the visible frames that a resume sends again."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

Addressees = int | frozenset[int]
"""Who a frame was for when it was ordered: these players, or all but one (0: all)."""


class Log:
    """Visible frames in order of seq, as many as fit the bounds; the oldest go first."""

    def __init__(self, *, max_frames: int = 64 * 1024, max_bytes: int = 16 * 1024 * 1024) -> None:
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._frames: deque[tuple[int, Addressees, bytes]] = deque()
        self._bytes = 0
        self.trimmed = 0
        """The highest seq that is no longer here."""

    def __iter__(self) -> Iterator[tuple[int, Addressees, bytes]]:
        return iter(self._frames)

    def append(self, seq: int, to: Addressees, message: bytes) -> None:
        frames = self._frames
        frames.append((seq, to, message))
        self._bytes += len(message)
        while self._bytes > self._max_bytes or len(frames) > self._max_frames:
            self.trimmed, _, oldest = frames.popleft()
            self._bytes -= len(oldest)

    def reaches_back_to(self, seq: int) -> bool:
        """Whether everything after `seq` is still here."""
        return seq >= self.trimmed

    def since(self, seq: int, player: int) -> Iterator[bytes]:
        """Yield what was for a player after `seq`, in order."""
        for _, to, message in self._tail(seq):
            if (to != player) if isinstance(to, int) else (player in to):
                yield message

    def _tail(self, seq: int) -> list[tuple[int, Addressees, bytes]]:
        tail = []
        for frame in reversed(self._frames):
            if frame[0] <= seq:
                break
            tail.append(frame)
        return tail[::-1]
