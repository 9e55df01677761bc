"""A client who reads too slowly: it and its room are told, and after a while its connection ends.

An outbox falls behind and catches up in the middle of fan-out; the connection calls here in the
turn of the event loop that follows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from protocol.close_codes import CloseCode
from protocol.frames import NoticeDetail
from relay.delivery.outbox import Outbox

LAG_SECONDS = 0.1  # nobody is told of a shorter lag: a burst does that to anyone


def _tell_nobody(is_lagging: bool, detail: NoticeDetail) -> None:
    pass


def _close_nothing(code: CloseCode) -> None:
    pass


class Lagging:
    """What one connection knows of its own slowness."""

    def __init__(
        self,
        outbox: Outbox,
        seconds: float | None,
        *,
        later: Callable[[float | None, Callable[[], None]], asyncio.TimerHandle | None],
        tell: Callable[[bool, NoticeDetail], None],
        close: Callable[[CloseCode], None],
    ) -> None:
        """
        Args:
            seconds: for which the outbox may be behind; None is any time.
            later: calls after so many seconds.
            tell: tells the client and its room whether it lags.
            close: ends the connection.
        """
        self._outbox = outbox
        self._seconds = seconds
        self._later = later
        self._tell = tell
        self._close = close
        self._is_lagging = False
        self._is_over = False
        self._lag_timer: asyncio.TimerHandle | None = None
        self._slow_timer: asyncio.TimerHandle | None = None

    def fell_behind(self) -> None:
        """The outbox follows the history: wait so long for it to catch up."""
        if self._outbox.is_lost:
            self._close(CloseCode.TOO_SLOW)
        if self._is_over or self._slow_timer is not None or not self._outbox.is_following:
            return
        self._lag_timer = self._later(LAG_SECONDS, self._lag)
        self._slow_timer = self._later(self._seconds, lambda: self._close(CloseCode.TOO_SLOW))

    def _lag(self) -> None:
        self._is_lagging = True
        seconds = self._seconds
        after = None if seconds is None else int(max(seconds - LAG_SECONDS, 0) * 1000)
        self._tell(True, NoticeDetail(after=after))

    def caught_up(self) -> None:
        """The outbox keeps up again."""
        if self._is_over:
            return
        self._cancel()
        if self._is_lagging:
            self._is_lagging = False
            self._tell(False, NoticeDetail(dropped=self._outbox.dropped))

    def end(self) -> None:
        """Wait for nothing any more."""
        self._is_over = True
        self._cancel()
        self._tell, self._close = _tell_nobody, _close_nothing  # the connection has this

    def _cancel(self) -> None:
        for timer in (self._lag_timer, self._slow_timer):
            if timer is not None:
                timer.cancel()
        self._lag_timer = self._slow_timer = None
