"""One connection's conversation: which frame may come when. Both sides obey the same table.

Rule 1: everything that decides whether a frame comes at the right moment is in this file.
Rule 2: nothing here knows which side we are on, but for whose fault an illegal frame is.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto

from protocol.codec import Role
from protocol.error_codes import ErrorCode
from protocol.errors import LocalProtocolError, ProtocolError, RemoteProtocolError
from protocol.frames import (
    CLIENT_FRAMES,
    RELAY_FRAMES,
    Error,
    Frame,
    Hello,
    Leave,
    Live,
    Notice,
    Unknown,
    Welcome,
)


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
    """Nothing: the seat was given up. What the relay sent before it knew may still arrive."""


Event = type[Frame] | ErrorCode
"""What moves a conversation: a frame of this class, or an ERROR with this code."""

RESUME_REFUSALS = frozenset({ErrorCode.EPOCH_CHANGED, ErrorCode.ROOM_GONE})
"""After these the connection lives, and one more HELLO may follow."""

ASKING = [cls for cls in CLIENT_FRAMES if cls is not Hello]
TELLING = [cls for cls in (*RELAY_FRAMES, Unknown) if cls is not Welcome]


def staying(state: State, *events: Event) -> dict[Event, State]:
    return dict.fromkeys(events, state)


TRANSITIONS: dict[Role, dict[State, dict[Event, State]]] = {
    Role.CLIENT: {
        State.NEW: {Hello: State.GREETED},
        State.GREETED: {},
        State.CATCHING_UP: {**staying(State.CATCHING_UP, *ASKING), Leave: State.OVER},
        State.LIVE: {**staying(State.LIVE, *ASKING), Leave: State.OVER},
        State.OVER: {},
    },
    Role.RELAY: {
        State.NEW: staying(State.NEW, Error, Notice, Unknown),
        State.GREETED: {
            **staying(State.GREETED, Error, Notice, Unknown),
            **dict.fromkeys(RESUME_REFUSALS, State.NEW),
            Welcome: State.CATCHING_UP,
        },
        State.CATCHING_UP: {**staying(State.CATCHING_UP, *TELLING), Live: State.LIVE},
        State.LIVE: staying(State.LIVE, *(cls for cls in TELLING if cls is not Live)),
        State.OVER: staying(State.OVER, *TELLING),
    },
}
"""What each frame leads to, by who sends it. A frame that is not in its state's row is illegal."""


class Conversation:
    """The state of one conversation, seen from either side."""

    def __init__(self, our_role: Role) -> None:
        self.our_role = our_role
        self.state = State.NEW

    def advance(self, frame: Frame, by: Role) -> None:
        """Follow one frame that `by` sends.

        Raises:
            LocalProtocolError: we were about to send a frame out of turn.
            RemoteProtocolError: the other side did.
        """
        row = TRANSITIONS[by][self.state]
        event: Event = type(frame)
        if isinstance(frame, Error) and frame.code in row:
            event = ErrorCode(frame.code)
        try:
            self.state = row[event]
        except KeyError:
            raise self._out_of_turn(frame, by) from None

    def _out_of_turn(self, frame: Frame, by: Role) -> ProtocolError:
        error = LocalProtocolError if by is self.our_role else RemoteProtocolError
        is_early = by is Role.CLIENT and self.state is State.NEW
        return error(
            ErrorCode.HELLO_EXPECTED if is_early else ErrorCode.UNEXPECTED,
            f"{name_of(type(frame))} cannot come in state {self.state.name}",
            expected=phrase(TRANSITIONS[by][self.state]),
            got=name_of(type(frame)),
        )


def name_of(cls: type[Frame]) -> str:
    return "an unknown frame" if cls is Unknown else cls.opcode.name


def phrase(row: Iterable[Event]) -> str:
    """Say which frames a row allows."""
    names = sorted({name_of(event) for event in row if isinstance(event, type)})
    return " or ".join(names) or "nothing"
