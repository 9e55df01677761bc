"""What a room is: the state that its entries make, and the facts that change it.

Every fact gets the next seq, is encoded once, and is in the history before anybody is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from protocol import limits
from protocol.codec import encode
from protocol.error_codes import ErrorCode
from protocol.fields.field_types import Target
from protocol.frames import (
    Error,
    Host,
    Joined,
    Left,
    LeftReason,
    PresenceChanged,
    PresenceState,
    Property,
    RoomOptions,
)
from protocol.opcodes import Opcode
from relay.delivery.audience import Audience
from relay.delivery.delay_line import DelayLine
from relay.delivery.fan_out import FanOut, unserved
from relay.delivery.tally import SAMPLED
from relay.history.history import History
from relay.history.memory_budget import ROOM_BYTES, ROOMS, SEATS
from relay.history.packed_frames import Addressees
from relay.history.ws_frame import wrap
from relay.room.current_facts import CurrentFacts, Fact
from relay.room.effects import NOTHING, Departed, Effect, Later
from relay.room.entries import Relieve, Retire
from relay.room.groups import Groups
from relay.room.properties import Properties
from relay.room.refusals import Refusal, read_only
from relay.room.seats import SEAT_BYTES, Seat, Seats
from relay.room.snapshots import Snapshots

ALL: Final = 0


class RoomState:
    """Who is in a room, and in what order things happened there: what an entry finds and leaves.

    Only `Room.apply` and what it calls change it.
    """

    def __init__(
        self,
        name: str,
        epoch: bytes,
        options: RoomOptions,
        *,
        password_hash: str = "",
        max_frame: int = limits.FRAME_IN,
        history: History | None = None,
        fan_out: FanOut | None = None,
    ) -> None:
        """
        Args:
            epoch: 8 random bytes.
            options: without the password; the room has its hash.
            max_frame: bytes of a client's frame at most.
            history: empty, with the bounds that it is to have.
            fan_out: of the node that serves the room. Without one, nobody can be connected.
        """
        self.name = name
        self.epoch = epoch
        self.options = options
        self.password_hash = password_hash
        self.max_frame = max_frame
        """For as long as there is the room: what a client sent within it may come again."""
        self.has_history = options.history != "none"
        """Late joiners hear something of the past. It is looked at with every SEND."""
        self.seq = 0
        self.host = 0
        self.term = 0
        self.seeks_host = False
        """The host has been AWAY for too long: the first to be HERE follows it."""
        self.seats = Seats()
        self.barred: set[bytes] = set()
        """Hashes of the seat secrets and the networks that the host keeps out."""
        self.history = history if history is not None else History()
        self.account = account = self.history.account
        """Is charged for all that the room keeps. Not part of the state."""
        account.charge(ROOMS, ROOM_BYTES)
        self.groups = Groups(account)
        self.properties = Properties(account)
        self.standing = CurrentFacts(account)
        self.snapshots = Snapshots(account)
        self.sampled = epoch[0] % SAMPLED
        """What the seq of a SEND that is looked at leaves when divided: the same at all nodes, and
        another in other rooms, as many have few messages. Not part of the state."""
        self.audience = Audience(unserved() if fan_out is None else fan_out, account, options.delay)
        """The players whom this node tells. It is not part of the state."""

    # What others ask of a room.

    @property
    def joins(self) -> int:
        """How many seats there ever were."""
        return self.seats.joins

    @property
    def player_count(self) -> int:
        return len(self.seats) - self.seats.spectators

    @property
    def spectator_count(self) -> int:
        return self.seats.spectators

    @property
    def host_name(self) -> str | None:
        """The host's name; None if there is no host."""
        host = self.seats.get(self.host)
        return None if host is None else host.info.name

    @property
    def is_full(self) -> bool:
        return self.player_count >= self.options.capacity

    @property
    def is_full_of_spectators(self) -> bool:
        return self.spectator_count >= self.options.spectators

    @property
    def history_from(self) -> int:
        """The seq after which the history is the past of a player who joins now."""
        if self.snapshots.newest is not None:
            return self.snapshots.newest.seq
        return 0 if self.options.history == "full" else self.seq

    @property
    def past_from(self) -> int:
        """The seq after which a player who joins now is told all, if the history reaches back."""
        has_past = self.snapshots.newest is not None or self.options.history == "full"
        return 0 if has_past else self.seq

    @property
    def needed_from(self) -> int:
        """The seq after which the history is still needed, however old it is."""
        return min(
            self.history_from, self.seq if (delay := self.audience.delay) is None else delay.seq
        )

    def seat_of(self, key: bytes | None) -> Seat | None:
        """Return the seat that this hash of a secret holds."""
        return self.seats.of(key)

    def summary(self) -> dict[str, Any]:
        """Return the whole state as plain values: equal summaries mean equal rooms."""
        return {
            "seq": self.seq,
            "host": self.host,
            "term": self.term,
            "seeks_host": self.seeks_host,
            "joins": self.joins,
            "seats": {seat.player: seat.summary() for seat in self.seats.values()},
            "groups": self.groups.summary(),
            "barred": sorted(self.barred),
            "properties": sorted(self.properties, key=lambda named: named[:2]),
            "standing": list(self.standing),
            "options": self.options,
            "history": list(self.history),
            "snapshots": self.snapshots.summary(),
        }

    # Facts, told to all.

    def tell_joined(self, seat: Seat) -> None:
        self.account.charge(SEATS, SEAT_BYTES)
        seat.joined = self.next_seq()
        self._tell((Opcode.JOINED, seat.player), Joined(seat.joined, seat.player, seat.info))

    def set_presence(self, seat: Seat, state: PresenceState) -> None:
        if seat.state == state:
            return
        seat.state = state
        fact = (Opcode.PRESENCE, seat.player)
        self._tell(fact, PresenceChanged(self.next_seq(), seat.player, state))
        if state is PresenceState.HERE:
            self.standing.forget(fact)  # JOINED says as much

    def elect(self) -> Sequence[Effect]:
        """Make the lowest number that is here the host; failing that, the lowest connected one."""
        # SPEC 15.4: every replica must find the same host.
        able = [seat for seat in self.seats.attached.values() if seat.can_host]
        here = [seat for seat in able if seat.state is PresenceState.HERE]
        return self.make_host(min((seat.player for seat in here or able), default=0))

    def make_host(self, player: int) -> Sequence[Effect]:
        if player == self.host:
            return NOTHING
        self.host = player
        self.term += 1
        self.seeks_host = False
        self._tell((Opcode.HOST,), Host(self.next_seq(), player, self.term))
        return self.watch_host()

    def watch_host(self) -> Sequence[Effect]:
        """Begin the time that a host may be away, if it is and the room bounds that."""
        host, seconds = self.seats.get(self.host), self.options.host_away
        if host is None or not host.is_away or not seconds:
            return NOTHING
        return [Later(seconds, Relieve(self.term, host.absences))]

    def settle_host(self) -> Sequence[Effect]:
        """Let somebody who is here be host, if there is none or it has been away for too long."""
        host = self.seats.get(self.host)
        if host is None:
            return self.elect()
        self.seeks_host = self.seeks_host and host.said is PresenceState.AWAY
        others = self.seats.attached.values() if self.seeks_host else ()
        here = [s for s in others if s.can_host and s.state is PresenceState.HERE]
        return self.make_host(min(seat.player for seat in here)) if here else NOTHING

    def set_property(self, scope: int, key: str, value: bytes, by: int) -> None:
        seq = self.next_seq()
        self.properties.set(scope, key, value, seq)
        self._tell((Opcode.PROPERTY, scope, key), Property(seq, scope, key, value, seq, by))

    def delete_property(self, scope: int, key: str, by: int) -> None:
        seq = self.next_seq()
        self.properties.delete(scope, key)
        fact = (Opcode.PROPERTY, scope, key)
        self._tell(fact, Property(seq, scope, key, value=False, version=seq, by=by))
        self.standing.forget(fact)

    def remove(self, seat: Seat, reason: LeftReason, by: int = 0) -> Sequence[Effect]:
        """End a seat: its number, its values and its place among addressees are no more.

        Args: by: the player who removes them, if one does.
        """
        player = seat.player
        self.seats.remove(seat)
        self.audience.disconnect(player)
        self.account.charge(SEATS, -SEAT_BYTES)
        for group in seat.groups:
            self.groups.discard(group, player)
        self.audience.forget(player)
        for fact in self._facts_of(player):
            self.standing.forget(fact)
        self.properties.drop(player)
        self._publish(ALL, Left(self.next_seq(), player, reason))
        self.audience.end(player, self.seq)
        effects = self.elect() if player == self.host else NOTHING
        if not self.seats:
            effects = [Later(self.options.keep, Retire(self.joins))]
        return [Departed(player, reason, by), *effects]

    # What handlers need.

    def delay_of(self, seat: Seat) -> DelayLine | None:
        """Return the line that keeps this seat behind, if one does."""
        return self.audience.delay if seat.is_spectator else None

    def next_seq(self) -> int:
        self.seq += 1
        return self.seq

    def _tell(self, fact: Fact, frame: Any) -> None:
        """Publish what is true from now on."""
        self.standing.tell(fact, self._publish(ALL, frame))

    def tell_alone(self, seat: Seat, frame: Error) -> None:
        """Publish an error for one player."""
        self._publish(frozenset((seat.player,)), frame)

    def _publish(self, to: Addressees, frame: Any) -> bytes:
        """Keep a frame, which has a seq that `next_seq` gave it, and pass it on."""
        message = encode(frame)
        wrapped = wrap(message)
        self.history.append(frame.seq, to, wrapped)
        self.audience.tell(to, wrapped)
        return message

    def addressees(self, target: Target, sender: Seat) -> Addressees:
        """Resolve a target now. Players who left are skipped; ones who never were are refused."""
        if sender.is_spectator:
            raise read_only("send")
        if target is None or target is False:
            return sender.player
        if target is True:
            return ALL
        if isinstance(target, int):
            if target < 0:
                return self.groups.of(-target)
            target = (target or self.host,)
        # SPEC 6.2: a number that never was is a mistake; one that has left is bad luck.
        highest = max(target, default=0)
        if highest > self.joins:
            raise Refusal(
                ErrorCode.NO_SUCH_PLAYER,
                f"no player ever had number {highest} in this room",
                expected=f"player 1..{self.joins}",
                got=f"player {highest}",
            )
        return frozenset(player for player in target if player in self.seats)

    def _facts_of(self, player: int) -> list[Fact]:
        keys = self.properties.keys(player)
        return [
            (Opcode.JOINED, player),
            (Opcode.PRESENCE, player),
            *((Opcode.PROPERTY, player, key) for key in keys),
        ]
