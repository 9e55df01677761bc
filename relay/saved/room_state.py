"""A room as one plain value, and back: how a room outlives the relay that held it.

Most of a room is what newcomers are told of it (current_facts.py), and is kept as it is told: who
has a seat, the properties, the host. Beside it stand what the relay alone knows, and the history.
Volatile values are no state: whoever they are of sends newer ones.

Rule: `load` believes nothing. It returns a room with which `apply` can go on, or raises.
"""

from __future__ import annotations

import re
from typing import Any

from protocol.codec import encode
from protocol.fields.mismatch import Mismatch
from protocol.frames import Host, Joined, PresenceChanged, PresenceState, Property, Snapshot
from protocol.opcodes import Opcode
from relay.history.memory_budget import SEATS
from relay.history.ws_frame import unwrap, wrap
from relay.lobby.registry import NAME
from relay.room.current_facts import Fact
from relay.room.properties import ROOM
from relay.room.room import Room
from relay.room.seats import BAR_BYTES, SEAT_BYTES, Seat
from relay.room.snapshots import Complete, Due, Snapshots
from relay.saved.schema import (
    MANY,
    ROOM_STATE,
    CompleteState,
    SavedRoom,
    SeatState,
    SnapshotsState,
    bad_state,
    read_frame,
)
from relay.saved.schema import BadState as BadState

ARGON2 = re.compile(r"\$argon2id\$\S+")
AWAY, LOST, LAGGING = PresenceState.AWAY, PresenceState.LOST, PresenceState.LAGGING


def dump(room: Room, after: int = 0) -> Any:
    """Return all of a room as maps, arrays, str, bytes and numbers.

    Args: after: the history up to this seq is left out.
    """
    trimmed = max(room.history.trimmed, min(after, room.seq))
    return ROOM_STATE.dump(
        SavedRoom(
            name=room.name,
            epoch=room.epoch,
            options=room.options,
            password_hash=room.password_hash,
            max_frame=room.max_frame,
            seq=room.seq,
            joins=room.joins,
            seats=tuple(map(_seat_state, room.seats.values())),
            barred=tuple(sorted(room.barred)),
            standing=tuple(room.standing),
            trimmed=trimmed,
            grown=room.history.grown,
            log=room.history.since(trimmed),
            seeks_host=room.seeks_host,
            shown=room.audience.delay.seq if room.audience.delay is not None else 0,
            snapshots=_snapshots_state(room.snapshots),
        )
    )


def load(value: Any) -> Room:
    """Make the room of which `dump` returned this value, its history without bounds.

    Raises:
        BadState: it is not of a room, or of one that cannot be.
    """
    try:
        state: SavedRoom = ROOM_STATE.load(value)
    except Mismatch as wrong:
        raise bad_state(wrong) from None
    _check_words(state)
    room = Room(
        state.name,
        state.epoch,
        state.options,
        password_hash=state.password_hash,
        max_frame=state.max_frame,
    )
    room.seq = state.seq
    room.barred.update(state.barred)
    room.account.charge(SEATS, BAR_BYTES * len(room.barred))
    facts = _facts(state)
    _restore_seats(room, state, facts)
    for frame, message in zip(facts, state.standing, strict=True):
        _restore_fact(room, frame, message)
    _check_standing(room, state)
    _restore_log(room, state)
    _restore_snapshots(room, state.snapshots)
    room.seeks_host = state.seeks_host
    _check(state.shown <= state.seq, "spectators know what has not happened yet")
    if room.audience.delay is not None:
        room.audience.delay.seq = state.shown
    return room


# Into a value.


def _snapshots_state(snapshots: Snapshots) -> SnapshotsState:
    newest, giver, at, parts = snapshots.summary()
    return SnapshotsState(
        newest=None
        if newest is None
        else CompleteState(newest.seq, newest.giver, newest.at, tuple(map(unwrap, newest.parts))),
        due=snapshots.due_at,
        giver=giver,
        at=at,
        parts=tuple(map(encode, parts)),
    )


def _seat_state(seat: Seat) -> SeatState:
    return SeatState(
        player=seat.player,
        attachment=seat.attachment,
        key=seat.key,
        is_attached=seat.is_attached,
        is_acknowledged=seat.is_acknowledged,
        said=seat.said,
        absences=seat.absences,
        network=seat.network,
        taken=seat.taken,
        groups=tuple(sorted(seat.groups)),
        entered=seat.entered,
    )


# Out of a value.


def _check(is_right: bool, what_else: str) -> None:
    if not is_right:
        raise BadState(what_else)


def _check_words(state: SavedRoom) -> None:
    name, hashed = state.name, state.password_hash
    _check(bool(NAME.fullmatch(name)) and name == name.upper(), "no room can have this name")
    _check(not hashed or bool(ARGON2.fullmatch(hashed)), "the password's hash is not argon2's")
    _check(not state.options.password, "a password is there in clear")


def _facts(state: SavedRoom) -> list[Any]:
    """Decode what newcomers are told."""
    facts: list[Any] = []
    last = 0
    for message in state.standing:
        fact: Any = read_frame(message)
        _check(isinstance(fact, Joined | PresenceChanged | Property | Host), "that is no fact")
        _check(last < fact.seq <= state.seq, "the facts are not in order")
        last = fact.seq
        facts.append(fact)
    return facts


def _restore_seats(room: Room, state: SavedRoom, facts: list[Any]) -> None:
    joined = {fact.player: fact for fact in facts if isinstance(fact, Joined)}
    players = [seat.player for seat in state.seats]
    _check(players == sorted(joined), "the seats are not those of whom newcomers are told")
    _check(max(players, default=0) <= state.joins, "a seat has a number that was not given yet")
    for seat in state.seats:
        _restore_seat(room, seat, joined[seat.player])
    room.seats.joins = state.joins


def _restore_seat(room: Room, state: SeatState, joined: Joined) -> None:
    seats, attachment = room.seats, state.attachment
    is_known = attachment in seats.attached or attachment in seats.lost
    _check(not is_known and seats.of(state.key) is None, "two seats are one")
    _check(state.key is not None or state.is_attached, "a seat is held that has no secret")
    seat = Seat(state.player, state.key, joined.info, attachment, joined.seq, state.is_attached)
    seat.is_acknowledged = state.is_acknowledged
    seat.said = PresenceState(state.said)
    seat.absences = state.absences
    seat.network = state.network
    seat.taken = state.taken
    seat.entered = state.entered
    seats.restore(seat)
    seat.groups.update(state.groups)
    room.account.charge(SEATS, SEAT_BYTES)
    for group in state.groups:
        room.groups.add(group, seat.player)


def _restore_fact(room: Room, frame: Any, message: bytes) -> None:
    fact: Fact
    match frame:
        case PresenceChanged(_, player, state):
            fact = (Opcode.PRESENCE, player)
            _check(player in room.seats, "somebody has no seat, and a presence")
            _check(state in (AWAY, LOST, LAGGING), "a presence is none that stands")
            room.seats[player].state = PresenceState(state)
        case Property(_, scope, key):
            fact = (Opcode.PROPERTY, scope, key)
            _restore_property(room, frame)
        case Host(_, player, term):
            fact = (Opcode.HOST,)
            room.host, room.term = player, term
        case _:
            fact = (Opcode.JOINED, frame.player)
    room.standing.tell(fact, message)


def _restore_property(room: Room, frame: Property) -> None:
    scope, key, value = frame.scope, frame.key, frame.value
    _check(scope == ROOM or scope in room.seats, "somebody has no seat, and a property")
    _check(frame.version == frame.seq, "a property's version is not the seq that set it")
    if isinstance(value, bytes) and room.properties.fits(scope, key, value):
        room.properties.set(scope, key, value, frame.version)
    else:
        raise BadState("a property does not stand, or there is no room for it")


def _check_standing(room: Room, state: SavedRoom) -> None:
    _check(len(list(room.standing)) == len(state.standing), "a fact stands twice")
    host = room.seats.get(room.host)
    _check(not room.host or (host is not None and host.can_host), "the host is nobody who can be")
    for seat in room.seats.values():
        _check(seat.is_attached == (seat.state != LOST), "a seat is both held and not")


def _restore_log(room: Room, state: SavedRoom) -> None:
    last = state.trimmed
    room.history.bound(MANY, MANY)
    room.history.trimmed = state.trimmed
    for seq, to, message in state.log:
        if seq != last + 1:
            raise BadState("the history does not begin where it was trimmed")
        room.history.append(seq, to, wrap(message))
        last = seq
    room.history.grown = max(room.history.grown, state.grown)
    _check(last == state.seq, "the history ends before the room's head, or after it")


def _restore_snapshots(room: Room, state: SnapshotsState) -> None:
    parts = [_part(message) for message in state.parts]
    newest = _complete(state.newest) if state.newest is not None else None
    due = Due(*state.due)
    room.snapshots.restore(newest, state.giver, state.at, parts, due)


def _complete(state: CompleteState) -> Complete:
    parts = [_part(message) for message in state.parts]
    _check(bool(parts), "a snapshot has no parts")
    for index, part in enumerate(parts):
        belongs = (part.seq, part.part, part.parts) == (state.seq, index, len(parts))
        _check(belongs, "a snapshot's parts do not belong together")
    return Complete(state.seq, state.giver, state.at, tuple(map(wrap, state.parts)))


def _part(message: bytes) -> Snapshot:
    part = read_frame(message)
    if not isinstance(part, Snapshot):
        raise BadState("what should be part of a snapshot is none")
    return part
