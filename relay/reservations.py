"""Places that quick match has promised: kept free until who asked comes, or does not come.

Who asked is known by the address alone, since REST knows no seats; of several behind one address
whoever comes first gets the place.
"""

from __future__ import annotations

from relay.rates import network_of

RESERVED_SECONDS = 15.0  # to load a page and connect
SWEEP_AT = 256
PROMISE_BYTES = 400  # of memory

Place = tuple[float, str]
"""When the promise ends, and to which network it was made."""


class Reservations:
    """Promised places of all rooms. `now` is seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._places: dict[str, list[Place]] = {}
        self._sweep_at = SWEEP_AT

    def reserve(self, room: str, address: str, now: float) -> None:
        """Promise a place in the room."""
        if len(self._places) >= self._sweep_at:
            self._sweep(now)
        self._places.setdefault(room, []).append((now + RESERVED_SECONDS, network_of(address)))

    @property
    def size(self) -> int:
        """Bytes of memory that all promises take, as far as rooms with one do."""
        return PROMISE_BYTES * len(self._places)

    def count(self, room: str, now: float) -> int:
        """Return how many places of the room are promised and not taken."""
        return sum(until > now for until, _ in self._places.get(room, ()))

    def take(self, room: str, address: str, now: float) -> bool:
        """Take the oldest place promised to this address. Returns: whether there was one."""
        places, network = self._places.get(room, []), network_of(address)
        for place in places:
            if place[1] == network and place[0] > now:
                places.remove(place)
                return True
        return False

    def _sweep(self, now: float) -> None:
        live = {
            room: [place for place in places if place[0] > now]
            for room, places in self._places.items()
        }
        self._places = {room: places for room, places in live.items() if places}
        self._sweep_at = max(SWEEP_AT, 2 * len(self._places))
