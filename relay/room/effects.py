"""What a room asks of its node, beyond the bytes that it puts into outboxes.

The counterpart of entries.py: values that `Room.apply` returns and the node carries out, in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.frames import Error, LeftReason
from relay.delivery.stream import Stream
from relay.room.entries import Entry
from relay.room.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Admit:
    """The connection has its seat: say WELCOME and the stream; give the room its outbox."""

    attachment: int
    player: int
    seq: int
    """The client's seq when the stream begins: the stream follows it."""
    resumed: bool = False
    refused: ErrorCode | None = None
    """Why the stream does not follow the position that was asked for."""
    stream: Stream | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """The join is refused. With a close code the connection ends; else it may say HELLO again."""

    attachment: int
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Close:
    """End this connection: a newer one has its seat, or the seat has ended."""

    attachment: int
    code: CloseCode
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A new seat was taken: this is for the log, and the room has been told."""

    player: int


@dataclass(frozen=True, slots=True)
class Departed:
    """A seat has ended: this is for the log, and the room has been told."""

    player: int
    reason: LeftReason
    by: int = 0
    """The player who removed them; 0 for the operator, or for nobody."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A frame of a player was refused: this is for the log, and the player has been told."""

    player: int
    error: Error
    entry: Entry | None = field(default=None, compare=False, repr=False)
    """What was refused, if it was well-formed."""


@dataclass(frozen=True, slots=True)
class Later:
    """Propose this entry after so many seconds. It does nothing if it was overtaken."""

    seconds: float
    entry: Entry


@dataclass(frozen=True, slots=True)
class Gone:
    """The room is no more: forget its name."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The operator's act with this errand is done, or is refused."""

    errand: int
    refusal: Refusal | None = None


News = Arrived | Departed | Refused
"""Effects that ask for nothing but a line in the log."""

Effect = Admit | TurnedAway | Close | Later | Gone | Answered | News

NOTHING: Sequence[Effect] = ()
