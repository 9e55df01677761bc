"""Stands before the app: keeps strangers' pages out, and tells the app where it is mounted."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from urllib.parse import quote

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from relay.access import Caller, Policy
from relay.rates import TokenBucket

log = logging.getLogger("relay")

READS = ("GET", "HEAD", "OPTIONS")


class Refusals:
    """Says why someone was refused, in one line of the log, and not too often."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._bucket = TokenBucket(1, 10)  # whoever is refused could fill the disk with it
        self._unsaid = 0

    def say(self, caller: Caller, why: str) -> None:
        """Log it. Nothing of the URL is in it: a query may hold secrets."""
        if self._bucket.ask(1, self._now()):
            self._unsaid += 1
            return
        unsaid, self._unsaid = self._unsaid, 0
        more = f" (and {unsaid} more were refused)" if unsaid else ""
        log.warning("refused a request from %s: %s%s", caller.client or "nowhere", why, more)


class Guard:
    """ASGI middleware for HTTP. WebSockets have the same check in the app's hook."""

    def __init__(self, app: ASGIApp, policy: Policy, refusals: Refusals) -> None:
        self._app = app
        self._policy = policy
        self._refusals = refusals

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is allowed, with `caller`, `root`, `home` and `port` in its state."""
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        caller = caller_of(scope)
        if scope["type"] == "http" and (why := self._refuse(scope["method"], caller)) is not None:
            self._refusals.say(caller, why)
            return await _forbidden(why)(scope, receive, send)
        known = {
            "caller": caller,
            "root": root_of(scope),
            "home": way_home(scope),
            "port": port_of(scope),
        }
        state = {**scope.get("state", {}), **known}
        await self._app({**scope, "path": path_within(scope), "state": state}, receive, send)

    def _refuse(self, method: str, caller: Caller) -> str | None:
        if method in READS:
            return self._policy.refuse_host(caller)
        return self._policy.refuse_write(caller)


def caller_of(scope: Scope) -> Caller:
    """Read who asks from an ASGI scope."""
    client, server = scope.get("client"), scope.get("server")
    return Caller(
        _header(scope, b"origin"),
        _header(scope, b"host"),
        client[0] if client else None,
        server[0] if server else None,
    )


def _header(scope: Scope, wanted: bytes) -> str | None:
    values = [value for name, value in scope["headers"] if name == wanted]
    # No browser sends two: what comes of them together is malformed, and so refused.
    return b", ".join(values).decode("latin-1") if values else None


def root_of(scope: Scope) -> str:
    """Return the path that the app is mounted under, without a slash at its end."""
    root: str = scope.get("root_path", "")
    return root.rstrip("/")


def port_of(scope: Scope) -> int:
    """Return the port at which the relay was reached; 0 where there is none."""
    server = scope.get("server")
    return server[1] or 0 if server else 0


def path_within(scope: Scope) -> str:
    """Return the path below that, also without a slash at its end."""
    path, root = str(scope["path"]), root_of(scope)
    # Not every server leaves the root in the path.
    if path == root or path.startswith(root + "/"):
        path = path[len(root) :]
    return path.rstrip("/") or "/"


def way_home(scope: Scope) -> str:
    """Return the relay's home as a URL that is relative to the page that a browser asked for.

    A proxy may have taken off a prefix of which nobody told us: up from the page is right below it
    too, where the root that we know is not.
    """
    path, root = str(scope["path"]), root_of(scope)
    if path == root or path.startswith(root + "/"):
        path = path[len(root) :]
    elif path.strip("/") == "":
        return quote(root) + "/"  # the proxy may have put this slash there, where the page has none
    if not path:
        return "./" + quote(root.rpartition("/")[2]) + "/"
    return "../" * (path.count("/") - 1) or "./"


def _forbidden(why: str) -> JSONResponse:
    problem = {"type": "about:blank", "title": "Forbidden", "status": 403, "detail": why}
    return JSONResponse(problem, 403, media_type="application/problem+json")
