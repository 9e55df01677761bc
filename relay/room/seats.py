"""The places in a room: who holds each, and through which connection."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from protocol.frames import PlayerInfo, PresenceState

SEAT_BYTES = 1536
"""Bytes of memory that a seat takes, beside what newcomers are told of it."""

BAR_BYTES = 128
"""Bytes of memory that one barred secret or network takes."""


@dataclass(slots=True)
class Seat:
    """One player's or spectator's place. Part of the room's state: changed by `apply` alone."""

    player: int
    key: bytes | None
    """Hash of the seat secret; None if the seat ends with its connection."""
    info: PlayerInfo
    attachment: int
    """The connection that holds the seat now, or held it last."""
    joined: int = 0
    """The seq of its JOINED: nothing before it was for this seat."""
    is_attached: bool = True
    is_acknowledged: bool = False
    """The client has shown that it saw its WELCOME."""
    state: PresenceState = PresenceState.HERE
    said: PresenceState = PresenceState.HERE
    """What its client says while it is connected: HERE or AWAY."""
    absences: int = 0
    """How many times its client has gone AWAY."""
    network: bytes | None = None
    """Hash of where its newest connection comes from, if that can be kept out."""
    taken: int = 0
    """Counted messages of this seat that the room has taken."""
    groups: set[int] = field(default_factory=set)
    entered: int = 0
    """When its newest connection came; see `Join.at`."""
    is_spectator: bool = field(init=False)
    can_host: bool = field(init=False)

    def __post_init__(self) -> None:
        self.is_spectator = self.info.role == "spectator"
        self.can_host = self.info.can_host and not self.is_spectator

    @property
    def is_away(self) -> bool:
        """Whether a client is there, and says that nobody looks."""
        return self.is_attached and self.said is PresenceState.AWAY

    def count(self) -> None:
        """Take a counted message. Whoever sends one has seen its WELCOME."""
        self.taken += 1
        self.is_acknowledged = True

    def summary(self) -> dict[str, Any]:
        """Return the seat as plain values, equal on every replica."""
        return {
            "key": self.key,
            "name": self.info.name,
            "role": self.info.role,
            "can_host": self.info.can_host,
            "attachment": self.attachment,
            "joined": self.joined,
            "is_attached": self.is_attached,
            "is_acknowledged": self.is_acknowledged,
            "state": int(self.state),
            "said": int(self.said),
            "absences": self.absences,
            "network": self.network,
            "taken": self.taken,
            "groups": sorted(self.groups),
            "entered": self.entered,
        }


class Seats:
    """All seats of a room by player number, and by what else they are looked for.

    Attributes:
        joins: how many seats there ever were; the highest player number that was given.
        spectators: how many of the seats are spectators'.
        attached: seats whose connection is there, by that attachment.
        lost: seats that are held without one, by the attachment that was lost.
    """

    def __init__(self) -> None:
        self.joins = 0
        self.spectators = 0
        self.attached: dict[int, Seat] = {}
        self.lost: dict[int, Seat] = {}
        self._by_player: dict[int, Seat] = {}
        self._by_key: dict[bytes, Seat] = {}

    def __getitem__(self, player: int) -> Seat:
        return self._by_player[player]

    def __contains__(self, player: object) -> bool:
        return player in self._by_player

    def __iter__(self) -> Iterator[int]:
        return iter(self._by_player)

    def __len__(self) -> int:
        return len(self._by_player)

    def get(self, player: int) -> Seat | None:
        return self._by_player.get(player)

    def values(self) -> Collection[Seat]:
        return self._by_player.values()

    def of(self, key: bytes | None) -> Seat | None:
        """Return the seat that this hash of a secret holds."""
        return self._by_key.get(key) if key is not None else None

    def add(self, attachment: int, key: bytes | None, info: PlayerInfo) -> Seat:
        """Make a seat under the next number."""
        self.joins += 1
        seat = Seat(self.joins, key, info, attachment)
        self.restore(seat)
        return seat

    def restore(self, seat: Seat) -> None:
        """Take a seat in that has its number already."""
        self._by_player[seat.player] = seat
        (self.attached if seat.is_attached else self.lost)[seat.attachment] = seat
        if seat.key is not None:
            self._by_key[seat.key] = seat
        self.spectators += seat.is_spectator

    def detach(self, seat: Seat) -> None:
        """Hold the seat without a connection."""
        del self.attached[seat.attachment]
        self.lost[seat.attachment] = seat
        seat.is_attached = False

    def attach(self, seat: Seat, attachment: int) -> None:
        """Give the seat to a newer connection, which is from now on the only one."""
        self._release(seat)
        self.attached[attachment] = seat
        seat.attachment = attachment
        seat.is_attached = True

    def remove(self, seat: Seat) -> None:
        self._release(seat)
        del self._by_player[seat.player]
        if seat.key is not None:
            del self._by_key[seat.key]
        self.spectators -= seat.is_spectator

    def _release(self, seat: Seat) -> None:
        del (self.attached if seat.is_attached else self.lost)[seat.attachment]
