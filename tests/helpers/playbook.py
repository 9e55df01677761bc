"""Drive a room through a script in domain words: what happens (`>>`), and its outcome (`<<`).

    assert (
        Playbook(a_room())
        >> Join(1)
        << Admit(1, player=1, seq=0)
        << hears(1, Joined(1, 1), Host(2, 1, 1), Live(2))
    )

The outcome of an entry is compared when the next entry goes in, and at the end. The order of
effects counts, and so does the order of what one connection hears. Between two connections there is
no order. Every script also checks two rules: each stream's seq strictly increases, and a replay of
the entries makes an equal room. Lines for the log are not compared, as frames say the same.

A connection's name is its attachment. In a `room_of` players, connection n is player n's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from difflib import ndiff
from enum import IntEnum
from typing import Any

from protocol import fast_path
from protocol.close_codes import CloseCode
from protocol.codec import Role, decode
from protocol.error_codes import ErrorCode
from protocol.fields.field_types import Target
from protocol.frames import (
    Deliver,
    Error,
    ErrorDetail,
    Frame,
    LeftReason,
    Live,
    PlayerInfo,
    PresenceState,
    RoomOptions,
    Snapshot,
    SnapshotWanted,
)
from protocol.opcodes import Opcode
from relay.delivery.outbox import Outbox
from relay.history.history import History
from relay.history.ws_frame import split, unwrap
from relay.room.effects import Admit, Close, Effect, News, TurnedAway
from relay.room.entries import Acknowledge, Ask, Detach, Entry, Evict, Join, Send
from relay.room.log_cursor import LogCursor
from relay.room.refusals import Refusal
from relay.room.room import Room
from tests.helpers.outboxes import outlet

EPOCH = b"an epoch"
SPECTATOR = PlayerInfo(role="spectator")
CANNOT_HOST = PlayerInfo(can_host=False)
HERE, AWAY = PresenceState.HERE, PresenceState.AWAY
LOST, LAGGING = PresenceState.LOST, PresenceState.LAGGING


def a_room(**options: Any) -> Room:
    return Room("ROOM", EPOCH, RoomOptions(**options))


def room_of(players: int, **options: Any) -> Playbook:
    """Begin a script in a room of players 1 (the host) to `players`, who all saw their WELCOME.

    The room's head is `players + 1`: one JOINED for each, and HOST after the first.
    """
    playbook = Playbook(a_room(**options))
    for player in range(1, players + 1):
        playbook.witness.apply(enters(player))
        playbook.witness.apply(Acknowledge(player))
    playbook.witness.hear()
    return playbook


def with_a_spectator() -> Playbook:
    """Begin a script in a room of the host, player 1, and spectator 2; its head is 3."""
    playbook = room_of(1)
    playbook.witness.apply(Join(2, info=SPECTATOR))
    playbook.witness.hear()
    return playbook


# What happens.


def key(player: int) -> bytes:
    """Return a stand-in for the hash of a player's seat secret."""
    return b"seat %d" % player


def enters(
    attachment: int, player: int | None = None, *, at: int | None = None, role: str = "player"
) -> Join:
    """Join with the secret of `player`, and with the position `at`, if there is one."""
    position = (EPOCH, at) if at is not None else None
    return Join(attachment, key(player or attachment), PlayerInfo(role=role), position)


def sends(attachment: int, target: Target, payload: bytes = b"") -> Send:
    return attachment, target, fast_path.tail(payload)


def asks(attachment: int, frame: Frame) -> Ask:
    return Ask(attachment, frame)


@dataclass(frozen=True)
class Moves:
    """A volatile frame. It is no entry, so history does not hold it."""

    attachment: int
    key: int
    target: Target
    payload: bytes = b""


# Its outcome.


@dataclass(frozen=True)
class Hears:
    """Frames that some connections hear. Make it with `hears`."""

    ears: tuple[int, ...]
    frames: tuple[Frame, ...]


def hears(ears: int | tuple[int, ...], *frames: Frame) -> Hears:
    """Expect a connection, or each of several, to hear these frames."""
    return Hears((ears,) if isinstance(ears, int) else ears, frames)


@dataclass(frozen=True)
class Turned:
    """A join is refused. Without a close code, the connection may say HELLO again."""

    attachment: int
    code: ErrorCode
    close: CloseCode | None = None


@dataclass(frozen=True)
class Refused:
    """A volatile frame is refused, outside the order."""

    code: ErrorCode


def error(seq: int, code: ErrorCode, **detail: Any) -> Error:
    """Return an ERROR for a script: without its text for humans."""
    return Error(seq, code, "", ErrorDetail(**{"retry": False, **detail}))


Happening = Entry | Moves
Outcome = Effect | Hears | Turned | Refused


class Playbook:
    """A script of one room. Write `assert Playbook(...) >> ... << ...`."""

    def __init__(self, room: Room) -> None:
        self.witness = Witness(room)
        self._script: list[str] = []
        self._expected: list[Outcome] = []
        self._outcome: list[Outcome] = []
        self._is_finished = False

    def __rshift__(self, happening: Happening) -> Playbook:
        """Let something happen. The outcome of the last happening must be as expected."""
        self._compare()
        self._script.append(f">> {_show(happening)}")
        if isinstance(happening, Moves):
            self._outcome = self.witness.move(happening)
        else:
            self._outcome = [_plain(effect) for effect in self.witness.apply(happening)]
        self._outcome += [hears(ear, *frames) for ear, frames in self.witness.hear().items()]
        return self

    def __lshift__(self, outcome: Outcome) -> Playbook:
        """Expect this as part of the outcome of the last happening."""
        self._expected.append(outcome)
        return self

    def __bool__(self) -> bool:
        self._is_finished = True
        self._compare()
        self.witness.check_replay()
        return True

    def __del__(self) -> None:
        # pytest reports this exception as an error.
        if self._script and not self._is_finished:
            raise AssertionError(f"a script without an assert: {self._script[0]} ...")

    def _compare(self) -> None:
        expected, got = _lines(self._expected), _lines(self._outcome)
        if expected != got:
            self._is_finished = True
            raise AssertionError("\n".join(["", *self._script, *ndiff(expected, got)]))
        self._script += expected
        self._expected, self._outcome = [], []


class Witness:
    """Stands in for the node: gives each admitted connection an outbox, and reads all of them."""

    def __init__(self, room: Room, *, max_frames: int = 512) -> None:
        """Args: room: a new one. max_frames: of each outbox."""
        self.room = room
        self.entries: list[Entry] = []
        self.outboxes: dict[int, Outbox] = {}
        self._options = room.options  # which the room may change
        self._max_frames = max_frames
        self.reached: dict[int, int] = {}
        self.readers: list[LogCursor] = []
        self._facts_until: dict[int, int] = {}

    def apply(self, entry: Entry) -> Sequence[Effect]:
        self.entries.append(entry)
        effects = self.room.apply(entry)
        if isinstance(entry, Detach | Evict):
            self._end(entry.attachment)
        for effect in effects:
            if isinstance(effect, Admit):
                self._admit(effect)
            if isinstance(effect, Close):
                self._end(effect.attachment)
        return [effect for effect in effects if not isinstance(effect, News)]

    def move(self, moves: Moves) -> list[Outcome]:
        tail = fast_path.tail(moves.payload)
        try:
            self.room.volatile(moves.attachment, moves.key, moves.target, tail)
        except Refusal as refusal:
            return [Refused(refusal.code)]
        return []

    def hear(self) -> dict[int, list[Frame]]:
        """Take the messages that wait, for each connection."""
        heard = {ear: self.hear_one(ear) for ear in self.outboxes}
        return {ear: frames for ear, frames in heard.items() if frames}

    def hear_one(self, ear: int) -> list[Frame]:
        """Take all messages that wait for one connection."""
        outbox = self.outboxes[ear]
        messages: list[bytes] = []
        while outbox.is_waiting:
            messages += [unwrap(each) for run in outbox.take() for each in split(run)]
        return self._decode(ear, messages)

    def take_one(self, ear: int) -> list[Frame]:
        """Take one batch of messages that wait for one connection."""
        runs = self.outboxes[ear].take()
        return self._decode(ear, [unwrap(each) for run in runs for each in split(run)])

    def replica(self) -> Room:
        """Make the room anew from its entries."""
        room = self.room
        replica = Room(
            room.name,
            room.epoch,
            self._options,
            password_hash=room.password_hash,
            history=History(max_frames=room.history.max_frames, max_bytes=room.history.max_bytes),
        )
        for entry in self.entries:
            replica.apply(entry)
        return replica

    def check_replay(self) -> None:
        assert self.replica().summary() == self.room.summary()

    def _admit(self, admit: Admit) -> None:
        outbox = Outbox(outlet(), max_frames=self._max_frames)
        assert admit.stream is not None
        assert isinstance(admit.stream.source, LogCursor)
        self.readers.append(admit.stream.source)
        outbox.begin((), admit.stream)
        self.outboxes[admit.attachment] = outbox
        self.room.connect(admit.player, outbox)
        # In a fresh stream, history has lower seqs than the facts before it.
        self._facts_until[admit.attachment] = 0 if admit.resumed else self.room.seq
        self.reached[admit.attachment] = admit.seq

    def _end(self, attachment: int) -> None:
        if attachment in self.outboxes:
            self.outboxes[attachment].end()

    def _decode(self, ear: int, messages: Iterable[bytes]) -> list[Frame]:
        return [self._follow(ear, decode(message, Role.RELAY)) for message in messages]

    def _follow(self, ear: int, frame: Frame) -> Frame:
        seq = getattr(frame, "seq", None)
        if seq is not None and not isinstance(frame, Snapshot | SnapshotWanted):
            reached = self.reached[ear]
            if isinstance(frame, Deliver) and seq < reached <= self._facts_until.pop(ear, 0):
                reached = 0
            # LIVE tells the head and has no place of its own.
            assert seq >= reached if isinstance(frame, Live) else seq > reached, (ear, frame)
            self.reached[ear] = seq
        return frame


def _plain(effect: Effect) -> Outcome:
    """Leave out effects that are compared as frames, or not at all."""
    match effect:
        case Admit():
            return replace(effect, stream=None)
        case TurnedAway(attachment, refusal):
            return Turned(attachment, refusal.code, refusal.close)
        case _:
            return effect


def _lines(outcomes: Iterable[Outcome]) -> list[str]:
    """Write effects in their order, then what each connection hears."""
    effects: list[str] = []
    heard: dict[int, list[Frame]] = {}
    for outcome in outcomes:
        if not isinstance(outcome, Hears):
            effects.append(f"<< {_show(outcome)}")
            continue
        for ear in outcome.ears:
            heard.setdefault(ear, []).extend(outcome.frames)
    return effects + [
        f"<< {ear} hears {_show(frame)}" for ear in sorted(heard) for frame in heard[ear]
    ]


NAMES: dict[str, type[IntEnum]] = {
    "code": ErrorCode,
    "op": Opcode,
    "reason": LeftReason,
    "state": PresenceState,
}
"""Fields with numbers that have names."""

WORDS = {"text", "expected", "got"}
"""Fields of an ERROR for humans, which are not compared."""


def _show(value: Any, field: str = "") -> str:
    """Write a value as text: equal texts for values that are equal on the wire."""
    if is_dataclass(value):
        pairs = ((f.name, getattr(value, f.name)) for f in fields(value) if f.name not in WORDS)
        shown = ", ".join(f"{name}={_show(v, name)}" for name, v in pairs if v is not None)
        return f"{type(value).__name__}({shown})"
    if isinstance(value, IntEnum):
        return value.name
    if isinstance(value, int) and field in NAMES:
        return NAMES[field](value).name
    return f"{value:g}" if isinstance(value, float) else repr(value)
