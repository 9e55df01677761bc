"""What happened last in each room that an operator may ask about: who was closed, and why.

Nothing is kept of a room, and nothing is spent, until a connection ends or is turned away there.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

MOST_ENDS: Final = 24
"""Ends that are kept of one room."""
MOST_ROOMS: Final = 500
"""Rooms of which anything is kept. Strangers can cause such things in as many as they like."""


class Ended(NamedTuple):
    """A connection that is over, or a HELLO that was refused."""

    at: int
    """The relay's clock, in microseconds."""
    player: int | None
    """None for one who had not entered."""
    attachment: int
    code: int | None
    """Of the close; None if the connection was lost, or closed by the client."""
    name: str
    """Of the close code, or of the error that a HELLO was refused with."""
    text: str = ""
    """The reason that was given, if one was."""


def _now() -> int:
    return time.time_ns() // 1000


class Recent:
    """The last ends in each room, the newest last."""

    def __init__(self, now: Callable[[], int] = _now) -> None:
        """Args: now: tells the time in microseconds."""
        self._now = now
        self._ends: OrderedDict[str, tuple[Ended, ...]] = OrderedDict()

    def add(
        self,
        room: str,
        player: int | None,
        attachment: int,
        code: int | None,
        name: str,
        text: str = "",
    ) -> None:
        """Take note of an end."""
        room = room.upper()
        ended = Ended(self._now(), player, attachment, code, name, text)
        self._ends[room] = (*self._ends.pop(room, ()), ended)[-MOST_ENDS:]
        if len(self._ends) > MOST_ROOMS:
            self._ends.popitem(last=False)

    def forget(self, room: str) -> None:
        """Let go of what is known of a room that is no more."""
        self._ends.pop(room, None)

    def ends(self, room: str) -> Sequence[Ended]:
        """Return the last ends in a room, the newest last."""
        return self._ends.get(room, ())
