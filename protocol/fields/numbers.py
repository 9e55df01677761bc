"""Numbers that fields of frames hold, by name. A client takes one that it does not know as news."""

from __future__ import annotations

from enum import IntEnum


class PresenceState(IntEnum):
    """How a player is in the room. A client may say HERE and AWAY only."""

    HERE = 0
    AWAY = 1
    LOST = 2
    LAGGING = 3


class LeftReason(IntEnum):
    """Why a player is no longer in the room."""

    LEFT = 1
    """It said LEAVE, or was refused for good."""
    EXPIRED = 2
    """Its connection was lost and its seat was not taken up again in time."""
    GONE = 3
    """Its connection was lost and it had no seat secret."""
    KICKED = 4


class NoticeKind(IntEnum):
    """What the relay wants a client to know, beyond the room's order."""

    THROTTLE = 1
    """You send too fast: detail has `limit`; volatile frames are dropped meanwhile."""
    LAG = 2
    """You read too slowly: detail has `dropped`."""
    DRAIN = 3
    """The relay goes down in `after` milliseconds: come back then."""
    TRIMMED = 4
    """What you are told of the past is complete only after `seq`: the rest was forgotten."""
    MEMORY = 5
    """The relay is short of memory: it has forgotten this room's past up to `seq`."""
    STALLED = 6
    """What players send reliably waits: the relay cannot order it for the moment."""
    GOES_ON = 7
    """The relay orders it again."""
    OPERATOR = 8
    """The relay's operator tells all players something: detail has `said`."""
    SHAPED = 9
    """Conditions are applied to this connection: `said` in words; without it, none any more."""
