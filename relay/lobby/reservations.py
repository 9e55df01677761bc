"""Places that quick match has promised: kept free until the asker comes, or time is up.

REST knows no seats, only the address of a player who asks. So of several players behind one
address, the first to come gets the place. The promises of an address are bounded: a further one
replaces its oldest.

Each node knows the promises of all: `hear` takes what another one's `tell` was given.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from relay.policy.rate_limits import SITE_FACTOR, networks_of

RESERVED_SECONDS = 15.0  # to load a page and connect
PROMISE_BYTES = 400
"""What a promise takes in memory."""

MOST = 30


@dataclass(slots=True, eq=False)
class Promise:
    """One place. As all are kept equally long, those that end first were made first."""

    until: float
    room: str
    networks: tuple[str, ...]
    is_over: bool = False


Tell = Callable[[str, str, bool], None]
"""Takes a room and an address: a place there was promised, or else taken."""


class Reservations:
    """Promised places of all rooms. `now` is seconds of a monotonic clock.

    Attributes:
        tell: is told what happens here.
    """

    def __init__(self, most: int = MOST, site_factor: float = SITE_FACTOR) -> None:
        """Args: most: promises at a time to one address. site_factor: as for `AddressLimits`."""
        self._most = (float(most), most * site_factor)
        self.tell: Tell = lambda room, address, is_promised: None
        self._all: deque[Promise] = deque()
        self._by_room: dict[str, list[Promise]] = {}
        self._by_network: dict[str, list[Promise]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._by_room.values()))

    def reserve(self, room: str, address: str, now: float) -> None:
        """Promise a place in the room."""
        self._promise(room, address, now)
        self.tell(room, address, True)

    def _promise(self, room: str, address: str, now: float) -> None:
        self._expire(now)
        promise = Promise(now + RESERVED_SECONDS, room, networks_of(address))
        for network, most in zip(promise.networks, self._most, strict=False):
            if len(others := self._by_network.get(network, [])) >= most:
                self._end(others[0])
        self._all.append(promise)
        self._by_room.setdefault(room, []).append(promise)
        for network in promise.networks:
            self._by_network.setdefault(network, []).append(promise)

    def count(self, room: str, now: float) -> int:
        """Return how many places of the room are promised and not taken."""
        self._expire(now)
        return len(self._by_room.get(room, ()))

    def take(self, room: str, address: str, now: float) -> bool:
        """Take the oldest place promised to this address. Returns: whether there was one."""
        is_taken = self._take(room, address, now)
        if is_taken:
            self.tell(room, address, False)
        return is_taken

    def hear(self, room: str, address: str, is_promised: bool, now: float) -> None:
        """Take note of a place that another node has promised, or that was taken there."""
        if is_promised:
            self._promise(room, address, now)
        else:
            self._take(room, address, now)

    def _take(self, room: str, address: str, now: float) -> bool:
        self._expire(now)
        networks = networks_of(address)
        for promise in self._by_room.get(room, ()):
            if promise.networks == networks:
                self._end(promise)
                return True
        return False

    def _expire(self, now: float) -> None:
        while self._all and (self._all[0].is_over or self._all[0].until <= now):
            promise = self._all.popleft()
            if not promise.is_over:
                self._end(promise)

    def _end(self, promise: Promise) -> None:
        promise.is_over = True
        _forget(self._by_room, promise.room, promise)
        for network in promise.networks:
            _forget(self._by_network, network, promise)


def _forget(kept: dict[str, list[Promise]], key: str, promise: Promise) -> None:
    kept[key].remove(promise)
    if not kept[key]:
        del kept[key]
