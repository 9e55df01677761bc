"""What can change a room. `Room.apply` makes the room's state of its entries, in order.

Entries are proposed by adapters and ordered by the broker; `apply` accepts one or makes it a
no-op. Whatever depends on a clock, on chance or on a secret was decided before it was proposed:
an entry only holds values. `attachment` names one connection of one seat, so that an entry that
comes late (from a replaced connection, from a timer that was overtaken) finds nothing to change.
The counterpart is effects.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Final

from protocol import limits
from protocol.error_codes import ErrorCode
from protocol.fields.field_types import Binary, Count, Integer, Target, Text, Word64
from protocol.fields.schema import Record
from protocol.frames import ErrorDetail, Frame, Kick, PlayerInfo, RoomOptions, Set, Transfer

RULES: Final = 2
"""Version of what entries do to a room. All nodes that share a room obey the version it began with.
"""

OPERATED: Final = 2
"""The first version with the operator's entries: a node of an older one would skip them."""

CONNECTION_BITS: Final = 22
"""Bits of an attachment that count the connections of one incarnation of a node: 4 million."""

MAX_INCARNATION: Final = 2**31 - 1
"""An attachment, incarnation and all, is a number that every decoder reads exactly."""

MAX_HASH: Final = 512
"""Characters of a password's hash at most."""


def incarnation_of(attachment: int) -> int:
    """Return the incarnation of the node that a connection belongs to; 0 in a lone process."""
    return attachment >> CONNECTION_BITS


@dataclass(frozen=True, slots=True)
class Create:
    """The first entry of a room: all that its state depends on beside the entries.

    The first for a name wins. It changes no room, so `Entry` does not include it.
    """

    name: Word64
    epoch: Annotated[bytes, Binary(limits.EPOCH_BYTES, limits.EPOCH_BYTES)]
    options: Annotated[RoomOptions, Record(RoomOptions)]
    """Without the password."""
    password_hash: Annotated[str, Text(0, MAX_HASH)]
    max_frame: Annotated[int, Integer(256, limits.FRAME_IN_MAX)]
    history_frames: Count
    history_bytes: Count
    rules: Count = RULES


@dataclass(frozen=True, slots=True)
class Join:
    """A connection said HELLO and was admitted by everything outside the room."""

    attachment: int
    key: bytes | None = None
    """Hash of the seat secret; without one the seat ends with its connection."""
    info: PlayerInfo = field(default_factory=PlayerInfo)
    position: tuple[bytes, int] | None = None
    network: bytes | None = None
    """Hash of the network it comes from; without one, no bar on an address keeps it out."""
    at: int = 0
    """When the connection came, in milliseconds of the epoch of Unix; 0 where the order of the
    entries is that of the HELLOs, as in a lone process. A HELLO may be read so late that its client
    has given it up and sent another on a newer connection."""


Send = tuple[int, Target, bytes]
"""A payload: attachment, target, and the payload as its tail (protocol/fast_path.py).
The one entry on the fast path is a bare tuple: an object with names takes as long to make as its
addressees to find."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Any other frame of a client that may change the room."""

    attachment: int
    frame: Frame


@dataclass(frozen=True, slots=True)
class Refuse:
    """A counted message that was refused before it reached the room: it counts all the same."""

    attachment: int
    code: ErrorCode
    text: str
    detail: ErrorDetail = field(default_factory=ErrorDetail)


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """The client has seen its WELCOME: from now on the seat is held for the full time."""

    attachment: int


@dataclass(frozen=True, slots=True)
class Detach:
    """A connection is gone; its seat is held."""

    attachment: int


@dataclass(frozen=True, slots=True)
class Lag:
    """A connection reads too slowly, or keeps up again."""

    attachment: int
    is_lagging: bool


@dataclass(frozen=True, slots=True)
class Evict:
    """A connection was closed for good: its seat is given up."""

    attachment: int


@dataclass(frozen=True, slots=True)
class Expire:
    """A seat was not taken up again in time after the loss of this attachment."""

    attachment: int


@dataclass(frozen=True, slots=True)
class Succeed:
    """The host of this term has been lost, with this attachment, for too long."""

    term: int
    attachment: int


@dataclass(frozen=True, slots=True)
class Relieve:
    """The host of this term has been AWAY for too long; each absence has a number."""

    term: int
    absence: int


@dataclass(frozen=True, slots=True)
class Retire:
    """The room has been empty for too long, and has still had only so many joins."""

    joins: int


@dataclass(frozen=True, slots=True)
class Wake:
    """All connections went with the relay that held the room before.

    Attributes:
        returning: seconds until the last of them is due back, as they were told.
    """

    returning: float


@dataclass(frozen=True, slots=True)
class NodeGone:
    """An incarnation of a node is taken for dead: nobody is connected to it any more."""

    incarnation: int


@dataclass(frozen=True, slots=True)
class Operate:
    """The operator does what otherwise only the host may.

    Attributes:
        errand: a number like an attachment: the node that it is of waits for what the room answers.
    """

    errand: int
    frame: Kick | Transfer | Set


@dataclass(frozen=True, slots=True)
class Say:
    """The operator tells all players something. Args: errand: see `Operate`."""

    errand: int
    text: str


@dataclass(frozen=True, slots=True)
class Dissolve:
    """The operator ends the room. Args: errand: see `Operate`."""

    errand: int


Act = Operate | Say | Dissolve
"""What an operator does in a room."""

Entry = (
    Join
    | Send
    | Ask
    | Refuse
    | Acknowledge
    | Lag
    | Detach
    | Evict
    | Expire
    | Succeed
    | Relieve
    | Retire
    | Wake
    | NodeGone
    | Operate
    | Say
    | Dissolve
)
