"""Where this machine is found by others on its network."""

from __future__ import annotations

import socket

from relay.policy.rate_limits import is_loopback

SOMEWHERE = ("192.0.2.1", 9)  # reserved for documentation: nothing is ever sent there


def lan_address() -> str | None:
    """Return the address that other machines reach this one at, or None without a network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(SOMEWHERE)  # of a datagram socket: it only looks up the route
        except OSError:
            return None
        address: str = probe.getsockname()[0]
        return None if address.startswith("127.") or address == "0.0.0.0" else address


def url(host: str, port: int) -> str:
    """Spell an address as a URL."""
    literal = f"[{host}]" if ":" in host else host
    return f"http://{literal}" if port == 80 else f"http://{literal}:{port}"


def is_everywhere(host: str) -> bool:
    """Say whether listening there means on every address of this machine."""
    return host in ("", "0.0.0.0", "::")


def found_at(host: str, port: int, path: str = "") -> str | None:
    """Return the URL at which others on the network find a relay that listens there, if any."""
    if is_everywhere(host):
        host = lan_address() or ""
    is_private = not host or is_loopback(host) or host == "localhost"
    return None if is_private else url(host, port) + path
