"""The modes of an outbox, and what leads from one to another."""

from __future__ import annotations

from enum import Enum


class Mode(Enum):
    """What becomes of a message that a room tells."""

    OPENING = "it is not for this player yet"
    FOLLOWING = "it stays in the history, which is read as fast as the link takes it"
    QUEUEING = "it waits here until the link takes it"
    FLOWING = "it is gathered with all that flows, and written in the same turn of the loop"
    LOST = "it is dropped: the player cannot go on"
    ENDED = "it is dropped: the connection ends with what waits"


class Move(Enum):
    """What leads an outbox to another mode."""

    BEGIN = "the room lets the player in"
    CATCH_UP = "all of the history is read"
    FLOW = "nothing waits"
    HOLD = "something waits on the link"
    FALL_BEHIND = "more waits than the limits allow"
    LOSE = "the history no longer reaches back so far, or too many answers wait"
    END = "the connection ends"


TRANSITIONS: dict[Mode, dict[Move, Mode]] = {
    Mode.OPENING: {Move.BEGIN: Mode.FOLLOWING, Move.END: Mode.ENDED},
    Mode.FOLLOWING: {
        Move.CATCH_UP: Mode.QUEUEING,
        Move.LOSE: Mode.LOST,
        Move.END: Mode.ENDED,
    },
    Mode.QUEUEING: {
        Move.FLOW: Mode.FLOWING,
        Move.FALL_BEHIND: Mode.FOLLOWING,
        Move.END: Mode.ENDED,
    },
    Mode.FLOWING: {Move.HOLD: Mode.QUEUEING},
    Mode.LOST: {Move.END: Mode.ENDED},
    Mode.ENDED: {Move.END: Mode.ENDED},
}
"""A move that is not in its mode's row is a mistake of the relay's own."""
