"""Which connections a server takes: how many in all, how many of an address, and how many requests.

This comes before the relay's own rules. They need a connection to say what they refuse.
"""

from __future__ import annotations

import logging
import sys
from typing import Protocol

from relay.http.guard import Refusals
from relay.policy.config import Settings
from relay.policy.origins import Caller
from relay.policy.proxies import Proxies
from relay.policy.rate_limits import AddressBuckets, AddressCounts, is_loopback

log = logging.getLogger("relay")

PAGES = 256
"""Places beside those for players: for pages, which can then say that the relay is full."""

PROBES = 32
"""Places beyond all others, in which only the relay's health can be asked for."""

OWN_FILES = 64
"""Descriptors that are no connections: the listener, the loop's, a state file."""


class Silent(Protocol):
    """A connection that has said nothing yet."""

    def cut(self) -> None:
        """End it at once."""


class Gate:
    """Counts the connections of a server that are not players yet, and their requests.

    Attributes:
        places: how many connections there may be. visitors: how many each address has.
        requests: what each address has asked for.
    """

    def __init__(self, settings: Settings) -> None:
        self.places = _places(settings.max_connections)
        self.refusals = Refusals()
        self.proxies = Proxies(settings.trusted_proxies)
        factor = settings.ipv6_site_factor
        self._limit_loopback = settings.limit_loopback
        self.visitors = AddressCounts(settings.connections_per_address, factor)
        self.requests = AddressBuckets(
            settings.requests_per_second, settings.requests_burst, factor
        )
        self._silent: dict[Silent, None] = {}

    def arrive(self, peer: str) -> bool:
        """Take in a connection that has said nothing yet. Whoever got True calls `leave` later.

        A trusted proxy may come as often as it likes: whom it speaks for is counted when the
        head of the request has said it.
        """
        is_free = self._is_free(peer) or self.proxies.trusts(peer)
        return self.visitors.add(peer, is_free=is_free)

    def enter(self, address: str) -> bool:
        """Take in a connection that asks for something. Whoever got True calls `leave` at its
        end."""
        return self.visitors.add(address, is_free=self._is_free(address))

    def leave(self, address: str) -> None:
        """Let a connection go: it is gone, or a player's now, and counted elsewhere."""
        self.visitors.remove(address)

    def ask(self, address: str, now: float) -> float:
        """Count a request. Returns: 0.0, or the seconds after which it may be made again."""
        return 0.0 if self._is_free(address) else self.requests.ask(address, now)

    def squeeze_in(self, connection: Silent) -> None:
        """Take in a connection without a place. If need be, the one that was silent longest is cut.

        A probe asks for the relay's health at once, and a flood of connections says nothing.
        """
        self._silent[connection] = None
        if len(self._silent) > PROBES:
            oldest = next(iter(self._silent))
            del self._silent[oldest]
            oldest.cut()

    def spoke(self, connection: Silent) -> None:
        """Note that a connection is silent no more, or gone."""
        self._silent.pop(connection, None)

    def refuse(self, address: str, why: str) -> None:
        """Say in the log who was refused, and not too often."""
        self.refusals.say(Caller(None, None, address, None), why)

    def _is_free(self, address: str) -> bool:
        return not self._limit_loopback and is_loopback(address)


def _places(max_connections: int) -> int:
    """Return how many connections to hold, of those that this process may have open."""
    wanted = max_connections + PAGES
    files = _open_files(wanted + PROBES + OWN_FILES)
    if files is None or files >= wanted + PROBES + OWN_FILES:
        return wanted
    places = max(files - PROBES - OWN_FILES, 1)
    if places < max_connections:
        log.warning(
            "room for %d connections at a time, not %d: raise the limit of open files (ulimit -n)",
            places,
            max_connections,
        )
    return places


def _open_files(wanted: int) -> int | None:
    """Raise this process's limit of open files if need be. Returns: what it is now."""
    if sys.platform == "win32":
        return None
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return None if soft == resource.RLIM_INFINITY else soft
    better = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (better, hard))
    except (OSError, ValueError):  # some systems have a lower bound that they do not tell
        return soft
    return better
