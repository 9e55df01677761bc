"""How fast anyone may do anything. Time is an argument: seconds of any monotonic clock.

Callers measure bytes and frames with the `Allowance` of a connection, and joins and rooms with
`AddressLimits`, which is shared by all connections of an address. A frame that makes more work
than others costs more (`surcharge`).
"""

from __future__ import annotations

import functools
import ipaddress
from collections import Counter, defaultdict
from collections.abc import Mapping

from protocol import limits
from protocol.frames import Frame, Send, Subscribe, Volatile

SWEEP_AT = 1024
"""Addresses that are remembered before the idle ones are first looked for."""

REMEMBERED = 4096
"""Addresses that need not be read again: a connection asks some times, and most come from few."""


SITE_FACTOR = 16.0
"""How many times as much an IPv6 /48 may do as one of the /64s in it, unless a setting says."""


class TokenBucket:
    """Lets `rate` a second through on average and `burst` at once."""

    __slots__ = ("_at", "_left", "burst", "rate")

    def __init__(self, rate: float, burst: float) -> None:
        """Args: rate: tokens a second, more than 0. burst: tokens when full."""
        self.rate = rate
        self.burst = burst
        self._left = burst
        self._at = 0.0

    def take(self, amount: float, now: float) -> float:
        """Take what has happened already, into debt if need be.

        Returns: seconds until the bucket is out of debt; 0.0 while all is well.
        """
        left = self._left + (now - self._at) * self.rate
        if left > self.burst:
            left = self.burst
        self._at = now
        self._left = left = left - amount
        return 0.0 if left >= 0 else -left / self.rate

    def ask(self, amount: float, now: float) -> float:
        """Take only what is there: who asks too often is not locked out for longer.

        Returns: 0.0 if it was taken, or the seconds after which to ask again. An amount above
        `burst` is never there.
        """
        wait = self.take(amount, now)
        if wait:
            self._left += amount
        return wait

    def is_full(self, now: float) -> bool:
        """Say whether the bucket is as good as new."""
        return self._left + (now - self._at) * self.rate >= self.burst


class Allowance:
    """The frames and the bytes of one connection: two buckets that are always asked together."""

    __slots__ = ("_at", "_bytes", "_frames", "burst", "bytes_burst", "bytes_rate", "rate")

    def __init__(self, rate: float, burst: float, bytes_rate: float, bytes_burst: float) -> None:
        """Args: as for `TokenBucket`, of frames and of bytes."""
        self.rate = rate
        self.burst = burst
        self.bytes_rate = bytes_rate
        self.bytes_burst = bytes_burst
        self._frames = burst
        self._bytes = bytes_burst
        self._at = 0.0

    def take(self, frames: int, size: int, now: float) -> float:
        """Take what has happened already, as `TokenBucket.take` does.

        Returns: seconds until both are out of debt; 0.0 while all is well.
        """
        left, bytes_left = self._frames, self._bytes
        if now != self._at:  # the frames of one read come at the same time
            passed, self._at = now - self._at, now
            left += passed * self.rate
            if left > self.burst:
                left = self.burst
            bytes_left += passed * self.bytes_rate
            if bytes_left > self.bytes_burst:
                bytes_left = self.bytes_burst
        self._frames = left = left - frames
        self._bytes = bytes_left = bytes_left - size
        if left >= 0 and bytes_left >= 0:
            return 0.0
        return max(-left / self.rate, -bytes_left / self.bytes_rate)


def surcharge(frame: Frame) -> int:
    """Return how many frames more than one a frame costs: each player that it lists is work."""
    # SPEC 19: one more for every full 64 of them.
    if isinstance(frame, (Send, Volatile)):
        return len(frame.target) // limits.LISTED if isinstance(frame.target, tuple) else 0
    if isinstance(frame, Subscribe):
        return (len(frame.add) + len(frame.remove)) // limits.LISTED
    return 0


class AddressBuckets:
    """One bucket for each address; those that are as good as new are forgotten.

    An IPv6 address has two: that of its /64, and a larger one of its /48.
    """

    def __init__(self, rate: float, burst: float, site_factor: float = SITE_FACTOR) -> None:
        """Args: as for `TokenBucket`, for each address.

        site_factor: how many times as much an IPv6 /48 may have as one of its /64s.
        """
        self.rate = rate
        self.burst = burst
        self._factors = (1.0, site_factor)
        self._buckets: dict[str, TokenBucket] = {}
        self._sweep_at = SWEEP_AT
        self._spent: defaultdict[tuple[str, str], float] | None = None

    def __len__(self) -> int:
        return len(self._buckets)

    def ask(self, address: str, now: float, amount: float = 1.0, about: str = "") -> float:
        """As `TokenBucket.ask`, of this address.

        Args: about: what it is asked for; each such thing has buckets of its own.
        """
        if len(self._buckets) >= self._sweep_at:
            self._sweep(now)
        asked: list[TokenBucket] = []
        for network, factor in zip(networks_of(address), self._factors, strict=False):
            bucket = self._bucket(f"{network} {about}" if about else network, factor)
            wait = bucket.ask(amount, now)
            if wait:
                for other in asked:
                    other.ask(-amount, now)  # what the /48 refuses, the /64 has not spent
                return wait
            asked.append(bucket)
        if self._spent is not None:
            self._spent[address, about] += amount
        return 0.0

    def give_back(self, address: str, now: float, amount: float = 1.0, about: str = "") -> None:
        """Undo an `ask` that turned out not to count."""
        self.ask(address, now, -amount, about)

    def share(self) -> None:
        """Count what is spent from now on, for other nodes to debit it as well."""
        self._spent = defaultdict(float)

    def spent(self) -> Mapping[tuple[str, str], float]:
        """Return what was spent since the last call, by address and what it was for."""
        spent, self._spent = self._spent, defaultdict(float)
        return {} if spent is None else {key: much for key, much in spent.items() if much}

    def debit(self, address: str, now: float, amount: float, about: str = "") -> None:
        """Take what was spent at another node, into debt if need be."""
        if len(self._buckets) >= self._sweep_at:
            self._sweep(now)
        for network, factor in zip(networks_of(address), self._factors, strict=False):
            self._bucket(f"{network} {about}" if about else network, factor).take(amount, now)

    def _bucket(self, key: str, factor: float) -> TokenBucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = TokenBucket(self.rate * factor, self.burst * factor)
            self._buckets[key] = bucket
        return bucket

    def _sweep(self, now: float) -> None:
        self._buckets = {
            key: bucket for key, bucket in self._buckets.items() if not bucket.is_full(now)
        }
        # Twice what is left, so that sweeping costs each newcomer a constant share.
        self._sweep_at = max(SWEEP_AT, 2 * len(self._buckets))


class AddressCounts:
    """How many of something each address has at a time; an IPv6 /48 has a limit of its own."""

    def __init__(self, most: int, site_factor: float = SITE_FACTOR) -> None:
        """Args: most: of an address. site_factor: as for `AddressBuckets`."""
        self._most = (float(most), most * site_factor)
        self._counts: Counter[str] = Counter()
        self._elsewhere: dict[str, int] = {}
        self._touched: set[str] | None = None

    def __len__(self) -> int:
        return len(self._counts)

    def add(self, address: str, *, is_free: bool = False) -> bool:
        """Count one in, if it may be. Whoever got True calls `remove` at its end.

        Args: is_free: no limit holds for it.
        """
        if not is_free and self.is_full(address):
            return False
        networks = networks_of(address)
        for network in networks:
            self._counts[network] += 1
        if self._touched is not None:
            self._touched.update(networks)
        return True

    def is_full(self, address: str) -> bool:
        """Say whether no more of it can be counted in."""
        networks = zip(networks_of(address), self._most, strict=False)
        return any(self.total(network) >= most for network, most in networks)

    def remove(self, address: str) -> None:
        """Count one out."""
        for network in networks_of(address):
            self._counts[network] -= 1
            if self._counts[network] <= 0:
                del self._counts[network]
            if self._touched is not None:
                self._touched.add(network)

    # With other nodes.

    def total(self, network: str) -> int:
        """Return how many a network has at all nodes."""
        return self._counts[network] + self._elsewhere.get(network, 0)

    def touched(self) -> Mapping[str, int]:
        """Return this node's count of each network that may have changed since the last call."""
        touched = self._counts.keys() if self._touched is None else self._touched
        self._touched = set()
        return {network: self._counts[network] for network in touched}

    def touch(self, network: str) -> None:
        """Have a network among the next that `touched` returns."""
        if self._touched is not None:
            self._touched.add(network)

    def note_elsewhere(self, network: str, count: int) -> None:
        """Take note of how many a network has at the other nodes."""
        if count:
            self._elsewhere[network] = count
        else:
            self._elsewhere.pop(network, None)


class AddressLimits:
    """What one address may do.

    Attributes:
        joins, rooms, connections: what each has done, and has.
        elsewhere: all connections to other nodes.
    """

    def __init__(
        self,
        *,
        joins: tuple[float, float],
        rooms: tuple[float, float],
        connections: int,
        limit_loopback: bool = False,
        site_factor: float = SITE_FACTOR,
    ) -> None:
        """Args:
        joins: rate a second and burst of entering rooms.
        rooms: rate a second and burst of making rooms.
        connections: how many an address may have at a time.
        limit_loopback: whether loopback addresses are limited too; a developer's hundred bots
            all come from there.
        site_factor: how many times as much an IPv6 /48 may do as one of its /64s.
        """
        self.joins = AddressBuckets(*joins, site_factor)
        self.rooms = AddressBuckets(*rooms, site_factor)
        self._limit_loopback = limit_loopback
        self.connections = AddressCounts(connections, site_factor)
        self.elsewhere = 0

    def join(self, address: str, now: float) -> float:
        """Count one entering of a room. Returns: 0.0, or the seconds after which it may."""
        return 0.0 if self._is_free(address) else self.joins.ask(address, now)

    def make_room(self, address: str, now: float) -> float:
        """Count one making of a room. Returns: 0.0, or the seconds after which it may."""
        return 0.0 if self._is_free(address) else self.rooms.ask(address, now)

    def connect(self, address: str) -> bool:
        """Count a connection in, if it may be. Who got True calls `disconnect` at its end."""
        return self.connections.add(address, is_free=self._is_free(address))

    def disconnect(self, address: str) -> None:
        """Count a connection out."""
        self.connections.remove(address)

    def network(self, address: str) -> str | None:
        """Return what is counted as one with this address; None if it is not limited, or unknown.

        A developer's hundred bots all come from one loopback address.
        """
        return network_of(address) if address and not self._is_free(address) else None

    def _is_free(self, address: str) -> bool:
        return not self._limit_loopback and is_loopback(address)


@functools.lru_cache(maxsize=REMEMBERED)
def is_loopback(address: str) -> bool:
    """Say whether a literal address is of this machine; a name never is."""
    ip = parse_address(address)
    return ip is not None and ip.is_loopback


@functools.lru_cache(maxsize=REMEMBERED)
def networks_of(address: str) -> tuple[str, ...]:
    """Return what is counted: an IPv4 address; of an IPv6 one its /64, then its /48.

    Whoever has one IPv6 address has 2**64 of them, and whoever rents a server for a few cents
    often has 2**16 such networks: a site is given a /48 (RFC 6177). What is no address counts
    as itself.
    """
    ip = parse_address(address)
    if not isinstance(ip, ipaddress.IPv6Address):
        return (address if ip is None else str(ip),)
    return _network(ip, 64), _network(ip, 48)


def network_of(address: str) -> str:
    """Return the smallest of those networks, which stands for whoever has the address."""
    return networks_of(address)[0]


def site_of(address: str) -> str:
    """Return the largest of them: what takes turns with others, so that /64s gain no turns."""
    return networks_of(address)[-1]


def _network(ip: ipaddress.IPv6Address, bits: int) -> str:
    return f"{ipaddress.IPv6Address(int(ip) >> 128 - bits << 128 - bits)}/{bits}"


@functools.lru_cache(maxsize=REMEMBERED)
def parse_address(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Read a literal address; an IPv4 one that is mapped into IPv6 is an IPv4 one."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return None
    # A socket for both families shows IPv4 clients as ::ffff:192.0.2.1.
    return getattr(ip, "ipv4_mapped", None) or ip
