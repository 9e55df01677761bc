"""The room, a deterministic state machine over its entries, in order.

Rule 1: nothing changes a room's state but `apply(entry)`; the same entries give the same state,
on every replica and in every replay.
Rule 2: a room never sends, sleeps, reads a clock or rolls dice. It hands encoded bytes to its
audience, and returns effects for the node to carry out.
Rule 3: every visible fact gets the next seq, is encoded once, and is in the history before it is in
any outbox.

Here are the table of entries and the one on the fast path, SEND. The others are functions of
membership.py (seats come and go) and requests.py (what a player, or the operator, may ask for),
which take the state.

Volatile values are outside all of this: they are passed on, never ordered (`volatile`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from protocol import fast_path
from protocol.codec import encode
from protocol.fields.field_types import Target
from protocol.frames import Error, SnapshotWanted
from protocol.opcodes import Opcode
from relay.delivery.outbox import Outbox
from relay.delivery.tally import SAMPLED
from relay.history.packed_frames import Addressees
from relay.history.ws_frame import HEADS, wrap
from relay.room import membership, requests
from relay.room.effects import NOTHING, Effect, Refused
from relay.room.entries import (
    Acknowledge,
    Ask,
    Detach,
    Dissolve,
    Entry,
    Evict,
    Expire,
    Join,
    Lag,
    NodeGone,
    Operate,
    Refuse,
    Relieve,
    Retire,
    Say,
    Send,
    Succeed,
    Wake,
)
from relay.room.refusals import Refusal
from relay.room.seats import Seat
from relay.room.state import RoomState


class Room(RoomState):
    """A room's state, and what an entry does to it."""

    def apply(self, entry: Entry) -> Sequence[Effect]:
        """Take the next entry into the state; return what the node must do about it."""
        if isinstance(entry, tuple):
            return self._send(entry)
        return _APPLY[type(entry)](self, entry)

    def _send(self, entry: Send) -> Sequence[Effect]:
        attachment, target, tail = entry
        seat = self.seats.attached.get(attachment)
        if seat is None:
            return NOTHING
        # SPEC 13.2: accepted or refused, it takes its place in the order here.
        seat.taken += 1  # as `count` does: a call for each message would cost
        seat.is_acknowledged = True
        to: Addressees = seat.player  # all others, as nearly always: without a call
        if target is not None or seat.is_spectator:
            try:
                to = self.addressees(target, seat)
            except Refusal as refusal:
                return self._answer(seat, refusal, Opcode.SEND, entry)
        self.seq = seq = self.seq + 1
        message = fast_path.deliver(seq, seat.player, tail)
        size = len(message)
        message = HEADS[size] + message if size < 126 else wrap(message)  # as `wrap` does
        self.history.append(seq, to, message)
        self.audience.tell(to, message)
        if seq % SAMPLED == self.sampled:
            self.audience.fan_out.look(to)
        if self.has_history and self.snapshots.is_due(seq, self.history):
            self._want_snapshot()
        return NOTHING

    def _want_snapshot(self) -> None:
        # Not a fact: whoever is host when it counts is asked, and asked again while none comes.
        self.snapshots.asked(self.seq, self.history)
        if self.host in self.audience.fan_out:
            self.audience.fan_out[self.host].say(wrap(encode(SnapshotWanted(self.seq))))

    def _ask(self, entry: Ask) -> Sequence[Effect]:
        seat = self.seats.attached.get(entry.attachment)
        if seat is None:
            return NOTHING
        cls = type(entry.frame)
        if cls in requests.COUNTED:
            seat.count()
        try:
            return requests.HANDLERS[cls](self, seat, entry.frame)
        except Refusal as refusal:
            return self._answer(seat, refusal, entry.frame.opcode, entry)

    def _refuse(self, entry: Refuse) -> Sequence[Effect]:
        seat = self.seats.attached.get(entry.attachment)
        if seat is None:
            return NOTHING
        seat.count()
        detail = replace(entry.detail, frame=seat.taken)
        return self._deny(seat, Error(self.next_seq(), entry.code, entry.text, detail))

    def _answer(self, seat: Seat, refusal: Refusal, op: Opcode, entry: Entry) -> Sequence[Effect]:
        return self._deny(seat, refusal.error(self.next_seq(), frame=seat.taken, op=op), entry)

    def _deny(self, seat: Seat, error: Error, entry: Entry | None = None) -> Sequence[Effect]:
        self.tell_alone(seat, error)
        return [Refused(seat.player, error, entry)]

    # Beside the order of entries.

    def volatile(self, attachment: int, key: int, target: Target, tail: bytes) -> None:
        """Pass on a newest value, unordered.

        Raises:
            Refusal: spectators have no say; the player does not exist.
        """
        seat = self.seats.attached.get(attachment)
        if seat is None:
            return
        to = self.addressees(target, seat)
        message = wrap(fast_path.update(key, seat.player, tail))
        self.audience.tell_value(seat.player, key, to, message)

    def connect(self, player: int, outbox: Outbox) -> None:
        """Write into this outbox what the player is to be told."""
        self.audience.connect(player, outbox, is_late=self.seats[player].is_spectator)


_APPLY: Final[dict[type[Any], Callable[[Room, Any], Sequence[Effect]]]] = {
    Ask: Room._ask,
    Refuse: Room._refuse,
    Join: membership.join,
    Acknowledge: membership.acknowledge,
    Lag: membership.lag,
    Detach: membership.detach,
    Evict: membership.evict,
    Expire: membership.expire,
    Succeed: membership.succeed,
    Relieve: membership.relieve,
    Retire: membership.retire,
    Wake: membership.wake,
    NodeGone: membership.node_gone,
    Operate: requests.operate,
    Say: requests.say,
    Dissolve: requests.dissolve,
}
