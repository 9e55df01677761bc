"""Why a connection was closed, and whether to come back."""

from __future__ import annotations

from enum import IntEnum


class CloseCode(IntEnum):
    """WebSocket close codes of Roomwire. The range of a private code is the advice:

    4000-4499  come back: reconnect and resume the seat
    4500-4999  stay away: reconnecting cannot help, the seat is given up
    """

    NORMAL = 1000
    GOING_AWAY = 1001
    TEXT_REFUSED = 1003
    TOO_BIG = 1009
    RELAY_FAULT = 1011
    DRAIN = 1012

    NO_HELLO = 4000
    SILENT = 4001
    TOO_SLOW = 4002
    TOO_FAST = 4003
    RELAY_FULL = 4004
    MOVED = 4005

    BAD_FRAMES = 4500
    VERSION = 4501
    REPLACED = 4502
    KICKED = 4503
    ROOM_FULL = 4504
    LOCKED = 4505
    WRONG_PASSWORD = 4506
    NO_SUCH_ROOM = 4507
    NOT_ADMITTED = 4508
    OTHER_APP = 4509
    FRAME_SIZE = 4510

    @property
    def reason(self) -> str:
        """The machine-readable reason that goes with the code."""
        return self.name.lower()


STAY_AWAY = frozenset({CloseCode.NORMAL, CloseCode.TEXT_REFUSED, CloseCode.TOO_BIG})
"""Standard codes after which the same client would only meet the same end again."""


def may_return(code: int) -> bool:
    """Say whether a client should reconnect after this close code.

    Codes of the WebSocket standard (1001, 1006, 1011, 1012, ...) speak of the connection and
    invite a return, but for those in `STAY_AWAY`.
    """
    # SPEC 8.1: the range decides about codes that nobody has listed.
    return code not in STAY_AWAY and not 4500 <= code <= 4999
