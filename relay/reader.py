"""Reads a room's log for one player, from any position on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.opcodes import Opcode
from relay.log import Entry

if TYPE_CHECKING:
    from relay.room import Room


class Reader:
    """What one connection is still to be told from the log.

    Up to `history_until` it is history to the player, who was not there or has forgotten it: only
    payloads to all, and only what the newest snapshot does not cover. From there on it is
    everything that was addressed to the player when it was ordered.
    """

    __slots__ = ("_history_until", "_player", "_room")

    def __init__(self, room: Room, player: int, history_until: int = 0) -> None:
        self._room = room
        self._player = player
        self._history_until = history_until

    @property
    def seq(self) -> int:
        """Where the room is now."""
        return self._room.seq

    def read(self, seq: int, max_bytes: int) -> tuple[list[bytes], int] | None:
        """Return what follows `seq`, and up to where; None if the log does not reach back."""
        return self._room.log.read(seq, max_bytes, self._is_for)

    def _is_for(self, entry: Entry) -> bool:
        seq, to, message = entry
        if seq <= self._history_until:
            return (
                isinstance(to, int)
                and message[1] == Opcode.DELIVER
                and not self._room.snapshots.covers(seq, message)
            )
        return to != self._player if isinstance(to, int) else self._player in to
