"""Who has made which rooms: so many an address, and those that nobody entered go first."""

from __future__ import annotations

from collections import Counter

from relay.rates import is_loopback, network_of


class Makers:
    """The makers of all rooms of a node, by address."""

    def __init__(self, most: int, *, limit_loopback: bool = False) -> None:
        """Args: most: rooms at a time of one address. limit_loopback: as for `AddressLimits`."""
        self._most = most
        self._limit_loopback = limit_loopback
        self._makers: dict[str, str] = {}
        self._rooms: Counter[str] = Counter()
        self._empty: dict[str, dict[str, None]] = {}

    def may_make(self, address: str) -> bool:
        """Say whether an address may have one more room."""
        is_free = is_loopback(address) and not self._limit_loopback
        return is_free or self._rooms[network_of(address)] < self._most

    def make(self, room: str, address: str) -> None:
        """Note that a room was made, and that nobody has entered it yet."""
        network = network_of(address)
        self._makers[room] = network
        self._rooms[network] += 1
        self._empty.setdefault(network, {})[room] = None

    def enter(self, room: str) -> None:
        """Note that someone has entered a room."""
        network = self._makers.get(room, "")
        empty = self._empty.get(network, {})
        if room in empty:
            del empty[room]
            if not empty:
                del self._empty[network]

    def remove(self, room: str) -> None:
        """Forget a room, if it is there."""
        self.enter(room)
        network = self._makers.pop(room, None)
        if network is not None:
            self._rooms[network] -= 1
            if not self._rooms[network]:
                del self._rooms[network]

    def least_missed(self) -> str | None:
        """Return the room that is to make way for another, if one may.

        Nobody has ever entered it, its maker has more of those than others, and no older one.
        """
        crowd = max(self._empty.values(), key=len, default=None)
        return None if crowd is None else next(iter(crowd))
