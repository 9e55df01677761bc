"""One connection's conversation: which frame may come when. Both sides obey the same table.

Rule 1: everything that decides whether a frame comes at the right moment is in this file.
Rule 2: nothing here knows which side we are on, but for whose fault an illegal frame is.
"""

from __future__ import annotations

from enum import Enum, auto

from .codec import Role
from .error_codes import ErrorCode
from .errors import LocalProtocolError, ProtocolError, RemoteProtocolError
from .frames import CLIENT_FRAMES, RELAY_FRAMES, Error, Frame, Hello, Leave, Live, Notice, Welcome


class State(Enum):
    """What the conversation waits for next."""

    NEW = auto()
    """HELLO."""
    GREETED = auto()
    """The answer to HELLO."""
    CATCHING_UP = auto()
    """LIVE, at the end of the stream that tells how the room stands."""
    LIVE = auto()
    """Whatever happens."""
    OVER = auto()
    """Nothing: the seat was given up."""


RESUME_REFUSALS = frozenset({ErrorCode.EPOCH_CHANGED, ErrorCode.ROOM_GONE})
"""After these the connection lives, and one more HELLO may follow."""

_IN_ROOM: dict[type[Frame] | ErrorCode, State] = {
    cls: State.CATCHING_UP for cls in CLIENT_FRAMES + RELAY_FRAMES if cls not in (Hello, Welcome)
}

TRANSITIONS: dict[State, dict[type[Frame] | ErrorCode, State]] = {
    State.NEW: {Hello: State.GREETED, Error: State.NEW, Notice: State.NEW},
    State.GREETED: {
        Welcome: State.CATCHING_UP,
        Error: State.GREETED,
        Notice: State.GREETED,
        **dict.fromkeys(RESUME_REFUSALS, State.NEW),
    },
    State.CATCHING_UP: {**_IN_ROOM, Live: State.LIVE, Leave: State.OVER},
    State.LIVE: {
        **{cls: State.LIVE for cls in _IN_ROOM if cls is not Live},
        Leave: State.OVER,
    },
    State.OVER: {},
}
"""What each frame leads to. A frame that is not in its state's row is illegal there."""


class Session:
    """The state of one conversation, seen from either side."""

    def __init__(self, our_role: Role) -> None:
        self.our_role = our_role
        self.state = State.NEW

    def advance(self, frame: Frame, by: Role) -> None:
        """Follow one frame.

        Raises:
            LocalProtocolError: we were about to send a frame out of turn.
            RemoteProtocolError: the other side did.
        """
        event: type[Frame] | ErrorCode = type(frame)
        if isinstance(frame, Error) and frame.code in RESUME_REFUSALS:
            event = ErrorCode(frame.code)
        row = TRANSITIONS[self.state]
        if event not in row and isinstance(event, ErrorCode):
            event = Error
        try:
            self.state = row[event]
        except KeyError:
            raise self._out_of_turn(frame, by) from None

    def _out_of_turn(self, frame: Frame, by: Role) -> ProtocolError:
        error = LocalProtocolError if by is self.our_role else RemoteProtocolError
        waiting = self.state in (State.NEW, State.GREETED)
        return error(
            ErrorCode.HELLO_EXPECTED if waiting else ErrorCode.UNEXPECTED,
            f"{type(frame).__name__} cannot come in state {self.state.name}",
            expected=" or ".join(
                sorted(event.__name__ for event in TRANSITIONS[self.state] if isinstance(event, type))
            )
            if waiting
            else "any frame but HELLO and WELCOME",
            got=type(frame).__name__,
        )
