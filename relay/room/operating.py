"""What the operator does in a room: one function for each of the entries.

The operator is no player, and so has number 0 where facts say who did something. What may be
refused is refused by the same rules as for a host. Part of the fold: see room.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from protocol.close_codes import CloseCode
from protocol.codec import encode
from protocol.error_codes import ErrorCode
from protocol.frames import Kick, Notice, NoticeDetail, NoticeKind, Set, Transfer
from relay.history.ws_frame import wrap
from relay.room import requests
from relay.room.effects import NOTHING, Answered, Close, Effect, Gone
from relay.room.entries import Dissolve, Operate, Say
from relay.room.refusals import Refusal
from relay.room.state import RoomState

OPERATOR: Final = 0
CLOSED: Final = "the operator has closed this room"


def operate(room: RoomState, entry: Operate) -> Sequence[Effect]:
    try:
        effects = _do(room, entry.frame)
    except Refusal as refusal:
        return [Answered(entry.ticket, refusal)]
    return [*effects, Answered(entry.ticket)]


def say(room: RoomState, entry: Say) -> Sequence[Effect]:
    # SPEC 15.10: no fact, and in no history. Whoever is not connected does not hear it.
    notice = wrap(encode(Notice(NoticeKind.OPERATOR, NoticeDetail(said=entry.text))))
    for outbox in room.audience.outboxes():
        outbox.say(notice)
    return [Answered(entry.ticket)]


def dissolve(room: RoomState, entry: Dissolve) -> Sequence[Effect]:
    closing = [Close(each, CloseCode.KICKED, CLOSED) for each in sorted(room.seats.attached)]
    return [*closing, Gone(), Answered(entry.ticket)]


def _do(room: RoomState, frame: Kick | Transfer | Set) -> Sequence[Effect]:
    match frame:
        case Kick(player, reason):
            return requests.expel(room, requests.player_of(room, player), reason, OPERATOR)
        case Transfer(player):
            return requests.appoint(room, player)
        case Set():
            return _set_option(room, frame)


def _set_option(room: RoomState, frame: Set) -> Sequence[Effect]:
    if frame.scope or frame.key not in requests.RESERVED or frame.value is False:
        raise Refusal(
            ErrorCode.NOT_AVAILABLE,
            f"{frame.key!r} is no option that can be set",
            expected=" or ".join(requests.RESERVED),
            got=repr(frame.key),
        )
    requests.write(room, frame, OPERATOR)
    return NOTHING
