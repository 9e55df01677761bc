"""Which address made which rooms, up to a limit; rooms that nobody entered go first."""

from __future__ import annotations

from relay.policy.rate_limits import (
    SITE_FACTOR,
    AddressCounts,
    is_loopback,
    site_of,
)


class Makers:
    """The makers of all rooms of a node, by address.

    Attributes:
        rooms: how many each address has.
    """

    def __init__(
        self, most: int, *, limit_loopback: bool = False, site_factor: float = SITE_FACTOR
    ) -> None:
        """Args:
        most: rooms at a time of one address.
        limit_loopback, site_factor: as for `AddressLimits`.
        """
        self._limit_loopback = limit_loopback
        self._makers: dict[str, str] = {}
        self.rooms = AddressCounts(most, site_factor)
        self._empty: dict[str, dict[str, None]] = {}

    def may_make(self, address: str) -> bool:
        """Say whether an address may have one more room."""
        is_free = is_loopback(address) and not self._limit_loopback
        return is_free or not self.rooms.is_full(address)

    def make(self, room: str, address: str) -> None:
        """Note that a room was made, and that nobody has entered it yet."""
        self._makers[room] = address
        self.rooms.add(address, is_free=True)
        self._empty.setdefault(site_of(address), {})[room] = None

    def enter(self, room: str) -> None:
        """Note that someone has entered a room."""
        site = site_of(self._makers.get(room, ""))
        empty = self._empty.get(site, {})
        if room in empty:
            del empty[room]
            if not empty:
                del self._empty[site]

    def remove(self, room: str) -> None:
        """Forget a room, if it is there."""
        self.enter(room)
        address = self._makers.pop(room, None)
        if address is not None:
            self.rooms.remove(address)

    def least_missed(self) -> str | None:
        """Return the room that is to make way for another, if one may.

        Nobody has ever entered it. Its maker has the most such rooms, and this one is the oldest.
        """
        crowd = max(self._empty.values(), key=len, default=None)
        return None if crowd is None else next(iter(crowd))
