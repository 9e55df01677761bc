"""What proxies say of whom they speak for, and how much of it is believed.

Behind a proxy all clients seem to be one, at the proxy's address. The proxy says in headers whose
request it passes on: X-Forwarded-For and its kin, or Forwarded (RFC 7239). Anyone can send such
headers. So they count only where the peer is a proxy that the operator trusts, and of them only
what trusted proxies wrote: each appends to what it got, so they are read from their end, up to
the first address that is no trusted proxy's.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from relay.policy.origins import is_loopback_host, is_loopback_origin, shown
from relay.policy.rate_limits import is_loopback, parse_address
from relay.policy.spelling import Spelling, by_option

Headers = Sequence[tuple[bytes, bytes]]
"""As an ASGI scope has them: names in lower case."""

UNIX = "unix"
"""Trusts whoever comes over a Unix socket: there peers have no address."""

THROUGH = " (perhaps through a proxy)"
"""Ends an address of this machine which is not free of limits: a stranger may stand behind it."""

MAX_HOPS = 32
MAX_TEXT = 4096
"""Characters of a header that are read, from its end: more than MAX_HOPS proxies write."""

KIN = b"x-forwarded-"
OTHERS = frozenset(
    {b"forwarded", b"via", b"x-real-ip", b"x-client-ip", b"true-client-ip", b"cf-connecting-ip"}
)
"""Headers beside X-Forwarded-* that only proxies send."""

# An address, and the port that some proxies add to it. Only IPv6 addresses stand in brackets.
PORT = r"(?::(?:[0-9]{1,5}|_[0-9A-Za-z._-]{1,64}))?"
NODE = re.compile(
    rf"\[([0-9A-Fa-f:.]{{2,45}})\]{PORT}|([0-9.]{{7,15}}){PORT}|([0-9A-Fa-f:.]{{2,45}})"
)
HIDDEN = re.compile(r"unknown|_[0-9A-Za-z._-]+", re.IGNORECASE)
"""What RFC 7239 lets a proxy say that does not want to tell."""

PREFIX = re.compile(r"(?:/[0-9A-Za-z._~-]+){0,16}")
"""A path; nothing that a browser could take for another site, or for more than a path."""

SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose request it is, as far as that can be believed.

    Attributes:
        address: what limits, passwords' tries and logs go by; it may end with `THROUGH`.
        scheme: http or https, as the page was asked for; None if no proxy says it.
        host: as the page was asked for; None if no proxy says it.
        prefix: path below which the proxy shows the relay, as /games.
        remark: what the operator should know, if anything.
    """

    address: str
    scheme: str | None = None
    host: str | None = None
    prefix: str = ""
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class _Way:
    """What one family of headers says. `depth`: which of their values speak, from the end."""

    address: str | None
    depth: int
    fault: str | None = None


class Proxies:
    """The proxies that are trusted; none, unless the operator says so."""

    def __init__(self, trusted: Iterable[str] = (), spell: Spelling = by_option) -> None:
        """Args: trusted: addresses and networks, and "unix". spell: names settings in remarks.

        Raises:
            ValueError: one of them is none of these.
        """
        words = list(trusted)
        self._trusts_unix = UNIX in words
        self._networks = [ipaddress.ip_network(word) for word in words if word != UNIX]
        self._spell = spell

    def trusts(self, address: str | None) -> bool:
        """Say whether a proxy at this address is believed; None and "" are a Unix socket's peer."""
        if not address:
            return self._trusts_unix
        if not self._networks:
            return False
        ip = parse_address(address)
        return ip is not None and any(ip in network for network in self._networks)

    def asker(self, peer: str | None, headers: Headers) -> Asker:
        """Find out who asks. Args: peer: address of the socket's other end."""
        said = _said(headers)
        if not said:
            return Asker(peer or "") if is_local(peer, headers) else Asker(_counted(peer))
        if not self.trusts(peer):
            return Asker(_counted(peer), remark=self._untrusted(peer))
        ways = self._ways(said, peer or "")
        return self._believed(said, ways, peer or "")

    def _believed(self, said: dict[bytes, str], ways: list[_Way], peer: str) -> Asker:
        addresses = {way.address for way in ways if way.address is not None}
        if len(addresses) > 1:
            # One of both families comes from the client itself, which may have invented it.
            why = "X-Forwarded-For and Forwarded name different clients: let it remove one of them"
            return Asker(_counted(peer), remark=_of(peer, why))
        fault = next((way.fault for way in ways if way.fault is not None), None)
        if not addresses and fault is None:
            fault = "it does not say whom it speaks for: let it set X-Forwarded-For"
        asker = self._asked_for(said, ways)
        address = _counted(addresses.pop() if addresses else peer)
        fault = fault or asker.remark
        remark = None if fault is None else _of(peer, fault)
        return Asker(address, asker.scheme, asker.host, asker.prefix, remark)

    def _asked_for(self, said: dict[bytes, str], ways: list[_Way]) -> Asker:
        """Read scheme, host and prefix, all of the hop that the client's address is of."""
        depth = max(ways[0].depth, 1)
        element = _pairs(_nth(said.get(b"forwarded", ""), max(ways[1].depth, 1))) or {}
        scheme = _nth(said.get(b"x-forwarded-proto", ""), depth) or element.get("proto", "")
        host = _nth(said.get(b"x-forwarded-host", ""), depth) or element.get("host", "")
        prefix = _nth(said.get(b"x-forwarded-prefix", ""), depth).rstrip("/")
        fault = None
        if scheme and scheme.lower() not in SCHEMES:
            fault = f"it names the scheme {shown(scheme)}: http or https was expected"
        if not PREFIX.fullmatch(prefix):
            fault = f"it names the prefix {shown(prefix)}: a path as /games was expected"
            prefix = ""
        return Asker("", SCHEMES.get(scheme.lower()), host or None, prefix, fault)

    def _ways(self, said: dict[bytes, str], peer: str) -> list[_Way]:
        hops = islice(_elements(said.get(b"x-forwarded-for", "")), MAX_HOPS)
        elements = islice(_elements(said.get(b"forwarded", "")), MAX_HOPS)
        named = (_named(element) for element in elements)
        return [self._walk(hops, peer), self._walk(named, peer)]

    def _walk(self, hops: Iterable[str | None], peer: str) -> _Way:
        """Go back hop by hop, as long as each is a proxy that is trusted.

        Args: hops: as they are written, the last first; None is one that is not named.
        """
        address, depth = None, 0
        for depth, hop in enumerate(hops, 1):
            if hop is None or HIDDEN.fullmatch(hop):
                return _Way(address, depth)
            found = _address(hop)
            if found is None:
                # Whoever stands behind the last known hop is counted as that hop.
                fault = f"it names the client {shown(hop)}: an address was expected"
                return _Way(address or peer, depth, fault)
            address = found
            if not self.trusts(found):
                break
        return _Way(address, depth)

    def _untrusted(self, peer: str | None) -> str | None:
        """Help an operator who has set up a proxy. A stranger who writes headers gets no line."""
        ip = parse_address(peer or "")
        if ip is None or not ip.is_private:
            return None
        trusting = self._spell("trusted_proxies", str(ip))
        return (
            f"a proxy at {ip} passes requests on, and all of its clients count as one: "
            f"{trusting} tells them apart, if the proxy is yours"
        )


def is_local(peer: str | None, headers: Headers) -> bool:
    """Say whether somebody on this machine asks, and surely not a proxy for somebody else.

    A proxy that sends no header of its own is known by the names by which browsers call it.
    """
    if not is_loopback(peer or ""):
        return False
    for name, value in headers:
        if name == b"host":
            is_known = is_loopback_host(value.decode("latin-1"))
        elif name == b"origin":
            is_known = is_loopback_origin(value.decode("latin-1"))
        else:
            is_known = not is_forwarding(name)
        if not is_known:
            return False
    return True


def is_forwarding(name: bytes) -> bool:
    """Say whether only a proxy sends a header of this name, in lower case."""
    return name in OTHERS or name.startswith(KIN)


def _said(headers: Headers) -> dict[bytes, str]:
    """Gather what proxies have added; several lines of a name are one list (RFC 9110, 5.3)."""
    said: dict[bytes, str] = {}
    for name, value in headers:
        if is_forwarding(name):
            text = value.decode("latin-1")
            said[name] = f"{said[name]},{text}" if name in said else text
    return said


def _counted(address: str | None) -> str:
    """Take the freedom of loopback from an address."""
    return f"{address}{THROUGH}" if address and is_loopback(address) else address or ""


def _of(peer: str, fault: str) -> str:
    return f"the trusted proxy at {peer or 'a Unix socket'} is not understood: {fault}"


def _elements(text: str) -> Iterator[str]:
    """Part a list, its last element first; a comma in quotes parts nothing.

    From its end, as the client may have begun it, and with what is no list at all.
    """
    text = text[-MAX_TEXT:]
    end, is_quoted = len(text), False
    for at in range(end - 1, -1, -1):
        if text[at] == '"' and text[at - 1 : at] != "\\":
            is_quoted = not is_quoted
        elif text[at] == "," and not is_quoted:
            yield text[at + 1 : end].strip()
            end = at
    if rest := text[:end].strip():
        yield rest


def _nth(text: str, depth: int) -> str:
    """Return an element of a list by its place from the end, or the first of a shorter one."""
    found = list(islice(_elements(text), depth))
    return found[-1] if found else ""


def _named(element: str) -> str | None:
    """Return the client in an element of Forwarded as it is written; None if there is none."""
    pairs = _pairs(element)
    return element if pairs is None else pairs.get("for")


def _pairs(element: str) -> dict[str, str] | None:
    """Read an element of Forwarded. Returns: its pairs; None if it is malformed."""
    pairs: dict[str, str] = {}
    for part in element.split(";") if element else ():
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if value[:1] == '"':
            if len(value) < 2 or value[-1] != '"':
                return None
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        if not equals or name.lower() in pairs:  # each may be there once (RFC 7239, 4)
            return None
        pairs[name.lower()] = value
    return pairs


def _address(node: str) -> str | None:
    match = NODE.fullmatch(node)
    ip = None if match is None else parse_address(match[1] or match[2] or match[3])
    return None if ip is None else str(ip)
