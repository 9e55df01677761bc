"""What was sent in a room since a player joined, and whether it was for them.

A room does not count that. It is read from the room's history, as far as that reaches back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from protocol import fast_path
from protocol.opcodes import Opcode
from relay.history.packed_frames import Addressees
from relay.room.room import Room
from relay.room.seats import Seat

MOST: Final = 8192
"""Frames that are looked at: more would make players wait."""


@dataclass(slots=True)
class Heard:
    """How many SENDs were for whom. Volatile values are not counted."""

    since: int
    """The seq after which they are counted."""
    to_them: int = 0
    past_them: int = 0
    """Sent to groups and players, without this player among them."""
    to_nobody: int = 0
    """Sent to empty groups, or to players who are not there."""
    by_them: int = 0

    @property
    def total(self) -> int:
        return self.to_them + self.past_them + self.to_nobody + self.by_them


def heard(room: Room, seat: Seat) -> Heard:
    """Count what was said since a player joined."""
    found = Heard(max(seat.joined, room.history.trimmed, room.seq - MOST))
    for _, to, message in room.history.since(found.since):
        if message[1] == Opcode.DELIVER:
            _count(found, seat.player, fast_path.pair(message)[1], to)
    return found


def _count(found: Heard, player: int, sender: int, to: Addressees) -> None:
    # A number means all but that player: usually all but the sender.
    is_for_them = player != to if isinstance(to, int) else player in to
    if is_for_them:
        found.to_them += 1
    elif sender == player:
        found.by_them += 1
    elif to:
        found.past_them += 1
    else:
        found.to_nobody += 1
