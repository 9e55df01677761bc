"""Why no WebSocket came about, in a sentence for a human, and whether to try again."""

from __future__ import annotations

import os
from json import JSONDecodeError, loads

from websockets.exceptions import (
    InvalidMessage,
    InvalidProxy,
    InvalidStatus,
    InvalidUpgrade,
    ProxyError,
    WebSocketException,
)
from websockets.http11 import Response
from websockets.proxy import get_proxy
from websockets.uri import parse_uri

FAILURES = (OSError, WebSocketException, ValueError, ImportError)
"""The errors of opening a WebSocket. They come from the network, from the library, from a resolver
(a proxy's name), and from a missing library for SOCKS proxies."""

MAX_DETAIL = 300
"""Most letters to quote of a server's answer."""

PASSING = frozenset({429, 502, 503, 504})
"""Statuses that soon pass: of a proxy whose relay restarts, of a relay that is full, and of one
that was asked too often."""

MOST_AFTER = 60.0
"""Seconds that the client waits at most where a server asks it to wait."""

ASKS = "it must pass on the headers Upgrade and Connection"

NO_REASON = (
    "see `relay serve --help`, or no relay is at this path: one mounted at /relay is"
    " http://HOST/relay"
)
"""A router of Starlette's has the same answer where nothing is mounted."""

MEANING = {
    200: f"a proxy before the relay may not pass on the upgrade ({ASKS}), or no relay is there",
    400: f"a proxy before the relay may not pass on the upgrade ({ASKS}), or no relay is there",
    404: "no relay is there, or a proxy before it does not pass on this path or the upgrade"
    f" ({ASKS})",
    426: f"a proxy before the relay does not pass on the upgrade: {ASKS}",
    429: "too many requests or connections come from your address",
    502: "a proxy is there that does not reach the relay behind it: is the relay running?",
    503: "a proxy is there that does not reach the relay behind it, or the relay has no place left",
    504: "a proxy is there to which the relay behind it does not answer: is the relay running?",
}
"""The meaning of each status that may come instead of an upgrade."""


def may_pass(error: Exception) -> bool:
    """Say whether the same attempt may succeed soon, by itself."""
    if isinstance(error, InvalidStatus):
        return error.response.status_code in PASSING
    is_hung_up = isinstance(error, InvalidMessage) and isinstance(error.__cause__, EOFError)
    return is_hung_up or isinstance(error, ConnectionResetError | BrokenPipeError)


def asked_to_wait(error: Exception) -> float:
    """Return the seconds after which whoever refused wants to be asked again."""
    if not isinstance(error, InvalidStatus):
        return 0.0
    said = error.response.headers.get("Retry-After", "")
    # The other form, a date, needs both clocks to be right.
    return min(float(said), MOST_AFTER) if said.isascii() and said.isdecimal() else 0.0


def describe(error: Exception, url: str, *, is_loopback: bool) -> str:
    """Say why no WebSocket came about, and what to look at.

    Args:
        is_loopback: the way led to this machine, past the environment's proxies.
    """
    if isinstance(error, InvalidProxy):
        return _about_proxy(error, url)
    through = "" if is_loopback else _proxy_in_use(url)
    return _describe(error, url) + through


def _describe(error: Exception, url: str) -> str:
    if isinstance(error, InvalidStatus):
        return _about_status(error.response, url)
    if isinstance(error, TimeoutError):
        return f"no answer from {url}: is the address right?"
    if isinstance(error, ConnectionRefusedError):
        return f"nothing listens at {url}: is the relay running? (`relay serve`)"
    if may_pass(error):
        return f"{url} hangs up without an answer: a proxy may not reach the relay behind it"
    if isinstance(error, InvalidUpgrade):
        return f"{url} answers, but a proxy before the relay spoils the upgrade ({error}): {ASKS}"
    if isinstance(error, ProxyError):
        return f"the proxy on the way to {url} does not let this client through: {error}"
    if isinstance(error, WebSocketException):
        return f"{url} does not speak WebSocket: {error}"
    return f"cannot reach {url}: {error}"


def _about_status(response: Response, url: str) -> str:
    status, said = response.status_code, _detail(response)
    if status == 403:
        return f"{url} refuses this Host or Origin (HTTP 403): {said or NO_REASON}"
    # Who refuses knows better than anybody why.
    meaning = said or MEANING.get(status, "is it a Roomwire relay?")
    return f"{url} answers HTTP {status} instead of a WebSocket: {meaning}"


def _detail(response: Response) -> str:
    return described_by(response.headers.get("Content-Type", ""), bytes(response.body or b""))


def described_by(content_type: str, body: bytes) -> str:
    """Return the relay's sentence about its refusal; nothing if another server answered."""
    if content_type.partition(";")[0] != "application/problem+json":
        return ""
    try:
        problem = loads(body)
    except (JSONDecodeError, UnicodeDecodeError, RecursionError):
        return ""
    said = problem.get("detail") if isinstance(problem, dict) else None
    return said[:MAX_DETAIL] if isinstance(said, str) and said.isprintable() else ""


def _about_proxy(error: InvalidProxy, url: str) -> str:
    name = _variable(error.proxy)
    if "://" in error.proxy:
        return f"the proxy in {name} cannot be used for {url}: {error.msg}"
    host = parse_uri(url).host
    return (
        f"the proxy in {name} has no scheme: write {name}=http://{_without_user(error.proxy)},"
        f" or no_proxy={host} to go past it"
    )


def _proxy_in_use(url: str) -> str:
    try:
        proxy = get_proxy(parse_uri(url))
    except (WebSocketException, ValueError):
        return ""
    return f" (on the way lies the proxy in {_variable(proxy)})" if proxy else ""


def _variable(proxy: str) -> str:
    """Return the environment variable that holds this proxy, as the value may have a password."""
    names = [name for name, value in os.environ.items() if value == proxy]
    return next((name for name in names if name.lower().endswith("_proxy")), "http_proxy")


def _without_user(proxy: str) -> str:
    return proxy.rpartition("@")[2]
