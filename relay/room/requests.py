"""What a player may ask of the room, one function each. `Refusal` says no, with a reason.

Each takes the room, the asker's seat and the frame, changes the room's state, and returns effects:
they are part of the fold, so they obey the rules of room.py. What the operator does in a room obeys
the same rules, and answers with an effect.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, NoReturn

from protocol import codec
from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.errors import RemoteProtocolError
from protocol.fields.mismatch import Mismatch
from protocol.fields.schema import record_fields
from protocol.frames import (
    Frame,
    Hash,
    Input,
    Kick,
    Leave,
    LeftReason,
    Notice,
    NoticeDetail,
    NoticeKind,
    Presence,
    PresenceState,
    Ready,
    RoomOptions,
    Set,
    Snapshot,
    Subscribe,
    Transfer,
)
from protocol.opcodes import COUNTED as COUNTED_OPCODES
from relay.history.memory_budget import SEATS
from relay.history.ws_frame import wrap
from relay.room import properties
from relay.room.effects import NOTHING, Answered, Close, Effect, Gone
from relay.room.entries import Dissolve, Operate, Say
from relay.room.groups import GROUP_BYTES
from relay.room.refusals import Refusal, read_only
from relay.room.seats import BAR_BYTES, Seat
from relay.room.snapshots import PART_BYTES
from relay.room.state import RoomState

OPERATOR: Final = 0
CLOSED: Final = "the operator has closed this room"

Handler = Callable[[RoomState, Seat, Any], Sequence[Effect]]


def leave(room: RoomState, seat: Seat, frame: Leave) -> Sequence[Effect]:
    attachment = seat.attachment
    return [*room.remove(seat, LeftReason.LEFT), Close(attachment, CloseCode.NORMAL)]


def presence(room: RoomState, seat: Seat, frame: Presence) -> Sequence[Effect]:
    is_news = frame.state != seat.said
    seat.said = PresenceState(frame.state)
    if seat.state is not PresenceState.LAGGING:
        room.set_presence(seat, seat.said)
    if not is_news:
        return NOTHING
    if seat.said is PresenceState.HERE:
        return room.settle_host()
    seat.absences += 1
    return room.watch_host() if seat.player == room.host else NOTHING


def subscribe(room: RoomState, seat: Seat, frame: Subscribe) -> Sequence[Effect]:
    for group in frame.add:
        seat.groups.add(group)
        room.groups.add(group, seat.player)
    for group in frame.remove:
        seat.groups.discard(group)
        room.groups.discard(group, seat.player)
    return NOTHING


def kick(room: RoomState, seat: Seat, frame: Kick) -> Sequence[Effect]:
    _host_only(room, seat, "kick")
    kicked = player_of(room, frame.player)
    if kicked is seat:
        raise Refusal(
            ErrorCode.NOT_AVAILABLE,
            "a host cannot kick itself: LEAVE does that",
            expected="another player",
            got=f"player {seat.player}",
        )
    return expel(room, kicked, frame.reason, seat.player)


def expel(room: RoomState, kicked: Seat, reason: str, by: int) -> Sequence[Effect]:
    """Remove a player for the room's life. Args: by: the host, or 0 for the operator."""
    # SPEC 15.7 and 15.8: the secret is always barred, the address only if the room says so.
    if kicked.key is not None:
        _bar(room, kicked.key)
    if kicked.network is not None and room.options.bar == "address":
        _bar(room, kicked.network)
    closing = [Close(kicked.attachment, CloseCode.KICKED, reason)] if kicked.is_attached else []
    return [*room.remove(kicked, LeftReason.KICKED, by), *closing]


def _bar(room: RoomState, key: bytes) -> None:
    if key not in room.barred:
        room.barred.add(key)
        room.account.charge(SEATS, BAR_BYTES)


def transfer(room: RoomState, seat: Seat, frame: Transfer) -> Sequence[Effect]:
    _host_only(room, seat, "pass the role of host on")
    return appoint(room, frame.player)


def appoint(room: RoomState, player: int) -> Sequence[Effect]:
    """Make a player host who is here and can be."""
    heir = player_of(room, player)
    if not heir.can_host or heir.state is not PresenceState.HERE:
        raise Refusal(
            ErrorCode.NOT_HERE,
            f"player {heir.player} {'is not here to' if heir.can_host else 'cannot'} be host",
            expected="a player who is here and can be host",
            got=_why_no_host(heir),
            retry=heir.can_host,
        )
    return room.make_host(heir.player)


def set_property(room: RoomState, seat: Seat, frame: Set) -> Sequence[Effect]:
    _may_write(room, seat, frame)
    present = room.properties.version(frame.scope, frame.key)
    # SPEC 16.3: a write that came meanwhile wins, and the asker decides anew.
    if frame.expected is not False and frame.expected != present:
        raise Refusal(
            ErrorCode.STALE_VERSION,
            f"property {frame.key!r} has changed since",
            expected=f"version {present}",
            got=f"version {int(frame.expected)}",
            retry=True,
        )
    write(room, frame, seat.player)
    return NOTHING


def write(room: RoomState, frame: Set, by: int) -> None:
    """Set or delete a property that the writer may. Args: by: who writes; 0 is the operator."""
    if isinstance(frame.value, bytes):
        if not room.properties.fits(frame.scope, frame.key, frame.value):
            raise Refusal(
                ErrorCode.NO_ROOM_LEFT,
                f"scope {frame.scope} has no room left for {frame.key!r}",
                expected=f"up to {properties.MAX_PROPERTIES} keys, of {properties.MAX_BYTES} bytes "
                "with their values",
                limit=properties.MAX_BYTES,
            )
        if frame.scope == properties.ROOM and frame.key in RESERVED:
            room.options = _with_option(room.options, frame.key, frame.value)
        room.set_property(frame.scope, frame.key, frame.value, by)
    elif room.properties.version(frame.scope, frame.key):
        room.delete_property(frame.scope, frame.key, by)


def snapshot(room: RoomState, seat: Seat, frame: Snapshot) -> Sequence[Effect]:
    _host_only(room, seat, "give a snapshot")
    if room.options.history == "none":
        raise Refusal(
            ErrorCode.NOT_AVAILABLE,
            "this room keeps no history for late joiners",
            expected="a room with the option history: snapshot or full",
            retry=False,
        )
    room.snapshots.add(frame, seat.player, room.seq, room.history)
    return NOTHING


def not_available(room: RoomState, seat: Seat, frame: Frame) -> NoReturn:
    name = frame.opcode.name
    raise Refusal(
        ErrorCode.NOT_AVAILABLE,
        f"this room does not take {name}",
        expected=f"anything but {name}",
        got=name,
    )


HANDLERS: dict[type[Frame], Handler] = {
    Leave: leave,
    Presence: presence,
    Subscribe: subscribe,
    Kick: kick,
    Transfer: transfer,
    Set: set_property,
    Snapshot: snapshot,
    Input: not_available,
    Hash: not_available,
    Ready: not_available,
}

COUNTED = frozenset(cls for cls in HANDLERS if cls.opcode in COUNTED_OPCODES)

RESERVED = {
    f"@{name}": (name, kind)
    for name, kind, _ in record_fields(RoomOptions)
    if name in ("locked", "capacity", "bar")
}
"""Properties of the room that change how it works: options that the host may set."""


def growth(room: RoomState, frame: Set | Snapshot | Subscribe) -> int:
    """Return how many more bytes of memory a room takes for what a frame asks."""
    match frame:
        case Set(scope, key, bytes() as value):
            return max(room.properties.growth(scope, key, value), 0)
        case Snapshot():
            return len(frame.payload) + PART_BYTES
        case Subscribe():
            return GROUP_BYTES * len(frame.add)
        case _:
            return 0


# What the operator does: an entry each. They are no player, and so number 0 where facts say who.


def operate(room: RoomState, entry: Operate) -> Sequence[Effect]:
    try:
        effects = _do(room, entry.frame)
    except Refusal as refusal:
        return [Answered(entry.errand, refusal)]
    return [*effects, Answered(entry.errand)]


def say(room: RoomState, entry: Say) -> Sequence[Effect]:
    # SPEC 15.10: no fact, and in no history. Whoever is not connected does not hear it.
    notice = wrap(codec.encode(Notice(NoticeKind.OPERATOR, NoticeDetail(said=entry.text))))
    for outbox in room.audience.outboxes():
        outbox.say(notice)
    return [Answered(entry.errand)]


def dissolve(room: RoomState, entry: Dissolve) -> Sequence[Effect]:
    closing = [Close(each, CloseCode.KICKED, CLOSED) for each in sorted(room.seats.attached)]
    return [*closing, Gone(), Answered(entry.errand)]


def _do(room: RoomState, frame: Kick | Transfer | Set) -> Sequence[Effect]:
    match frame:
        case Kick(player, reason):
            return expel(room, player_of(room, player), reason, OPERATOR)
        case Transfer(player):
            return appoint(room, player)
        case Set():
            return _set_option(room, frame)


def _set_option(room: RoomState, frame: Set) -> Sequence[Effect]:
    if frame.scope or frame.key not in RESERVED or frame.value is False:
        raise Refusal(
            ErrorCode.NOT_AVAILABLE,
            f"{frame.key!r} is no option that can be set",
            expected=" or ".join(RESERVED),
            got=repr(frame.key),
        )
    write(room, frame, OPERATOR)
    return NOTHING


def _host_only(room: RoomState, seat: Seat, what: str) -> None:
    if seat.player != room.host:
        raise Refusal(
            ErrorCode.NOT_HOST,
            f"only the host may {what}",
            expected=f"player {room.host}",
            got=f"player {seat.player}",
        )


def _why_no_host(seat: Seat) -> str:
    if seat.is_spectator:
        return "a spectator"
    return f"a player who is {seat.state.name}" if seat.can_host else "a player who cannot be host"


def player_of(room: RoomState, player: int) -> Seat:
    """Return the seat of a player, or raise."""
    try:
        return room.seats[player]
    except KeyError:
        raise Refusal(
            ErrorCode.NO_SUCH_PLAYER,
            f"player {player} is not in this room",
            expected="a player of this room",
            got=f"player {player}",
        ) from None


def _may_write(room: RoomState, seat: Seat, frame: Set) -> None:
    if seat.is_spectator:
        raise read_only("set properties")
    if frame.scope == properties.ROOM:
        # SPEC 16.5: these are options of the room, for its host.
        if frame.key.startswith("@"):
            _host_only(room, seat, "set the room's options")
            if frame.key not in RESERVED or frame.value is False:
                raise Refusal(
                    ErrorCode.NOT_AVAILABLE,
                    f"{frame.key!r} cannot be {'deleted' if frame.value is False else 'set'}",
                    expected=" or ".join(RESERVED) + " with a value",
                    got=repr(frame.key),
                )
        elif room.options.write == "host":
            _host_only(room, seat, "set this room's properties")
        else:
            _may_write_key(room, seat, frame.key)
        return
    player_of(room, frame.scope)
    _may_write_key(room, seat, frame.key)
    if frame.scope != seat.player and seat.player != room.host:
        raise Refusal(
            ErrorCode.NOT_YOURS,
            "a player's properties are the player's own, and the host's",
            expected=f"scope {properties.ROOM} or {seat.player}",
            got=f"scope {frame.scope}",
        )


def _may_write_key(room: RoomState, seat: Seat, key: str) -> None:
    # SPEC 16.4: a player may not write their own score.
    if key in room.options.host_keys:
        _host_only(room, seat, f"set {key!r} in this room")


def _with_option(options: RoomOptions, key: str, value: bytes) -> RoomOptions:
    """Return the options as the value of a reserved property, which is msgpack, changes them."""
    name, kind = RESERVED[key]
    try:
        return replace(options, **{name: kind.load(codec.unpack(value))})
    except (RemoteProtocolError, Mismatch) as wrong:
        raise Refusal(
            wrong.code,
            f"the value of {key!r} is not what it should be",
            expected=f"msgpack of {kind.expected}",
            got=wrong.got,
            limit=wrong.limit,
        ) from None
