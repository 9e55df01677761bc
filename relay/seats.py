"""A place in a room: who holds it, and through which connection."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from protocol.frames import PlayerInfo, PresenceState


@dataclass(slots=True)
class Seat:
    """One player's or spectator's place. Part of the room's state: changed by `apply` alone."""

    player: int
    key: bytes | None
    """Hash of the seat secret; None if the seat ends with its connection."""
    info: PlayerInfo
    joined: int
    """The seq of its JOINED."""
    attachment: int = 0
    """The connection that holds the seat now, or held it last."""
    is_attached: bool = True
    is_acknowledged: bool = False
    """The client has shown that it saw its WELCOME."""
    state: PresenceState = PresenceState.HERE
    state_since: int = 0
    """The seq at which `state` became true; 0 while it was never told."""
    taken: int = 0
    """Counted messages of this seat that are in the log."""
    groups: set[int] = field(default_factory=set)

    @property
    def is_spectator(self) -> bool:
        return self.info.role == "spectator"

    def summary(self) -> dict[str, Any]:
        """Return the seat as plain values, equal on every replica."""
        return {
            "key": self.key,
            "name": self.info.name,
            "role": self.info.role,
            "joined": self.joined,
            "attachment": self.attachment,
            "is_attached": self.is_attached,
            "is_acknowledged": self.is_acknowledged,
            "state": int(self.state),
            "state_since": self.state_since,
            "taken": self.taken,
            "groups": sorted(self.groups),
        }
