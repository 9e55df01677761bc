"""What happens in a room, as values to `match` on.

Facts of the room carry the `seq` at which they became true; the connection's own events carry none.
Printed, they show what differs from their defaults, payloads unpacked and codes by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from clients.python.showing import Shown, named_by
from protocol import frames
from protocol.close_codes import CloseCode
from protocol.codec import unpack
from protocol.error_codes import ErrorCode
from protocol.frames import ErrorDetail, LeftReason, NoticeDetail, NoticeKind, PresenceState


@dataclass(frozen=True, slots=True, repr=False)
class Player(Shown):
    """A player as he was when this value was made; `room.players` has the newest of each."""

    number: int
    """From 1, never used again in the same room; 0 is the relay, or nobody."""
    name: str = ""
    role: str = "player"
    """"player" or "spectator"."""
    state: int = field(default=PresenceState.HERE, metadata=named_by(PresenceState))
    is_host: bool = False
    can_host: bool = True
    """Whether this player may become host."""


NOBODY = Player(0)


@dataclass(frozen=True, slots=True, repr=False)
class Message(Shown):
    """Somebody sent a payload, at its place in the room's order."""

    seq: int
    sender: int
    payload: bytes
    player: Player = field(default=NOBODY, compare=False, repr=False)
    """The sender as this client knew him then, also when he has left since."""
    is_history: bool = False
    """It comes before `Live`, to catch up with a room that one enters late or anew. What was
    missed while the connection was lost and then resumed is not history."""

    @property
    def value(self) -> Any:
        """What the sender packed.

        Raises:
            RemoteProtocolError: the payload is not one msgpack value; the game may take `payload`.
        """
        return unpack(self.payload)


@dataclass(frozen=True, slots=True, repr=False)
class Updated(Shown):
    """The newest volatile value of (`sender`, `key`); older ones may have been left out."""

    key: int
    sender: int
    payload: bytes
    player: Player = field(default=NOBODY, compare=False, repr=False)

    @property
    def value(self) -> Any:
        """What the sender packed. Raises as `Message.value` does."""
        return unpack(self.payload)


@dataclass(frozen=True, slots=True, repr=False)
class Joined(Shown):
    """A player has a seat in the room; on entry told once of each who has, oneself included."""

    player: Player
    seq: int


@dataclass(frozen=True, slots=True, repr=False)
class Left(Shown):
    """A player's seat is no more. `reason` is a `LeftReason`."""

    player: Player
    reason: int = field(metadata=named_by(LeftReason))
    seq: int


@dataclass(frozen=True, slots=True, repr=False)
class PresenceChanged(Shown):
    """A player is here, away, lost or lagging: see `player.state`."""

    player: Player
    seq: int


@dataclass(frozen=True, slots=True, repr=False)
class HostChanged(Shown):
    """The room has another host, or None; `term` counts hosts."""

    player: Player | None
    term: int
    seq: int


@dataclass(frozen=True, slots=True, repr=False)
class PropertyChanged(Shown):
    """A property of the room (scope 0) or of player `scope` was written, or deleted."""

    scope: int
    key: str
    payload: bytes | None
    """None: deleted."""
    version: int
    by: int
    seq: int

    @property
    def value(self) -> Any:
        """What was packed, or None where it was deleted. Raises as `Message.value` does."""
        return None if self.payload is None else unpack(self.payload)


@dataclass(frozen=True, slots=True, repr=False)
class SnapshotReceived(Shown):
    """The game's own state as of `seq`, as a host gave it; history follows where it ends.

    Comes before `Live`, and only in a room that was made with `history`.
    """

    seq: int
    payload: bytes
    """Of all parts, put together."""

    @property
    def value(self) -> Any:
        """What the host packed. Raises as `Message.value` does."""
        return unpack(self.payload)


@dataclass(frozen=True, slots=True, repr=False)
class SnapshotWanted(Shown):
    """The relay asks this client, who is host, for a snapshot: call `room.give_snapshot`.

    Of what happened up to `seq`, history will soon forget the beginning.
    """

    seq: int


@dataclass(frozen=True, slots=True, repr=False)
class Refused(Shown):
    """The relay or the room refused something that this client sent."""

    code: int = field(metadata=named_by(ErrorCode))
    """An `ErrorCode`."""
    text: str
    detail: ErrorDetail
    frame: int | None
    """Which frame: the number that `send` and its kin returned."""
    seq: int


@dataclass(frozen=True, slots=True, repr=False)
class Notice(Shown):
    """The relay says something worth knowing. `kind` is a `NoticeKind`:

    THROTTLE: more was sent than `detail.limit` frames a second; for `detail.after` ms the relay
    does not read on. LAG: this client reads too slowly, and is cut off in `detail.after` ms unless
    it catches up; once it has, another LAG says how many volatile values were `detail.dropped`.
    DRAIN: the relay goes down soon, and the client comes back by itself in `detail.after` ms.
    TRIMMED: some history was forgotten while it was on its way here, and `room.complete_from` says
    what is missing. MEMORY: the relay is short of memory and has forgotten the room's past up to
    `detail.seq`; whoever joins from now on does not hear it.
    """

    kind: int = field(metadata=named_by(NoticeKind))
    detail: NoticeDetail


@dataclass(frozen=True, slots=True, repr=False)
class Live(Shown):
    """The stream has caught up: what follows happens now.

    `connect` returns when this has come in. What came before it waits for the program, too.
    """

    seq: int


@dataclass(frozen=True, slots=True, repr=False)
class Reconnecting(Shown):
    """The connection is lost; the next attempt starts in `delay` seconds, by itself."""

    attempt: int
    delay: float
    reason: str


@dataclass(frozen=True, slots=True, repr=False)
class Resumed(Shown):
    """The connection is back.

    `resumed` true: what was missed follows, nothing is lacking. False: the room is told anew, as it
    stands; forget what was known of it. `reason` says why, where the relay did.
    """

    resumed: bool
    reason: str


@dataclass(frozen=True, slots=True, repr=False)
class Lost(Shown):
    """Frames of this client that were never acknowledged and never will be, in order.

    The room they were for is gone, or was left before they could be sent.
    """

    messages: tuple[frames.Frame, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Closed(Shown):
    """The last event: the seat is given up, and this client does not come back by itself."""

    code: int = field(metadata=named_by(CloseCode))
    """A `CloseCode`, or another code of the WebSocket standard."""
    reason: str
    """For programs, such as "kicked"."""
    text: str
    """For people: what happened, and what to do."""
    may_return: bool
    """Whether a new `connect` may succeed."""


Event = (
    Message
    | Updated
    | Joined
    | Left
    | PresenceChanged
    | HostChanged
    | PropertyChanged
    | SnapshotReceived
    | SnapshotWanted
    | Refused
    | Notice
    | Live
    | Reconnecting
    | Resumed
    | Lost
    | Closed
)
