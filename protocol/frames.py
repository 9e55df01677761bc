"""Every frame of the wire, one frozen dataclass each; SPEC.md section 4 is the same list in words.

A request and the fact that follows share a stem: `Presence` asks, `PresenceChanged` tells.
Fields stand in the order of the wire. Player 0 is the relay, or nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from protocol import limits
from protocol.fields.field_types import (
    Binary,
    Count,
    Fixed,
    Flag,
    Groups,
    Integer,
    OrFalse,
    Payload,
    Player,
    PlayerOrNone,
    Several,
    Target,
    Text,
    Word64,
)
from protocol.fields.numbers import LeftReason as LeftReason
from protocol.fields.numbers import NoticeKind as NoticeKind
from protocol.fields.numbers import PresenceState as PresenceState
from protocol.fields.records import ErrorDetail as ErrorDetail
from protocol.fields.records import HelloOptions as HelloOptions
from protocol.fields.records import Limits as Limits
from protocol.fields.records import NoticeDetail as NoticeDetail
from protocol.fields.records import PlayerInfo as PlayerInfo
from protocol.fields.records import RoomOptions as RoomOptions
from protocol.fields.records import Session as Session
from protocol.fields.schema import Record
from protocol.opcodes import Opcode


class Frame:
    """Base class of every frame: `[opcode, *fields]` on the wire."""

    __slots__ = ()
    opcode: ClassVar[Opcode]


# The connection.


@dataclass(frozen=True, slots=True)
class Hello(Frame):
    """Client: the first frame. Its shape is the same in every version of the wire."""

    opcode: ClassVar[Opcode] = Opcode.HELLO
    version: Annotated[int, Integer(1, limits.MAX_INT)]
    options: Annotated[HelloOptions, Record(HelloOptions)] = field(default_factory=HelloOptions)


@dataclass(frozen=True, slots=True)
class Welcome(Frame):
    """Relay: the seat is taken; what follows `seq` follows on this connection."""

    opcode: ClassVar[Opcode] = Opcode.WELCOME
    version: Count
    player: Player
    seq: Count
    session: Annotated[Session, Record(Session)]


@dataclass(frozen=True, slots=True)
class Error(Frame):
    """Relay: something was refused. `seq` 0 stands outside the room's order."""

    opcode: ClassVar[Opcode] = Opcode.ERROR
    seq: Count
    code: Count
    text: Annotated[str, Text(0, 1024)]
    detail: Annotated[ErrorDetail, Record(ErrorDetail)] = field(default_factory=ErrorDetail)


@dataclass(frozen=True, slots=True)
class Notice(Frame):
    """Relay: something worth knowing that refuses nothing."""

    opcode: ClassVar[Opcode] = Opcode.NOTICE
    kind: Count
    detail: Annotated[NoticeDetail, Record(NoticeDetail)] = field(default_factory=NoticeDetail)


@dataclass(frozen=True, slots=True)
class Ping(Frame):
    """Client: asks for the relay's clock. `t` is the client's own, in microseconds."""

    opcode: ClassVar[Opcode] = Opcode.PING
    t: Count


@dataclass(frozen=True, slots=True)
class Pong(Frame):
    """Relay: answers PING. Relay clock in microseconds at receipt and at sending."""

    opcode: ClassVar[Opcode] = Opcode.PONG
    t: Count
    received: Count
    sent: Count
    taken: Count
    seq: Count


@dataclass(frozen=True, slots=True)
class Ack(Frame):
    """Client: everything up to `seq` has been processed."""

    opcode: ClassVar[Opcode] = Opcode.ACK
    seq: Count


@dataclass(frozen=True, slots=True)
class Taken(Frame):
    """Relay: `taken` counted frames are in the room's order; all for you up to `seq` was sent."""

    opcode: ClassVar[Opcode] = Opcode.ACK
    taken: Count
    seq: Count


@dataclass(frozen=True, slots=True)
class Leave(Frame):
    """Client: gives the seat up at once."""

    opcode: ClassVar[Opcode] = Opcode.LEAVE


@dataclass(frozen=True, slots=True)
class Live(Frame):
    """Relay: the stream has caught up; from here on things are told as they happen."""

    opcode: ClassVar[Opcode] = Opcode.LIVE
    seq: Count


# The game's payloads.


@dataclass(frozen=True, slots=True)
class Send(Frame):
    """Client: a payload for the target, in the room's order, exactly once."""

    opcode: ClassVar[Opcode] = Opcode.SEND
    target: Target
    payload: Payload


@dataclass(frozen=True, slots=True)
class Deliver(Frame):
    """Relay: what `sender` sent, at its place in the room's order."""

    opcode: ClassVar[Opcode] = Opcode.DELIVER
    seq: Count
    sender: PlayerOrNone
    payload: Payload


@dataclass(frozen=True, slots=True)
class Volatile(Frame):
    """Client: the newest value of `key`; an older one that was not yet sent is replaced."""

    opcode: ClassVar[Opcode] = Opcode.VOLATILE
    key: Annotated[int, Integer(0, limits.MAX_KEY)]
    target: Target
    payload: Payload


@dataclass(frozen=True, slots=True)
class Update(Frame):
    """Relay: the newest value of (`sender`, `key`)."""

    opcode: ClassVar[Opcode] = Opcode.UPDATE
    key: Annotated[int, Integer(0, limits.MAX_KEY)]
    sender: PlayerOrNone
    payload: Payload


@dataclass(frozen=True, slots=True)
class Subscribe(Frame):
    """Client: joins and leaves groups, which targets name as negative numbers."""

    opcode: ClassVar[Opcode] = Opcode.SUBSCRIBE
    add: Groups = ()
    remove: Groups = ()


# Who is in the room.


@dataclass(frozen=True, slots=True)
class Joined(Frame):
    """Relay: a player has a seat in the room."""

    opcode: ClassVar[Opcode] = Opcode.JOINED
    seq: Count
    player: Player
    info: Annotated[PlayerInfo, Record(PlayerInfo)] = field(default_factory=PlayerInfo)


@dataclass(frozen=True, slots=True)
class Left(Frame):
    """Relay: a player's seat is no more; its number will not be used again."""

    opcode: ClassVar[Opcode] = Opcode.LEFT
    seq: Count
    player: Player
    reason: Count


@dataclass(frozen=True, slots=True)
class Presence(Frame):
    """Client: whether somebody is looking (`PresenceState.HERE` or `AWAY`)."""

    opcode: ClassVar[Opcode] = Opcode.PRESENCE
    state: Annotated[int, Integer(PresenceState.HERE, PresenceState.AWAY)]


@dataclass(frozen=True, slots=True)
class PresenceChanged(Frame):
    """Relay: how a player is in the room from now on."""

    opcode: ClassVar[Opcode] = Opcode.PRESENCE
    seq: Count
    player: Player
    state: Count


@dataclass(frozen=True, slots=True)
class Host(Frame):
    """Relay: who is host, and the number of this term. Player 0: nobody."""

    opcode: ClassVar[Opcode] = Opcode.HOST
    seq: Count
    player: PlayerOrNone
    term: Count


@dataclass(frozen=True, slots=True)
class Kick(Frame):
    """Client, host only: removes a player for the room's life."""

    opcode: ClassVar[Opcode] = Opcode.KICK
    player: Player
    reason: Annotated[str, Text(0, limits.MAX_REASON)] = ""


@dataclass(frozen=True, slots=True)
class Transfer(Frame):
    """Client, host only: makes a player who is here the host."""

    opcode: ClassVar[Opcode] = Opcode.TRANSFER
    player: Player


# What the room remembers.


@dataclass(frozen=True, slots=True)
class Set(Frame):
    """Client: writes (or, with false, deletes) a property of the room (scope 0) or a player."""

    opcode: ClassVar[Opcode] = Opcode.SET
    scope: PlayerOrNone
    key: Word64
    value: Annotated[bytes | bool, OrFalse(Binary(0, limits.FRAME_IN_MAX))]
    expected: Annotated[int | bool, OrFalse(Integer(0, limits.MAX_INT))] = False


@dataclass(frozen=True, slots=True)
class Property(Frame):
    """Relay: a property's value and version; false where it was deleted."""

    opcode: ClassVar[Opcode] = Opcode.PROPERTY
    seq: Count
    scope: PlayerOrNone
    key: Word64
    value: Annotated[bytes | bool, OrFalse(Binary(0, limits.FRAME_IN_MAX))]
    version: Count
    by: PlayerOrNone


@dataclass(frozen=True, slots=True)
class Snapshot(Frame):
    """Both: one part of the game's state as of `seq`; parts count from 0."""

    opcode: ClassVar[Opcode] = Opcode.SNAPSHOT
    seq: Count
    part: Count
    parts: Annotated[int, Integer(1, limits.MAX_INT)]
    payload: Payload


@dataclass(frozen=True, slots=True)
class SnapshotWanted(Frame):
    """Relay, to the host: history is filling up; a snapshot as of `seq` or later is welcome."""

    opcode: ClassVar[Opcode] = Opcode.SNAPSHOT_WANTED
    seq: Count


# Lockstep.


@dataclass(frozen=True, slots=True)
class Input(Frame):
    """Client: its input for a tick."""

    opcode: ClassVar[Opcode] = Opcode.INPUT
    tick: Count
    payload: Payload


@dataclass(frozen=True, slots=True)
class Tick(Frame):
    """Relay: every player's input of one tick."""

    opcode: ClassVar[Opcode] = Opcode.TICK
    seq: Count
    tick: Count
    inputs: Annotated[
        tuple[tuple[int, bytes], ...],
        Several(
            Fixed(Integer(1, limits.MAX_PLAYER), Binary(0, limits.FRAME_IN_MAX)),
            limits.MAX_CAPACITY,
        ),
    ] = ()


@dataclass(frozen=True, slots=True)
class Hash(Frame):
    """Client: a digest of its state after a tick."""

    opcode: ClassVar[Opcode] = Opcode.HASH
    tick: Count
    hash: Annotated[bytes, Binary(1, 64)]


@dataclass(frozen=True, slots=True)
class Desync(Frame):
    """Relay: the players whose digest of a tick differs from the majority's."""

    opcode: ClassVar[Opcode] = Opcode.DESYNC
    seq: Count
    tick: Count
    majority: Annotated[bytes, Binary(0, 64)]
    players: Annotated[
        tuple[int, ...], Several(Integer(1, limits.MAX_PLAYER), limits.MAX_CAPACITY)
    ] = ()


@dataclass(frozen=True, slots=True)
class Ready(Frame):
    """Client: ready to start, or no longer."""

    opcode: ClassVar[Opcode] = Opcode.READY
    ready: Annotated[bool, Flag()]


@dataclass(frozen=True, slots=True)
class Start(Frame):
    """Relay: all are ready; `at` is the relay time at which to start, in microseconds."""

    opcode: ClassVar[Opcode] = Opcode.START
    seq: Count
    at: Count


@dataclass(frozen=True, slots=True)
class Unknown(Frame):
    """A frame of an opcode that this side does not know. Clients ignore it."""

    number: int


CLIENT_FRAMES: tuple[type[Frame], ...] = (
    Hello, Ping, Ack, Leave, Send, Volatile, Subscribe, Presence, Kick, Transfer, Set, Snapshot,
    Input, Hash, Ready,
)  # fmt: skip
"""Frames that a client may send."""

RELAY_FRAMES: tuple[type[Frame], ...] = (
    Welcome, Error, Notice, Pong, Taken, Live, Deliver, Update, Joined, Left, PresenceChanged, Host,
    Property, Snapshot, SnapshotWanted, Tick, Desync, Start,
)  # fmt: skip
"""Frames that a relay may send."""
