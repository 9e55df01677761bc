"""Which players are subscribed to which group."""

from __future__ import annotations

from typing import Final

from relay.history.memory_budget import SEATS, Account

NOBODY: Final[frozenset[int]] = frozenset()

GROUP_BYTES: Final = 256
"""Bytes of memory that a player's place in a group takes, in all sets together."""


class Groups:
    """Players by group. Part of the room's state.

    The set of a group is one object until it changes: every frame that is sent to the group keeps
    its addressees, and a thousand frames must not keep a thousand sets.
    """

    def __init__(self, account: Account | None = None) -> None:
        """Args: account: is charged for them."""
        self._account = account or Account()
        self._players: dict[int, set[int]] = {}
        self._sets: dict[int, frozenset[int]] = {}

    def add(self, group: int, player: int) -> None:
        """Subscribe a player."""
        players = self._players.setdefault(group, set())
        if player not in players:
            players.add(player)
            self._sets.pop(group, None)
            self._account.charge(SEATS, GROUP_BYTES)

    def discard(self, group: int, player: int) -> None:
        """Unsubscribe a player."""
        players = self._players.get(group)
        if players is None or player not in players:
            return
        players.remove(player)
        self._sets.pop(group, None)
        self._account.charge(SEATS, -GROUP_BYTES)
        if not players:
            del self._players[group]

    def of(self, group: int) -> frozenset[int]:
        """Return the players who are subscribed now."""
        known = self._sets.get(group)
        if known is None:
            players = self._players.get(group)
            if not players:
                return NOBODY
            known = self._sets[group] = frozenset(players)
        return known

    def by_set(self) -> dict[int, int]:
        """Return the groups by the `id` of the set that `of` returns, as long as it does."""
        return {id(players): group for group, players in self._sets.items()}

    def summary(self) -> dict[int, list[int]]:
        """Return the groups as plain values, equal on every replica."""
        return {group: sorted(players) for group, players in self._players.items()}
