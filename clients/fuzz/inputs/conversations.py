"""Legal conversations of one connection: what client and relay say in turn, from HELLO on.

They are stories, told by hand: what makes a sequence of frames legal (order, positions, counts) is
no matter of single frames. SPEC 9 and 12 are the sections that they keep.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from clients.fuzz.inputs.case import Reader
from protocol.codec import encode
from protocol.error_codes import ErrorCode
from protocol.fields.numbers import LeftReason, NoticeKind, PresenceState
from protocol.frames import (
    Ack,
    Deliver,
    Desync,
    Error,
    ErrorDetail,
    Frame,
    Hash,
    Hello,
    HelloOptions,
    Host,
    Input,
    Joined,
    Kick,
    Leave,
    Left,
    Live,
    Notice,
    NoticeDetail,
    Ping,
    PlayerInfo,
    Pong,
    Presence,
    PresenceChanged,
    Property,
    Ready,
    RoomOptions,
    Send,
    Session,
    Set,
    Snapshot,
    SnapshotWanted,
    Start,
    Subscribe,
    Taken,
    Tick,
    Transfer,
    Update,
    Volatile,
    Welcome,
)

Said = tuple[Reader, Frame]
C: Final = Reader.CLIENT_FRAME
R: Final = Reader.RELAY_FRAME

SEAT: Final = bytes(range(16))
EPOCH: Final = bytes(range(0xE0, 0xE8))
ADA: Final = PlayerInfo("Ada")
BOB: Final = PlayerInfo("Bob")

ENTER: Final[tuple[Said, ...]] = (
    (C, Hello(1, HelloOptions(seat=SEAT, name="Ada"))),
    (R, Welcome(1, 1, 0, Session(EPOCH, "K7QF2M", complete_from=1))),
    (R, Joined(1, 1, ADA)),
    (R, Host(2, 1, 1)),
    (R, Live(2)),
    (C, Ack(2)),
)
"""Ada makes a room, alone."""

PLAY: Final[tuple[Said, ...]] = (
    *ENTER,
    (R, Joined(3, 2, BOB)),
    (C, Send(True, b"hi")),
    (R, Deliver(4, 1, b"hi")),
    (R, Taken(1, 4)),
    (C, Subscribe((7,), ())),
    (C, Send(-7, b"to a group")),
    (R, Deliver(6, 1, b"to a group")),
    (C, Volatile(3, None, b"x=1")),
    (R, Update(3, 2, b"x=2")),
    (C, Set(0, "map", b"desert")),
    (R, Property(7, 0, "map", b"desert", 1, 1)),
    (C, Set(0, "map", False, 1)),
    (R, Property(8, 0, "map", False, 2, 1)),
    (C, Ping(1_000_000)),
    (R, Pong(1_000_000, 5_000_000, 5_000_001, 5, 8)),
    (C, Presence(PresenceState.AWAY)),
    (R, PresenceChanged(9, 1, PresenceState.AWAY)),
    (C, Transfer(2)),
    (R, Host(10, 2, 2)),
    (C, Kick(2)),
    (R, Error(11, ErrorCode.NOT_HOST, "only the host may do this", ErrorDetail(frame=7))),
    (R, Left(12, 2, LeftReason.LEFT)),
    (C, Leave()),
)
"""Ada and Bob play, with every kind of message; then Ada leaves."""

LOCKSTEP: Final[tuple[Said, ...]] = (
    *ENTER,
    (C, Ready(True)),
    (R, Start(3, 9_000_000)),
    (C, Input(1, b"left")),
    (R, Tick(4, 1, ((1, b"left"),))),
    (C, Hash(1, b"\x01\x02")),
    (R, Tick(5, 2, ())),
    (R, Desync(6, 1, b"\x01\x03", (1,))),
)
"""Ticks, inputs and hashes, and one hash that differs."""

RESUME: Final[tuple[Said, ...]] = (
    (C, Hello(1, HelloOptions(seat=SEAT, position=(EPOCH, 8), name="Ada"))),
    (R, Welcome(1, 1, 8, Session(EPOCH, "K7QF2M", taken=5, resumed=True))),
    (R, Deliver(9, 2, b"while you were away")),
    (R, PresenceChanged(11, 2, PresenceState.LOST)),
    (R, Live(12)),
    (C, Ack(12)),
    (R, Update(3, 2, b"x=9")),
    (C, Send(None, b"again")),
    (R, Taken(6, 13)),
)
"""Ada comes back to where their connection was lost."""

REFUSED_RESUME: Final[tuple[Said, ...]] = (
    (C, Hello(1, HelloOptions(seat=SEAT, position=(bytes(8), 8), name="Ada"))),
    (R, Error(0, ErrorCode.EPOCH_CHANGED, "this is another life of the room")),
    *ENTER,
)
"""The room is another one by then: Ada says HELLO once more, without a position."""

SNAPSHOT: Final[tuple[Said, ...]] = (
    (
        C,
        Hello(1, HelloOptions(seat=SEAT, name="Ada", create=RoomOptions(history="snapshot"))),
    ),
    (R, Welcome(1, 1, 0, Session(EPOCH, "K7QF2M", options=RoomOptions(history="snapshot")))),
    (R, Joined(1, 1, ADA)),
    (R, Host(2, 1, 1)),
    (R, Live(2)),
    (C, Ack(2)),
    (R, SnapshotWanted(2)),
    (C, Snapshot(2, 0, 2, b"the first half, ")),
    (C, Snapshot(2, 1, 2, b"the second half")),
    (R, Taken(2, 2)),
)
"""The host gives a snapshot of the game, in two parts."""

LATE_JOIN: Final[tuple[Said, ...]] = (
    (C, Hello(1, HelloOptions(seat=SEAT[::-1], name="Bob", create=False))),
    (R, Welcome(1, 2, 0, Session(EPOCH, "K7QF2M", options=RoomOptions(history="snapshot")))),
    (R, Joined(1, 1, ADA)),
    (R, Host(2, 1, 1)),
    (R, Property(5, 0, "map", b"desert", 1, 1)),
    (R, Joined(6, 2, BOB)),
    (R, Snapshot(2, 0, 2, b"the first half, ")),
    (R, Snapshot(2, 1, 2, b"the second half")),
    (R, Deliver(3, 1, b"what followed it")),
    (R, Live(6)),
    (C, Ack(6)),
    (R, Update(3, 1, b"x=1")),
)
"""Bob comes late, and is told the snapshot and what followed it."""

DRAIN: Final[tuple[Said, ...]] = (
    *ENTER,
    (R, Notice(NoticeKind.LAG, NoticeDetail(after=5000))),
    (R, Notice(NoticeKind.LAG, NoticeDetail(dropped=4))),
    (C, Send(False, b"last words")),
    (R, Taken(1, 3)),
    (R, Notice(NoticeKind.DRAIN, NoticeDetail(after=1500))),
)
"""The relay goes down: come back later."""

CONVERSATIONS: Final[dict[str, tuple[Said, ...]]] = {
    "enter": ENTER,
    "play": PLAY,
    "lockstep": LOCKSTEP,
    "resume": RESUME,
    "refused-resume": REFUSED_RESUME,
    "snapshot": SNAPSHOT,
    "late-join": LATE_JOIN,
    "drain": DRAIN,
}
"""All of them, by name."""

MARKS: Final = {Reader.CLIENT_FRAME: b"c", Reader.RELAY_FRAME: b"r", Reader.PAYLOAD: b"p"}
"""The byte that says who wrote what follows, as adapters are told it."""


def recorded(said: tuple[Said, ...]) -> bytes:
    """Write a conversation: of each frame the mark of its writer, its length in 4 bytes, and it."""
    parts: list[bytes] = []
    for by, frame in said:
        data = encode(frame)
        parts += (MARKS[by], len(data).to_bytes(4), data)
    return b"".join(parts)


def replayed(record: bytes) -> Iterator[tuple[Reader, bytes]]:
    """Yield the frames of a recorded conversation, and who says each."""
    by_mark = {mark: reader for reader, mark in MARKS.items()}
    at = 0
    while at < len(record):
        end = at + 5 + int.from_bytes(record[at + 1 : at + 5])
        yield by_mark[record[at : at + 1]], record[at + 5 : end]
        at = end
