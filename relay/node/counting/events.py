"""How often the events of the journal have happened, at this node."""

from __future__ import annotations

from collections import Counter
from enum import IntEnum
from typing import Final

from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode

LOST: Final = "LOST"
"""The end of a connection that this relay has not closed."""
RESUMED: Final = "RESUMED"
ABOUT_RESUMES: Final = frozenset(
    {
        ErrorCode.EPOCH_CHANGED,
        ErrorCode.ROOM_GONE,
        ErrorCode.HISTORY_TRIMMED,
        ErrorCode.SEAT_EXPIRED,
    }
)
"""Why a resume fails: the client is told the room anew, at once or upon another HELLO."""


class Events:
    """Counts of events, by the names of codes. Each begins at 0, so that its first one shows.

    Attributes:
        closes: of connections. refused_entries: of HELLOs. refused_frames: of all later frames.
        resumes: HELLOs that named a position, by what came of it.
        throttles: times that a client was too fast, and not read for a while.
        lags: times that a player read too slowly.
        faults: times that `on_join` failed, or did not decide in time.
    """

    def __init__(self) -> None:
        self.closes = _zeros(CloseCode, LOST)
        self.refused_entries = _zeros(ErrorCode)
        self.refused_frames = _zeros(ErrorCode)
        self.resumes = Counter({RESUMED: 0} | {code.name: 0 for code in sorted(ABOUT_RESUMES)})
        self.throttles = 0
        self.lags = 0
        self.faults = 0

    def refused(self, code: ErrorCode) -> None:
        """Count a HELLO that was refused."""
        if code in ABOUT_RESUMES:
            self.resumes[code.name] += 1
        else:
            self.refused_entries[code.name] += 1

    def refused_frame(self, code: int) -> None:
        self.refused_frames[ErrorCode(code).name] += 1

    def admitted(self, *, resumed: bool, refused: ErrorCode | None) -> None:
        """Count a HELLO that was let in. Args: refused: why its resume failed, if it wanted one."""
        if resumed:
            self.resumes[RESUMED] += 1
        elif refused is not None:
            self.resumes[refused.name] += 1


def _zeros(codes: type[IntEnum], *more: str) -> Counter[str]:
    return Counter(dict.fromkeys([*(code.name for code in codes), *more], 0))
