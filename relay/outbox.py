"""What is still to be sent to one connection: bounded, in order, newest values in place."""

from __future__ import annotations

from collections.abc import Callable, Iterable


class Outbox:
    """Messages for one connection, until its link takes them.

    Reliable messages queue in order. A volatile one has a slot: while it waits, a newer value of
    the same (sender, key) takes its place. When more waits than the limits allow, the outbox
    overflows: it lets go of everything, takes nothing more, and its connection must end. The seat
    survives, and what was let go is in the room's log.

    Attributes:
        on_ready: called when something waits where nothing did, and at an overflow; in the middle
            of a room's fan-out, so that it may do no more than make a note.
        is_overflowing: the limits were exceeded.
    """

    __slots__ = (
        "_begun",
        "_bytes",
        "_max_bytes",
        "_max_frames",
        "_queue",
        "_slots",
        "is_overflowing",
        "on_ready",
    )

    def __init__(
        self, on_ready: Callable[[], None], *, max_bytes: int = 256 * 1024, max_frames: int = 512
    ) -> None:
        """Args: max_bytes, max_frames: of all that waits; one message alone may have any size."""
        self.on_ready = on_ready
        self.is_overflowing = False
        self._max_bytes = max_bytes
        self._max_frames = max_frames
        self._queue: list[bytes] = []
        self._slots: dict[tuple[int, int], int] = {}
        self._bytes = 0
        self._begun = 0

    def __len__(self) -> int:
        return len(self._queue)

    def add(self, message: bytes) -> None:
        """Queue a reliable message."""
        if self.is_overflowing:
            return
        queue = self._queue
        queue.append(message)
        self._bytes += len(message)
        if len(queue) == 1:
            self.on_ready()
        elif self._bytes > self._max_bytes or len(queue) > self._max_frames + self._begun:
            self._overflow()

    def replace(self, slot: tuple[int, int], message: bytes) -> None:
        """Queue a volatile message, in the place of an older one of its slot that still waits."""
        if self.is_overflowing:
            return
        index = self._slots.get(slot)
        if index is None:
            self._slots[slot] = len(self._queue)
            self.add(message)
            return
        self._bytes += len(message) - len(self._queue[index])
        self._queue[index] = message
        if self._bytes > self._max_bytes and len(self._queue) > 1:
            self._overflow()

    def begin(self, stream: Iterable[bytes]) -> None:
        """Queue what a connection begins with: the room bounds it, not these limits."""
        if self.is_overflowing:
            return
        waiting = len(self._queue)
        self._queue.extend(stream)
        self._begun += len(self._queue) - waiting
        if self._begun and not waiting:
            self.on_ready()

    def take(self) -> list[bytes]:
        """Hand over all that waits, in order."""
        taken = self._queue
        self._queue = []
        if self._slots:
            self._slots.clear()
        self._bytes = self._begun = 0
        return taken

    def _overflow(self) -> None:
        self.take()
        self.is_overflowing = True
        self.on_ready()
