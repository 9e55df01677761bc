"""How a client gives its seat up: LEAVE, its answer, and the return that a lost one takes.

A relay answers LEAVE with the close 1000. Then it has read all that was sent before. A connection
that ends in another way answers nothing, so counted frames may be lost on it.
"""

from __future__ import annotations

from protocol.close_codes import CloseCode
from protocol.resume import ResumeState


class Farewell:
    """What the program's wish to leave means for each connection."""

    def __init__(self, seat: ResumeState) -> None:
        self._seat = seat
        self.has_begun = False
        """The program wants to leave: LEAVE is due on every connection until one is answered."""
        self.is_over = False
        """No connection is taken up again, whatever the relay has."""
        self._left_after: int | None = None

    def begin(self) -> None:
        """Note that the program leaves."""
        self.has_begun = True

    def end(self) -> None:
        """Wait for nothing any more."""
        self.has_begun = self.is_over = True

    def said(self) -> None:
        """Note that LEAVE is the last word on this connection."""
        self._left_after = self._seat.window.sent

    @property
    def is_said(self) -> bool:
        """Whether LEAVE was the last word on this connection."""
        return self._left_after is not None

    def disconnected(self, code: int) -> None:
        """Note that the connection has ended, or an attempt at one."""
        left_after, self._left_after = self._left_after, None
        if left_after is None:
            return
        if code == CloseCode.NORMAL:
            self._seat.window.take(left_after)
        # SPEC 21.5: only frames that may be lost are worth another connection.
        if self._seat.window.is_empty:
            self.end()

    @property
    def may_return(self) -> bool:
        """Whether the client may connect again. A client that has no seat has none to give up."""
        return not self.is_over and (not self.has_begun or self._seat.player > 0)
