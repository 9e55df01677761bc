"""What happens in a room, as values to `match` on.

A fact of the room has the `seq` at which it became true. The connection's own events have none. A
printed event shows the fields that differ from their defaults, payloads unpacked, codes by name.
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
    """A player as they were when this value was made. `room.players` is up to date."""

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
    """The sender as this client knew them then, even if they have left since."""
    is_history: bool = False
    """Whether it comes before `Live`, as part of the past of a room that this client enters.
    Messages that were missed between a loss and a resume are not history."""

    @property
    def value(self) -> Any:
        """What the sender packed.

        Raises:
            RemoteProtocolError: the payload is not one msgpack value; `payload` has its bytes.
        """
        return unpack(self.payload)


@dataclass(frozen=True, slots=True, repr=False)
class Updated(Shown):
    """The newest volatile value of (`sender`, `key`). Older ones may have been skipped."""

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
    """A player has a seat. On entry it comes once for each player, this one included."""

    player: Player
    seq: int


@dataclass(frozen=True, slots=True, repr=False)
class Left(Shown):
    """A player has lost their seat. `reason` is a `LeftReason`."""

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
    """The game's own state at `seq`, as a host gave it. The history after `seq` follows.

    Comes before `Live`, and only in a room that was made with `history`.
    """

    seq: int
    payload: bytes
    """The payloads of all parts, joined."""

    @property
    def value(self) -> Any:
        """What the host packed. Raises as `Message.value` does."""
        return unpack(self.payload)


@dataclass(frozen=True, slots=True, repr=False)
class SnapshotWanted(Shown):
    """The relay asks this client, the host, for a snapshot: call `room.give_snapshot`.

    History will soon forget the oldest of what happened up to `seq`.
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
    """The frame's number, as `send` and the others returned it."""
    seq: int


@dataclass(frozen=True, slots=True, repr=False)
class Notice(Shown):
    """The relay says something worth knowing. `kind` is a `NoticeKind`:

    THROTTLE: this client sent more than `detail.limit` frames a second. The relay reads nothing
    from it for `detail.after` ms.
    LAG: this client reads too slowly. It is cut off in `detail.after` ms unless it catches up. Once
    it has, another LAG says how many volatile values were `detail.dropped`.
    DRAIN: the relay goes down soon. The client comes back by itself in `detail.after` ms.
    TRIMMED: the room forgot some history before it was sent to this client. `room.complete_from`
    says what is missing.
    MEMORY: the relay is short of memory, and has forgotten the room's past up to `detail.seq`.
    Players who join later do not hear it.
    STALLED: the relays of this room have lost one of their stores. What is sent reliably waits for
    some seconds; nothing of it is lost.
    GOES_ON: that is over.
    OPERATOR: whoever runs the relay tells all players `detail.said`.
    SHAPED: the relay makes this player's network worse on purpose, as `detail.said` has it;
    without it, no longer.
    """

    kind: int = field(metadata=named_by(NoticeKind))
    detail: NoticeDetail


@dataclass(frozen=True, slots=True, repr=False)
class Live(Shown):
    """The stream has caught up: all events after this one happen live.

    `connect` returns when it has come in. The events before it wait for the program, too.
    """

    seq: int


@dataclass(frozen=True, slots=True, repr=False)
class Reconnecting(Shown):
    """The connection is lost. The client tries again by itself, in `delay` seconds."""

    attempt: int
    delay: float
    reason: str


@dataclass(frozen=True, slots=True, repr=False)
class Resumed(Shown):
    """The connection is back.

    `resumed` true: the missed events follow, without a gap. False: the room is told anew, as it
    stands, so forget what you knew of it. `reason` says why, if the relay did.
    """

    resumed: bool
    reason: str


@dataclass(frozen=True, slots=True, repr=False)
class Lost(Shown):
    """Frames of this client that will never be acknowledged, in order.

    Their room is gone, or this client left it before it could send them.
    """

    messages: tuple[frames.Frame, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Closed(Shown):
    """The last event: the seat is given up, and this client does not come back by itself."""

    code: int = field(metadata=named_by(CloseCode))
    """A `CloseCode`, or another code of the WebSocket standard."""
    reason: str
    """A word for programs, such as "kicked"."""
    text: str
    """A sentence for people: what happened, and what to do."""
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
