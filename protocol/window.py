"""A client's counted frames until the relay has taken them, so that a resume can send the rest."""

from __future__ import annotations

from collections import deque

from protocol import limits
from protocol.error_codes import ErrorCode
from protocol.errors import RemoteProtocolError


class Window:
    """Counted frames of one seat, in order, numbered from 1.

    The number of a frame is its count: it is not on the wire, both sides count.
    """

    def __init__(self, size: int = limits.WINDOW) -> None:
        self.size = size
        self.sent = 0
        self.taken = 0
        self._pending: deque[bytes] = deque()

    @property
    def is_full(self) -> bool:
        """Whether the client must wait before it sends another counted frame."""
        return len(self._pending) >= self.size

    @property
    def is_empty(self) -> bool:
        """Whether the relay has taken all that was sent."""
        return not self._pending

    def add(self, message: bytes) -> int:
        """Remember a counted frame that is about to be sent; return its count."""
        self.sent += 1
        self._pending.append(message)
        return self.sent

    def take(self, taken: int) -> None:
        """Forget what the relay has taken. Smaller numbers are older news and change nothing.

        Raises:
            RemoteProtocolError: the relay claims more than was ever sent.
        """
        if taken > self.sent:
            raise RemoteProtocolError(
                ErrorCode.OUT_OF_RANGE,
                "the relay took more counted frames than were sent",
                expected=f"taken up to {self.sent}",
                got=str(taken),
                limit=self.sent,
            )
        while self.taken < taken:
            self._pending.popleft()
            self.taken += 1

    def pending(self) -> list[bytes]:
        """Return what a resume must send again, in order."""
        return list(self._pending)

    def count_on(self, taken: int) -> None:
        """Go on from `taken`: a seat known to the relay, of which this client knows nothing."""
        self._pending.clear()
        self.sent = self.taken = taken
