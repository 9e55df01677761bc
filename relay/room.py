"""The room, a deterministic state machine over an ordered log.

Rule 1: nothing changes a room's state but `apply(entry)`; the same entries give the same state,
on every replica and in every replay.
Rule 2: a room never sends, sleeps, reads a clock or rolls dice. It puts encoded bytes into the
outboxes of the players who are connected here, and returns effects for the node to carry out.
Rule 3: every visible fact gets the next seq, is encoded once, and is in the log before it is in
any outbox.

Volatile values are outside all of this: they are passed on, never ordered (`volatile`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from protocol import hot
from protocol.close_codes import CloseCode
from protocol.codec import encode
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Error,
    Host,
    Joined,
    Left,
    LeftReason,
    PresenceChanged,
    PresenceState,
    RoomOptions,
)
from protocol.kinds import Target
from relay import requests, stream
from relay.effects import Close, Effect, Gone, Later, Turn
from relay.entries import (
    Acknowledge,
    Ask,
    Detach,
    Entry,
    Evict,
    Expire,
    Join,
    Refuse,
    Retire,
    Send,
    Succeed,
)
from relay.log import Addressees, Log
from relay.outbox import Outbox
from relay.properties import Properties
from relay.refusals import Refusal
from relay.retained import Retained
from relay.seats import Seat

HOST_PATIENCE = 2.0  # seconds for which a lost host stays host: a reconnect takes less
UNSEEN_HOLD = 5.0  # seconds for which the seat of a client that never saw its WELCOME is held

ALL: Addressees = 0
NOTHING: Sequence[Effect] = ()


class Room:
    """Who is in a room, in what order things happened there, and what each must be told."""

    def __init__(
        self, name: str, epoch: bytes, options: RoomOptions, *, password_hash: str = ""
    ) -> None:
        """Args: epoch: 8 random bytes. options: without the password; the room has its hash."""
        self.name = name
        self.epoch = epoch
        self.options = options
        self.password_hash = password_hash
        self.seq = 0
        self.seats: dict[int, Seat] = {}
        self.host = 0
        self.host_since = 0
        self.term = 0
        self.joins = 0
        self.groups: dict[int, set[int]] = {}
        self.barred: set[bytes] = set()
        self.properties = Properties()
        self.retained = Retained()
        self.log = Log()
        self.outboxes: dict[int, Outbox] = {}
        """Of the players who are connected to this node. Not part of the state."""
        self._by_key: dict[bytes, Seat] = {}
        self._by_attachment: dict[int, Seat] = {}
        self._held: dict[int, Seat] = {}

    # What others ask of a room.

    @property
    def player_count(self) -> int:
        return sum(not seat.is_spectator for seat in self.seats.values())

    @property
    def spectator_count(self) -> int:
        return len(self.seats) - self.player_count

    @property
    def is_full(self) -> bool:
        return self.player_count >= self.options.capacity

    @property
    def has_password(self) -> bool:
        return bool(self.password_hash)

    @property
    def locked(self) -> bool:
        return self.options.locked

    def seat_of(self, key: bytes | None) -> Seat | None:
        """Return the seat that this hash of a secret holds."""
        return self._by_key.get(key) if key is not None else None

    def seat_at(self, attachment: int) -> Seat | None:
        """Return the seat that this connection holds now."""
        return self._by_attachment.get(attachment)

    def summary(self) -> dict[str, Any]:
        """Return the whole state as plain values: equal summaries mean equal rooms."""
        return {
            "seq": self.seq,
            "seats": {player: seat.summary() for player, seat in self.seats.items()},
            "host": (self.host, self.host_since, self.term),
            "joins": self.joins,
            "groups": {group: sorted(players) for group, players in self.groups.items() if players},
            "barred": sorted(self.barred),
            "properties": list(self.properties),
            "options": self.options,
        }

    # The fold.

    def apply(self, entry: Entry) -> Sequence[Effect]:
        """Take the next entry of the log into the state; return what the node must do about it."""
        return _APPLY[type(entry)](self, entry)

    def _send(self, entry: Send) -> Sequence[Effect]:
        seat = self._by_attachment.get(entry.attachment)
        if seat is None:
            return NOTHING
        seat.taken += 1
        seat.is_acknowledged = True
        try:
            if seat.is_spectator:
                raise Refusal(ErrorCode.READ_ONLY, "a spectator cannot send")
            to = self._addressees(entry.target, seat.player)
        except Refusal as refusal:
            self._answer(seat, refusal)
            return NOTHING
        self.seq += 1
        message = hot.deliver(self.seq, seat.player, entry.tail)
        self.log.append(self.seq, to, message)
        self._put(to, message)
        return NOTHING

    def _ask(self, entry: Ask) -> Sequence[Effect]:
        seat = self._by_attachment.get(entry.attachment)
        if seat is None:
            return NOTHING
        if type(entry.frame) in requests.COUNTED:
            seat.taken += 1
            seat.is_acknowledged = True
        try:
            return requests.HANDLERS[type(entry.frame)](self, seat, entry.frame)
        except Refusal as refusal:
            self._answer(seat, refusal, op=entry.frame.opcode)
            return NOTHING

    def _refuse(self, entry: Refuse) -> Sequence[Effect]:
        seat = self._by_attachment.get(entry.attachment)
        if seat is not None:
            seat.taken += 1
            self.publish(
                frozenset({seat.player}),
                Error(
                    self.next_seq(), entry.code, entry.text, replace(entry.detail, frame=seat.taken)
                ),
            )
        return NOTHING

    def _acknowledge(self, entry: Acknowledge) -> Sequence[Effect]:
        seat = self._by_attachment.get(entry.attachment)
        if seat is not None:
            seat.is_acknowledged = True
        return NOTHING

    def _join(self, entry: Join) -> Sequence[Effect]:
        if entry.position is not None and (
            entry.position[0] != self.epoch or entry.position[1] > self.seq
        ):
            text = "the room began anew: its order is another than the one you followed"
            return [Turn(entry.attachment, Refusal(ErrorCode.EPOCH_CHANGED, text, retry=False))]
        if entry.key in self.barred:
            return [_turn_away(entry, ErrorCode.KICKED, "the host has barred you from this room")]
        seat = self.seat_of(entry.key)
        if seat is not None:
            return self._take_up(seat, entry)
        if self.options.locked:
            return [_turn_away(entry, ErrorCode.LOCKED, "the room is locked")]
        if entry.info.role == "spectator":
            if self.spectator_count >= self.options.spectators:
                return [_turn_away(entry, ErrorCode.ROOM_FULL, "no more spectators fit the room")]
        elif self.is_full:
            return [_turn_away(entry, ErrorCode.ROOM_FULL, "the room is full")]
        return self._seat_anew(entry)

    def _seat_anew(self, entry: Join) -> Sequence[Effect]:
        self.joins += 1
        seat = Seat(self.joins, entry.key, entry.info, self.next_seq(), entry.attachment)
        self.seats[seat.player] = seat
        self._by_attachment[entry.attachment] = seat
        if entry.key is not None:
            self._by_key[entry.key] = seat
        self.publish(ALL, Joined(seat.joined, seat.player, seat.info))
        if not self.host:
            self.elect()
        refused = ErrorCode.SEAT_EXPIRED if entry.position is not None else None
        return [stream.begin(self, seat, refused)]

    def _take_up(self, seat: Seat, entry: Join) -> Sequence[Effect]:
        """Give a seat to a newer connection of its holder; the older one is closed."""
        effects: list[Effect] = []
        if seat.is_attached:
            effects.append(Close(seat.attachment, CloseCode.REPLACED))
            self._by_attachment.pop(seat.attachment)
            self.outboxes.pop(seat.player, None)
        self._held.pop(seat.attachment, None)
        seat.attachment = entry.attachment
        seat.is_attached = True
        self._by_attachment[entry.attachment] = seat
        self.set_presence(seat, PresenceState.HERE)
        if not self.host:
            self.elect()
        effects.append(stream.take_up(self, seat, entry.position))
        return effects

    def _detach(self, entry: Detach) -> Sequence[Effect]:
        seat = self._by_attachment.get(entry.attachment)
        if seat is None:
            return NOTHING
        if seat.key is None:
            return self.remove(seat, LeftReason.GONE)
        del self._by_attachment[entry.attachment]
        self.outboxes.pop(seat.player, None)
        self._held[entry.attachment] = seat
        seat.is_attached = False
        self.set_presence(seat, PresenceState.LOST)
        hold = self.options.hold if seat.is_acknowledged else min(UNSEEN_HOLD, self.options.hold)
        effects: list[Effect] = [Later(hold, Expire(entry.attachment))]
        if seat.player == self.host:
            effects.append(Later(HOST_PATIENCE, Succeed(self.term, entry.attachment)))
        return effects

    def _evict(self, entry: Evict) -> Sequence[Effect]:
        seat = self._by_attachment.get(entry.attachment)
        return NOTHING if seat is None else self.remove(seat, LeftReason.LEFT)

    def _expire(self, entry: Expire) -> Sequence[Effect]:
        seat = self._held.get(entry.attachment)
        return NOTHING if seat is None else self.remove(seat, LeftReason.EXPIRED)

    def _succeed(self, entry: Succeed) -> Sequence[Effect]:
        if entry.term == self.term and entry.attachment in self._held:
            self.elect()
        return NOTHING

    def _retire(self, entry: Retire) -> Sequence[Effect]:
        return [Gone()] if not self.seats and entry.joins == self.joins else NOTHING

    # Changes that several entries share.

    def next_seq(self) -> int:
        self.seq += 1
        return self.seq

    def set_presence(self, seat: Seat, state: PresenceState) -> None:
        if seat.state != state:
            seat.state = state
            seat.state_since = self.next_seq()
            self.publish(ALL, PresenceChanged(seat.state_since, seat.player, state))

    def elect(self) -> None:
        """Make the lowest number that is here the host; failing that, the lowest connected one."""
        able = [seat for seat in self.seats.values() if seat.is_attached and not seat.is_spectator]
        here = [seat for seat in able if seat.state is PresenceState.HERE]
        self.make_host(min((seat.player for seat in here or able), default=0))

    def make_host(self, player: int) -> None:
        if player != self.host:
            self.host = player
            self.term += 1
            self.host_since = self.next_seq()
            self.publish(ALL, Host(self.host_since, player, self.term))

    def remove(self, seat: Seat, reason: LeftReason) -> Sequence[Effect]:
        """End a seat: its number, its values and its place among addressees are no more."""
        player = seat.player
        del self.seats[player]
        self.outboxes.pop(player, None)
        self._by_attachment.pop(seat.attachment, None)
        self._held.pop(seat.attachment, None)
        if seat.key is not None:
            del self._by_key[seat.key]
        for group in seat.groups:
            self.groups[group].discard(player)
        self.properties.drop(player)
        self.retained.drop(player)
        self.publish(ALL, Left(self.next_seq(), player, reason))
        if player == self.host:
            self.elect()
        return NOTHING if self.seats else [Later(self.options.keep, Retire(self.joins))]

    # Passing on.

    def volatile(self, attachment: int, key: int, target: Target, tail: bytes) -> None:
        """Pass on a newest value, unordered.

        Raises:
            Refusal: spectators have no say; the player does not exist.
        """
        seat = self._by_attachment.get(attachment)
        if seat is None:
            return
        if seat.is_spectator:
            raise Refusal(ErrorCode.READ_ONLY, "a spectator cannot send")
        player = seat.player
        message = hot.update(key, player, tail)
        slot = (player, key)
        to = self._addressees(target, player)
        if isinstance(to, int):
            self.retained.keep(player, key, message)
            for other, outbox in self.outboxes.items():
                if other != to:
                    outbox.replace(slot, message)
            return
        for other in to:
            if other in self.outboxes:
                self.outboxes[other].replace(slot, message)

    def publish(self, to: Addressees, frame: Any) -> None:
        """Log a fact and pass it on. `frame` has a seq that `next_seq` gave it."""
        message = encode(frame)
        self.log.append(frame.seq, to, message)
        self._put(to, message)

    def _put(self, to: Addressees, message: bytes) -> None:
        if isinstance(to, int):
            for player, outbox in self.outboxes.items():
                if player != to:
                    outbox.add(message)
            return
        for player in to:
            if player in self.outboxes:
                self.outboxes[player].add(message)

    def _addressees(self, target: Target, sender: int) -> Addressees:
        """Resolve a target now. Players who left are skipped; ones who never were are refused."""
        if target is None or target is False:
            return sender
        if target is True:
            return ALL
        if isinstance(target, int):
            if target < 0:
                return frozenset(self.groups.get(-target, ()))
            target = (target or self.host,)
        highest = max(target, default=0)
        if highest > self.joins:
            raise Refusal(
                ErrorCode.NO_SUCH_PLAYER,
                f"no player ever had number {highest} in this room",
                expected=f"player 1..{self.joins}",
                got=str(highest),
            )
        return frozenset(player for player in target if player in self.seats)

    def _answer(self, seat: Seat, refusal: Refusal, op: int | None = None) -> None:
        error = refusal.error(self.next_seq(), frame=seat.taken, op=op)
        self.publish(frozenset({seat.player}), error)


def _turn_away(entry: Join, code: ErrorCode, text: str) -> Turn:
    retry = code in (ErrorCode.ROOM_FULL, ErrorCode.LOCKED)
    return Turn(entry.attachment, Refusal(code, text, close=CloseCode[code.name], retry=retry))


_APPLY: dict[type[Entry], Callable[[Room, Any], Sequence[Effect]]] = {
    Send: Room._send,
    Ask: Room._ask,
    Refuse: Room._refuse,
    Acknowledge: Room._acknowledge,
    Join: Room._join,
    Detach: Room._detach,
    Evict: Room._evict,
    Expire: Room._expire,
    Succeed: Room._succeed,
    Retire: Room._retire,
}
