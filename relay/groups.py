"""Who is subscribed to which group."""

from __future__ import annotations

from typing import Final

NOBODY: Final[frozenset[int]] = frozenset()


class Groups:
    """Players by group. Part of the room's state.

    The set of a group is one object until it changes: every frame that is sent to the group keeps
    its addressees, and a thousand frames must not keep a thousand sets.
    """

    def __init__(self) -> None:
        self._players: dict[int, set[int]] = {}
        self._sets: dict[int, frozenset[int]] = {}

    def add(self, group: int, player: int) -> None:
        """Subscribe a player."""
        self._players.setdefault(group, set()).add(player)
        self._sets.pop(group, None)

    def discard(self, group: int, player: int) -> None:
        """Let a player be subscribed no more."""
        players = self._players.get(group)
        if players is None:
            return
        players.discard(player)
        self._sets.pop(group, None)
        if not players:
            del self._players[group]

    def of(self, group: int) -> frozenset[int]:
        """Return who is subscribed now."""
        known = self._sets.get(group)
        if known is None:
            players = self._players.get(group)
            known = frozenset(players) if players else NOBODY
            self._sets[group] = known
        return known

    def summary(self) -> dict[int, list[int]]:
        """Return the groups as plain values, equal on every replica."""
        return {group: sorted(players) for group, players in self._players.items()}
