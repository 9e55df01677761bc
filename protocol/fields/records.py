"""The maps inside frames: options, details and the like, a frozen dataclass each.

Every key has a default but where the wire cannot do without it. SPEC.md section 5 lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from protocol import limits
from protocol.fields.field_types import (
    Binary,
    Count,
    Either,
    Fixed,
    Flag,
    Integer,
    Mapped,
    Several,
    Text,
    Word,
    Word64,
)
from protocol.fields.schema import Record

Name = Annotated[str, Text(0, limits.MAX_NAME)]
Secret = Annotated[str, Text(0, limits.MAX_SECRET)]
Seconds = Annotated[int, Integer(0, limits.MAX_KEEP)]


@dataclass(frozen=True, slots=True)
class RoomOptions:
    """How a room is made. Keys of HELLO's `create` and of REST's room creation."""

    title: Name = ""
    capacity: Annotated[int, Integer(1, limits.MAX_CAPACITY)] = 64
    spectators: Annotated[int, Integer(0, limits.MAX_CAPACITY)] = 64
    public: Annotated[bool, Flag()] = True
    locked: Annotated[bool, Flag()] = False
    password: Secret = ""
    hold: Annotated[int, Integer(0, limits.MAX_HOLD)] = 30
    keep: Seconds = 30
    history: Annotated[str, Word("none", "snapshot", "full")] = "none"
    """What of the past a late joiner hears, beyond how the room stands."""
    write: Annotated[str, Word("all", "host")] = "all"
    """Who may set the room's own properties."""
    host_keys: Annotated[
        tuple[str, ...], Several(Text(1, limits.MAX_WORD), limits.MAX_HOST_KEYS)
    ] = ()
    """Keys that only the host may set, the room's and every player's."""
    delay: Annotated[int, Integer(0, limits.MAX_HOLD)] = 0
    """Seconds by which spectators lag behind."""
    host_away: Annotated[int, Integer(0, limits.MAX_HOLD)] = 0
    """Seconds of being away after which the host changes; 0: it does not."""
    bar: Annotated[str, Word("seat", "address")] = "seat"
    """What a kick keeps out: the seat's secret, or everyone at the player's address as well."""
    chaos: Annotated[bool, Flag()] = False
    """Whether a link to the room may ask for a bad network: `?chaos=train-wifi&seed=42`."""
    app: Name = ""
    build: Name = ""
    tags: Annotated[Mapping[str, str], Mapped(Text(0, limits.MAX_WORD), limits.MAX_TAGS)] = field(
        default_factory=dict
    )


@dataclass(frozen=True, slots=True)
class HelloOptions:
    """What a client may say when it enters. Every key is optional."""

    seat: Annotated[bytes, Binary(limits.SEAT_BYTES, limits.SEAT_BYTES)] | None = None
    position: (
        Annotated[
            tuple[bytes, int],
            Fixed(Binary(limits.EPOCH_BYTES, limits.EPOCH_BYTES), Integer(0, limits.MAX_INT)),
        ]
        | None
    ) = None
    name: Name = ""
    role: Annotated[str, Word("player", "spectator")] = "player"
    min: Annotated[int, Integer(1, limits.MAX_INT)] | None = None
    app: Name = ""
    build: Name = ""
    ticket: Annotated[str, Text(0, limits.MAX_TICKET)] = ""
    password: Secret = ""
    create: Annotated[bool | RoomOptions, Either(Flag(), Record(RoomOptions))] = True
    max_frame: Annotated[int, Integer(256, limits.MAX_INT)] = limits.FRAME_OUT
    can_host: Annotated[bool, Flag()] = True
    """Whether this player may become host."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the relay asks a client to keep to; announced in WELCOME."""

    max_frame: Annotated[int, Integer(256, limits.FRAME_IN_MAX)] = limits.FRAME_IN
    window: Annotated[int, Integer(1, 65536)] = limits.WINDOW
    frames_per_second: Count = 120
    bytes_per_second: Count = 256 * 1024
    history_frames: Count = limits.HISTORY_FRAMES
    """Frames of the past that a joiner may hear before LIVE."""
    history_bytes: Count = limits.HISTORY_BYTES


@dataclass(frozen=True, slots=True)
class Session:
    """What WELCOME says of the connection that begins."""

    epoch: Annotated[bytes, Binary(limits.EPOCH_BYTES, limits.EPOCH_BYTES)]
    room: Word64
    taken: Count = 0
    resumed: Annotated[bool, Flag()] = False
    time: Count = 0
    limits: Annotated[Limits, Record(Limits)] = Limits()
    options: Annotated[RoomOptions, Record(RoomOptions)] = RoomOptions()
    ignored: Annotated[tuple[str, ...], Several(Text(0, limits.MAX_WORD), limits.MAX_IGNORED)] = ()
    """Keys of HELLO's options that this relay does not know: a newer client's, or a slip."""
    complete_from: Count = 0
    """In a fresh stream: all that was sent to all after this seq is told, as history or within the
    snapshot."""


@dataclass(frozen=True, slots=True)
class PlayerInfo:
    """What the room is told of a player."""

    name: Name = ""
    role: Annotated[str, Word("player", "spectator")] = "player"
    can_host: Annotated[bool, Flag()] = True


@dataclass(frozen=True, slots=True)
class ErrorDetail:
    """Where and why, as far as it is known."""

    frame: Count | None = None
    """The count of the counted frame that was refused."""
    op: Annotated[int, Integer(0, 127)] | None = None
    offset: Count | None = None
    expected: Annotated[str, Text(0, 1024)] | None = None
    got: Annotated[str, Text(0, 1024)] | None = None
    limit: Annotated[int, Integer(-limits.MAX_INT, limits.MAX_INT)] | None = None
    retry: Annotated[bool, Flag()] | None = None
    """Whether the same may succeed later."""
    after: Count | None = None
    """Milliseconds after which to retry."""


@dataclass(frozen=True, slots=True)
class NoticeDetail:
    """More about a notice, by its kind."""

    limit: Count | None = None
    dropped: Count | None = None
    after: Count | None = None
    seq: Count | None = None
    said: Annotated[str, Text(0, 1024)] | None = None
