"""Which web pages may talk to this relay: the rules for Origin and Host, and nothing else.

A browser sends along who asks (Origin) and whom it believes to speak to (Host). Without these
checks any page that a developer visits could use the relay on the developer's own machine,
directly, or through a name of its own that it points at 127.0.0.1 (DNS rebinding). Programs that
are no browsers may say what they like; they are not what is kept out here.
"""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from relay.policy.rate_limits import is_loopback
from relay.policy.spelling import Spelling, by_option

ANY = "*"
NOWHERE = "null"
"""The origin of pages that come from no site: opened as files, or shut off in a frame. Chromium
says file:// when such a file opens a WebSocket, and null when it fetches; it is one page."""
FILES = "file://"
DEFAULT_PORTS = {"http": 80, "https": 443}

# What is not spelled exactly so (user:password@, paths, spaces, percent signs) is no authority.
AUTHORITY = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[0-9a-z_.-]{1,255})(?::([0-9]{1,5}))?")
ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[a-z0-9.:_\[\]-]+|null|file://")
BELOW = re.compile(r"(https?://)\*\.([a-z0-9_-]+(?:\.[a-z0-9_-]+)+)(:[0-9]{1,5})?")
"""All hosts below a name of two words or more: a single one would be half the internet."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as the request and the socket tell it; None for what is absent."""

    origin: str | None
    host: str | None
    client: str | None
    """Address of the other end."""
    server: str | None
    """Address at which the relay was reached."""
    scheme: str | None = None
    """http or https, as a trusted proxy was asked; None where nobody knows."""


@dataclass(frozen=True, slots=True)
class Authority:
    """A host in lower case, addresses in their one spelling, and its port where it was named."""

    host: str
    port: int | None

    @property
    def is_address(self) -> bool:
        """It is an IP address: no DNS can have lied about it."""
        return _address(self.host) is not None

    @property
    def is_loopback(self) -> bool:
        """It means this machine, whatever any DNS says."""
        return (
            self.host == "localhost" or self.host.endswith(".localhost") or is_loopback(self.host)
        )

    def port_for(self, scheme: str) -> int:
        """The port, or that which a browser takes where none is named."""
        return DEFAULT_PORTS[scheme] if self.port is None else self.port


class Policy:
    """What is allowed. Each check returns why it refuses, for one line of a log, or None."""

    def __init__(
        self,
        names: Iterable[str] = (),
        origins: Iterable[str] = (),
        spell: Spelling = by_option,
    ) -> None:
        """Args:
        names: by which the relay may be called, beyond loopback and addresses.
        origins: of other sites whose pages may connect, as browsers spell them; "*" is any,
            and "https://*.example.com" all hosts below that name.
        spell: names a setting to the operator.
        """
        self._names = frozenset(name.lower().rstrip(".") for name in names)
        spelled = frozenset(canonical_origin(origin) for origin in origins)
        self._below = tuple(filter(None, map(_parse_below, spelled)))
        self._origins = frozenset(word for word in spelled if BELOW.fullmatch(word) is None)
        self._spell = spell

    def refuse_host(self, caller: Caller) -> str | None:
        """Check that the caller means this relay."""
        if caller.host is None:
            return "it has no Host header"
        authority = parse_authority(caller.host)
        if authority is None:
            return f"Host {shown(caller.host)} is neither a name nor an address"
        if authority.is_address or authority.is_loopback or authority.host in self._names:
            return None
        if authority.host == (caller.server or "").lower():
            return None  # the address of a real server is no name, that of a test client is
        host = shown(caller.host)
        naming = self._spell("names", authority.host)
        return f"Host {host} is no name of this relay{_rewritten(caller)}; {naming} makes it one"

    def refuse_link(self, caller: Caller) -> str | None:
        """Check who opens a WebSocket, or changes something by REST."""
        refusal = self.refuse_host(caller)
        if refusal is not None or self.may_link(caller):
            return refusal
        origin = canonical_origin(caller.origin or "")
        if ORIGIN.fullmatch(origin) is None:
            return f"Origin {shown(origin)} is none that a browser would send"
        allowing = self._spell("origins", origin)
        return f"Origin {origin} is no page of this relay{_why_not(caller)}; {allowing} allows it"

    def may_link(self, caller: Caller) -> bool:
        """Say whether the origin may open a WebSocket, if the host is right. None may: no page."""
        origin = caller.origin
        if origin is None or ANY in self._origins or _is_own(caller):
            return True
        if canonical_origin(origin) in self._origins:
            return True
        site = parse_origin(origin)
        if site is None:
            return False
        if any(_is_below(site, below) for below in self._below):
            return True
        return site[1].is_loopback and is_loopback(caller.client or "")


def parse_authority(text: str) -> Authority | None:
    """Read a Host header, or return None for what no browser would send."""
    match = AUTHORITY.fullmatch(text.lower())
    if match is None:
        return None
    host, port = match[1], match[2]
    address = _address(host.strip("[]"))
    # Only an IPv6 address stands in brackets, and always.
    if host.startswith("[") != (address is not None and ":" in address):
        return None
    if port is not None and int(port) > 0xFFFF:
        return None
    return Authority(address or host.removesuffix("."), None if port is None else int(port))


def parse_origin(text: str) -> tuple[str, Authority] | None:
    """Read the Origin of a web page, or return None for "null" and other schemes."""
    scheme, _, rest = text.lower().partition("://")
    authority = parse_authority(rest)
    if scheme not in DEFAULT_PORTS or authority is None:
        return None
    return scheme, authority


def canonical_origin(text: str) -> str:
    """Return the one spelling that a browser has for an origin: no default port, lower case."""
    site = parse_origin(text)
    if site is None:
        return NOWHERE if text.lower() == FILES else text.lower()
    scheme, authority = site
    host = f"[{authority.host}]" if ":" in authority.host else authority.host
    if authority.port_for(scheme) == DEFAULT_PORTS[scheme]:
        return f"{scheme}://{host}"
    return f"{scheme}://{host}:{authority.port}"


def shown(text: str) -> str:
    """Make a stranger's text fit for one line of a log."""
    return "".join(char if "!" <= char <= "~" else "?" for char in text[:100]) or "(empty)"


def is_origin(text: str) -> bool:
    """Say whether pages can be allowed by this word: an origin, a wildcard for hosts, or *."""
    text = text.lower()
    return text == ANY or bool(ORIGIN.fullmatch(text) or BELOW.fullmatch(text))


def is_loopback_host(text: str) -> bool:
    """Say whether a Host header names this machine."""
    authority = parse_authority(text)
    return authority is not None and authority.is_loopback


def is_loopback_origin(text: str) -> bool:
    """Say whether an Origin is a page's that this machine serves."""
    site = parse_origin(text)
    return site is not None and site[1].is_loopback


def _is_own(caller: Caller) -> bool:
    site, own = parse_origin(caller.origin or ""), parse_authority(caller.host or "")
    if site is None or own is None:
        return False
    scheme, authority = site
    if caller.scheme not in (None, scheme):
        return False
    # A proxy in front may speak TLS without our knowing, so the page's scheme says which port a
    # Host without one means.
    return authority.host == own.host and authority.port_for(scheme) == own.port_for(scheme)


def _why_not(caller: Caller) -> str:
    """Say what else an operator may have to mend than the list of origins, if anything."""
    if _is_own(replace(caller, scheme=None)):
        return (
            f" by {caller.scheme}, as a trusted proxy says it was asked: "
            "its X-Forwarded-Proto may be wrong"
        )
    return _rewritten(caller)


def _rewritten(caller: Caller) -> str:
    """Tell of a Host that a proxy may have put there, where the page names another one.

    A page of another site looks the same, so it can only be said what it may be.
    """
    site, own = parse_origin(caller.origin or ""), parse_authority(caller.host or "")
    if site is None or own is None or site[1].host == own.host or site[1].is_loopback:
        return ""
    return (
        f", as Host is {shown(caller.host or '')} (if that page is this relay's, a proxy has "
        "rewritten Host: let it pass Host on, or set X-Forwarded-Host and be trusted)"
    )


Below = tuple[str, str, int]
"""A scheme, a name with a dot before it, and a port: of all hosts below that name."""


def _parse_below(text: str) -> Below | None:
    match = BELOW.fullmatch(text)
    site = parse_origin(f"{match[1]}{match[2]}{match[3] or ''}") if match is not None else None
    return None if site is None else (site[0], f".{site[1].host}", site[1].port_for(site[0]))


def _is_below(site: tuple[str, Authority], below: Below) -> bool:
    scheme, authority = site
    is_below = authority.host.endswith(below[1]) and not authority.host.startswith(".")
    return is_below and (scheme, authority.port_for(scheme)) == (below[0], below[2])


@functools.lru_cache(maxsize=1024)  # the hosts that are called are few
def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None
