"""Which connections ended last in each room, and why. Operators may ask for it.

Nothing is kept of a room, and nothing is spent, until a connection ends or is turned away there.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from relay.lobby.registry import NAME

MOST_ENDS: Final = 16
"""Ends of players that are kept of one room, and as many of those who were turned away."""
MOST_TEXT: Final = 200
"""Characters that are kept of a reason."""
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


Ends = OrderedDict[str, tuple[Ended, ...]]
"""By room; the one that changed last comes last."""


def _now() -> int:
    return time.time_ns() // 1000


class Recent:
    """The last ends in each room."""

    def __init__(self, now: Callable[[], int] = _now) -> None:
        """Args: now: tells the time in microseconds."""
        self._now = now
        self._seated: Ends = OrderedDict()
        self._turned_away: Ends = OrderedDict()
        """Apart, as any stranger can cause these, and they would push the others out."""

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
        if NAME.fullmatch(room) is None:
            return
        kept, room = self._turned_away if player is None else self._seated, room.upper()
        ended = Ended(self._now(), player, attachment, code, name, text[:MOST_TEXT])
        kept[room] = (*kept.pop(room, ()), ended)[-MOST_ENDS:]
        if len(kept) > MOST_ROOMS:
            kept.popitem(last=False)

    def forget(self, room: str) -> None:
        """Let go of what is known of a room that is no more."""
        self._seated.pop(room, None)
        self._turned_away.pop(room, None)

    def ends(self, room: str) -> Sequence[Ended]:
        """Return the last ends in a room, the newest last."""
        every = (*self._seated.get(room, ()), *self._turned_away.get(room, ()))
        return sorted(every, key=lambda each: each.at)
